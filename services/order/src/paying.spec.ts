import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { PaymentService, PaymentState } from '@vouchsafe/proto/order/v1/payment';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { type PayingHouse, payingHouse } from './testing/paying-house.js';

let house: PayingHouse;
beforeEach(async () => {
  house = await payingHouse();
});
afterEach(() => house.close());

const factTypes = () => [...house.around.facts.values()].map(({ type }) => type);
/** Money at the provider by our books: received, less what was confirmed as paid back. */
const atProvider = () => [...house.around.facts.values()].reduce((sum, fact) =>
  fact.type === 'ConsumerPaid' ? sum + fact.received.minor : fact.type === 'RefundConfirmed' ? sum - fact.amount.minor : sum, 0n);
const later = (ms: number) => house.ports.clock.advance(ms);
const code = (order: { reason?: { code: string } | undefined }) => order.reason?.code;
const refundsOf = async (orderId: string) => {
  const { refunds } = await house.ports.clock.until(house.ports.rpc.call(OrderService.method.listRefunds, { filter: `order_id = "${orderId}"` }, house.contextOf('chn_pay')));
  return refunds;
};

it('tells the buyer how to pay, holds the stock meanwhile, and delivers when the money has come', async () => {
  const asked = await house.buy('P-1.paid');
  expect(asked.state).toBe(OrderState.AWAITING_PAYMENT);
  expect(asked.payment).toMatchObject({ state: PaymentState.OPEN, action: { action: { case: 'url' } }, amount: { minor: 990n, currency: 'CNY' } });
  expect(house.around.free.get('prd_code')).toBe(9);
  await later(2000);
  const done = await house.find(asked.orderId);
  expect([done.state, done.payment?.state]).toEqual([OrderState.COMPLETED, PaymentState.PAID]);
  expect(factTypes()).toEqual(['ConsumerPaid', 'Delivered']);
  expect(await house.events(`order-${asked.orderId}`)).toEqual(['OrderPlaced', 'PaymentAwaited', 'PaymentReceived', 'OrderConfirmed', 'OrderCompleted']);
});

it.each([['P-2.declined', 'PAYMENT_FAILED'], ['P-3.closed', 'PAYMENT_CLOSED']])('cancels %s with the reason %s and hands the stock back', async (number, reason) => {
  const { orderId } = await house.buy(number);
  await later(2000);
  const order = await house.find(orderId);
  expect([order.state, code(order)]).toEqual([OrderState.CANCELLED, reason]);
  expect(house.around.free.get('prd_code')).toBe(10);
  expect(factTypes()).toEqual([]);
});

it.each([['P-4.over', 991n], ['P-5.under', 989n]])('never delivers for another amount: %s is given back whole', async (number, received) => {
  const { orderId } = await house.buy(number);
  await later(5000);
  const order = await house.find(orderId);
  expect([order.state, code(order), order.payment?.state]).toEqual([OrderState.CANCELLED, 'PAYMENT_AMOUNT_WRONG', PaymentState.MISMATCHED]);
  expect(order.payment?.received?.minor).toBe(received);
  expect((await refundsOf(orderId)).map(({ state, amount }) => [state, amount?.minor])).toEqual([[RefundState.COMPLETED, received]]);
  expect([atProvider(), house.around.free.get('prd_code')]).toEqual([0n, 10]);
});

it('counts a payment once, however often its notice comes', async () => {
  const { orderId } = await house.buy('P-6.dup');
  await later(2000);
  expect(house.answers).toEqual(['applied', 'known', 'known']);
  expect((await house.find(orderId)).state).toBe(OrderState.COMPLETED);
  for (const notice of [...house.notices]) await house.notify(notice);
  expect(factTypes()).toEqual(['ConsumerPaid', 'Delivered']);
});

it('gives a second payment back and keeps the first', async () => {
  const { orderId } = await house.buy('P-7.twice');
  await later(5000);
  expect((await house.find(orderId)).state).toBe(OrderState.COMPLETED);
  expect((await refundsOf(orderId)).map(({ amount }) => amount?.minor)).toEqual([990n]);
  expect(atProvider()).toBe(990n);
});

it('finds a payment out by asking when its notice never comes', async () => {
  const { orderId } = await house.buy('P-8.silent');
  await later(890_000);
  expect((await house.find(orderId)).state).toBe(OrderState.AWAITING_PAYMENT);
  await later(20_000);
  expect((await house.find(orderId)).state).toBe(OrderState.COMPLETED);
});

it('times out, and refunds money that comes too late', async () => {
  const { orderId } = await house.buy('P-9.late');
  await later(910_000);
  const timedOut = await house.find(orderId);
  expect([timedOut.state, code(timedOut), house.around.free.get('prd_code')]).toEqual([OrderState.CANCELLED, 'PAYMENT_TIMED_OUT', 10]);
  await later(400_000);
  expect((await house.find(orderId)).state).toBe(OrderState.CANCELLED);
  expect([atProvider(), house.around.grants.size]).toEqual([0n, 0]);
  expect(factTypes()).toEqual(['ConsumerPaid', 'RefundUndelivered', 'RefundConfirmed']);
});

it('fulfils late money once where the channel wants that, at the old price and from a new reservation', async () => {
  house.around.channels.set('chn_pay', { ...house.around.channels.get('chn_pay')!, fulfilLate: true });
  const { orderId } = await house.buy('P-10.late');
  await later(1_300_000);
  expect((await house.find(orderId)).state).toBe(OrderState.COMPLETED);
  expect((await house.events(`order-${orderId}`)).slice(-3)).toEqual(['RevivalBegun', 'OrderRevived', 'OrderCompleted']);
  expect([atProvider(), house.around.free.get('prd_code'), house.around.grants.size]).toEqual([990n, 9, 1]);
});

it('gives late money back where it is to be fulfilled and nothing is left', async () => {
  house.around.channels.set('chn_pay', { ...house.around.channels.get('chn_pay')!, fulfilLate: true });
  const { orderId } = await house.buy('P-11.late');
  await later(910_000);
  house.around.free.set('prd_code', 0);
  await later(400_000);
  const order = await house.find(orderId);
  expect([order.state, code(order), atProvider()]).toEqual([OrderState.CANCELLED, 'PAYMENT_TIMED_OUT', 0n]);
  expect((await house.events(`order-${orderId}`)).slice(-3)).toEqual(['RevivalBegun', 'RevivalFailed', 'OrderUndone']);
});

it('refuses a forged notice and one about another merchant', async () => {
  const { orderId } = await house.buy('P-12.forged');
  await later(2000);
  expect(house.answers).toEqual(['NOTICE_FORGED']);
  expect((await house.find(orderId)).state).toBe(OrderState.AWAITING_PAYMENT);
});

it('refuses an old notice under its old signature', async () => {
  await house.buy('P-13.paid');
  await later(2000);
  const [notice] = house.notices;
  await later(600_000);
  expect(await house.failing(house.notify(notice!))).toBe('NOTICE_STALE');
});

it('does not mind a notice that comes after a later one', async () => {
  const { orderId } = await house.buy('P-14.disorder');
  await later(2000);
  expect((await house.find(orderId)).state).toBe(OrderState.COMPLETED);
});

it('sets a payment up though the provider is down at first', async () => {
  const order = await house.buy('P-15.down', { waitMs: 30_000 });
  expect([order.state, order.payment?.state]).toEqual([OrderState.AWAITING_PAYMENT, PaymentState.OPEN]);
});

it('cancels an order that waits for money, and gives money back that comes all the same', async () => {
  const { orderId } = await house.buy('P-16.wait');
  const cancelled = await house.ports.rpc.call(OrderService.method.cancelOrder, { orderId }, house.contextOf('chn_pay'));
  expect([cancelled.state, code(cancelled)]).toEqual([OrderState.CANCELLED, 'CANCELLED_BY_CHANNEL']);
  await later(1000);
  expect(house.around.free.get('prd_code')).toBe(10);
  house.psp.handle('POST', `/payments/pay_${orderId.slice(4)}/pay`, undefined);
  await later(5000);
  expect([atProvider(), (await house.find(orderId)).state]).toEqual([0n, OrderState.CANCELLED]);
});

describe('a refund of what a consumer paid', () => {
  const refund = async (number: string, requestId = 'r1', lines: { lineId: string; quantity?: number }[] = []) => {
    const { orderId } = await house.buy(number, { lines: [{ productId: 'prd_code', quantity: 2 }] });
    await later(2000);
    const created = await house.ports.clock.until(house.ports.rpc.call(OrderService.method.createRefund, { orderId, requestId, lines }, house.contextOf('chn_pay')));
    return { orderId, created };
  };
  const again = async (refundId: string) => house.ports.rpc.call(OrderService.method.getRefund, { refundId }, house.contextOf('chn_pay'));

  it('voids, returns to stock, books and pays back', async () => {
    const { orderId, created } = await refund('R-1.paid', 'r1', [{ lineId: '1', quantity: 1 }]);
    expect(created).toMatchObject({ state: RefundState.COMPLETED, amount: { minor: 990n }, lines: [{ returned: 1, voided: 1 }] });
    expect([atProvider(), house.around.free.get('prd_code')]).toEqual([990n, 9]);
    expect((await house.find(orderId)).lines[0]).toMatchObject({ delivered: 2, refunded: 1, takenBack: { minor: 990n } });
  });

  it('is a person’s when the provider refuses it', async () => {
    const { created } = await refund('R-2.refundfails');
    expect([created.state, created.failure]).toEqual([RefundState.STUCK, 'ACCOUNT_CLOSED']);
    await house.ports.clock.until(house.service.projections()!.caughtUp());
    const { refunds } = await house.ports.rpc.call(OrderService.method.listRefunds, { filter: 'state = REFUND_STATE_STUCK' }, house.contextOf('chn_pay'));
    expect(refunds.map(({ refundId }) => refundId)).toEqual([created.refundId]);
  });

  it('asks a slow provider until it is sure', async () => {
    const { created } = await refund('R-3.refundslow');
    expect(created.state).toBe(RefundState.PAYING_BACK);
    await later(60_000);
    expect((await again(created.refundId)).state).toBe(RefundState.COMPLETED);
    expect(atProvider()).toBe(0n);
  });
});

describe('a charge-back', () => {
  const chargeback = async (number: string) => {
    const { orderId } = await house.buy(number, { lines: [{ productId: 'prd_code', quantity: 3 }] });
    await later(2000);
    house.around.used.add('0');
    house.around.disclosed.add('1');
    await later(65_000);
    return { orderId, act: async (action: string) => {
      house.psp.handle('POST', `/payments/pay_${orderId.slice(4)}/${action}`, undefined);
      await later(2000);
    } };
  };

  it('is booked, and voids what is unused; lost, undisclosed codes are on sale again', async () => {
    const { orderId, act } = await chargeback('C-1.charged');
    expect(factTypes()).toEqual(['ConsumerPaid', 'Delivered', 'ChargebackOpened']);
    expect((await house.find(orderId)).lines[0]).toMatchObject({ delivered: 3, chargedBack: 2 });
    expect(house.around.free.get('prd_code')).toBe(7);
    await act('lose');
    expect(house.around.free.get('prd_code')).toBe(8);
    expect([...house.around.facts.values()].at(-1)).toMatchObject({ type: 'ChargebackLost', amount: { minor: 2970n }, unusedOwn: { minor: 0n }, returned: [{ productId: 'prd_code', presentation: 'principal', parts: [{ quantity: 1, cost: { minor: 600n } }] }] });
  });

  it('won, the money is ours again', async () => {
    const { act } = await chargeback('C-2.charged');
    await act('win');
    expect(factTypes()).toEqual(['ConsumerPaid', 'Delivered', 'ChargebackOpened', 'ChargebackWon']);
    await act('lose');
    expect(factTypes()).toHaveLength(4);
  });

  it('has its outcome refused for now when that comes before the dispute', async () => {
    const { orderId } = await house.buy('C-3.paid');
    await later(2000);
    house.psp.handle('POST', `/payments/pay_${orderId.slice(4)}/lose`, undefined);
    await later(100);
    expect(house.answers.at(-1)).toBe('NOTICE_TOO_EARLY');
  });
});

it('lists payments of the own channel by state', async () => {
  await house.buy('L-1.paid');
  const { orderId } = await house.buy('L-2.wait');
  await later(2000);
  const list = (filter: string, channel = 'chn_pay') => house.ports.rpc.call(PaymentService.method.listPayments, { filter }, house.contextOf(channel));
  expect((await list('state = OPEN')).payments.map((payment) => payment.orderId)).toEqual([orderId]);
  expect((await list('')).payments).toHaveLength(2);
  expect((await list('', 'chn_shop')).payments).toEqual([]);
});
