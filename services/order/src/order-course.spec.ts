import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { OnFailure, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { AssessResponse_Verdict } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { CHANNEL, orderHouse, type OrderHouse } from './testing/order-house.js';

const ACCOUNT = 'acc_prepaid.shop.CNY';
let house: OrderHouse;
beforeEach(async () => {
  house = await orderHouse();
});
afterEach(() => house.close());
const one = (number: string) => ({ number, lines: [{ productId: 'prd_code', quantity: 1 }] });
const code = (order: { reason?: { code: string } | undefined }) => order.reason?.code;

describe('a prepaid order of one code', () => {
  it('is completed by three events of its own', async () => {
    const order = await house.place(one('A-1'));
    expect(order).toMatchObject({ state: OrderState.COMPLETED, number: 'A-1', channelId: CHANNEL });
    expect(order.lines[0]).toMatchObject({ ordered: 1, delivered: 1, failed: 0 });
    expect(await house.events(`order-${order.orderId}`)).toEqual(['OrderPlaced', 'OrderConfirmed', 'OrderCompleted']);
    expect(house.around.handled).toEqual(['ReserveVouchers', 'HoldFunds', 'CommitReservation', 'ActivateGrant', 'CaptureHold']);
    expect(house.around.balances.get(ACCOUNT)).toBe(99_010n);
  });

  it('is the same order when the number comes again, and nothing is sold twice', async () => {
    const first = await house.place(one('A-1'));
    const again = await house.place(one('A-1'));
    expect(again).toEqual(first);
    expect(house.around.free.get('prd_code')).toBe(9);
  });

  it('is the same order when the number comes fifty times at once', async () => {
    const orders = await Promise.all(Array.from({ length: 50 }, () => house.place(one('A-1'))));
    expect(new Set(orders.map(({ orderId, state }) => `${orderId} ${state}`)).size).toBe(1);
    expect(house.around.free.get('prd_code')).toBe(9);
  });

  it('refuses the number for another body, by a clear conflict', async () => {
    await house.place(one('A-1'));
    expect(await house.failing(house.place({ ...one('A-1'), lines: [{ productId: 'prd_code', quantity: 2 }] }))).toBe('ORDER_NUMBER_REUSED');
    expect(await house.failing(house.place({ ...one('A-1'), buyer: { ref: 'someone else' } }))).toBe('ORDER_NUMBER_REUSED');
  });

  it('answers at once with its true state where the caller does not wait', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => { release = resolve; });
    house.around.before = (name) => (name === 'CommitReservation' ? gate : undefined);
    const order = await house.place({ ...one('A-1'), waitMs: 0 });
    expect(order.state).toBe(OrderState.PENDING);
    release();
    await house.ports.clock.advance(10);
    expect((await house.get(order.orderId)).state).toBe(OrderState.COMPLETED);
  });
});

describe('an order that is not to be', () => {
  it('is rejected when stock is short, and the money set aside comes back', async () => {
    const order = await house.place({ number: 'A-2', lines: [{ productId: 'prd_code', quantity: 11 }] });
    expect([order.state, code(order)]).toEqual([OrderState.REJECTED, 'OUT_OF_STOCK']);
    await house.ports.clock.advance(1);
    expect(house.around.balances.get(ACCOUNT)).toBe(100_000n);
    expect(await house.events(`order-${order.orderId}`)).toEqual(['OrderPlaced', 'OrderRejected', 'OrderUndone']);
    expect(house.around.handled).not.toContain('ReleaseReservation');
  });

  it('is rejected when the balance is short, and the stock set aside comes back', async () => {
    house.around.balances.set(ACCOUNT, 100n);
    const order = await house.place(one('A-3'));
    expect([order.state, code(order)]).toEqual([OrderState.REJECTED, 'BALANCE_SHORT']);
    await house.ports.clock.advance(1);
    expect(house.around.free.get('prd_code')).toBe(10);
  });

  it('is rejected for what it costs, for where it is not listed and by risk, each with its reason and one event', async () => {
    const dear = await house.place({ ...one('A-4'), maxAmount: { currency: 'CNY', minor: 989n } });
    const unlisted = await house.place({ number: 'A-5', lines: [{ productId: 'prd_none', quantity: 1 }] });
    house.around.verdict = AssessResponse_Verdict.DENY;
    const denied = await house.place(one('A-6'));
    house.around.verdict = AssessResponse_Verdict.CHALLENGE;
    const challenged = await house.place(one('A-7'));
    expect([dear, unlisted, denied, challenged].map(code)).toEqual(['MAX_AMOUNT_EXCEEDED', 'NOT_LISTED', 'RISK_DENIED', 'CHALLENGE_REQUIRED']);
    for (const { orderId } of [dear, unlisted, denied, challenged]) expect(await house.events(`order-${orderId}`)).toEqual(['OrderRefused']);
    expect(house.around.handled).toEqual([]);
  });

  it('keeps its number for good: a repeat is still rejected when all has become well', async () => {
    house.around.verdict = AssessResponse_Verdict.DENY;
    await house.place(one('A-6'));
    house.around.verdict = AssessResponse_Verdict.ALLOW;
    expect(code(await house.place(one('A-6')))).toBe('RISK_DENIED');
  });

  it('goes on by the stated fallback while risk is silent, and says so in its record', async () => {
    house.around.riskSilent = true;
    const order = await house.place(one('A-8'));
    expect(order.state).toBe(OrderState.COMPLETED);
    const [placed] = await house.ports.store.readStream(`order-${order.orderId}`, { max: 1 });
    expect((placed!.data as { verdict: object }).verdict).toEqual({ fallback: true });
  });

  it('ends by itself when stock stays silent, and what it may have been given late is handed back', async () => {
    const silent = new Set(['ReserveVouchers']);
    house.around.before = (name) => {
      if (silent.has(name)) throw Object.assign(new Error('silent'), { name: 'Fault', code: 'SILENT', retryable: true });
    };
    const order = await house.place({ ...one('A-9'), waitMs: 30_000 });
    expect([order.state, code(order)]).toEqual([OrderState.REJECTED, 'STOCK_SILENT']);
    silent.clear();
    await house.ports.clock.advance(60_000);
    expect(await house.events(`order-${order.orderId}`)).toEqual(['OrderPlaced', 'OrderRejected', 'OrderUndone']);
    expect(house.around.free.get('prd_code')).toBe(10);
    expect(house.around.balances.get(ACCOUNT)).toBe(100_000n);
  });
});

describe('at the door', () => {
  it('names every wrong field at once and leaves the number free', async () => {
    const call = house.place({ number: 'bad number', lines: [{ productId: '', quantity: 0 }], waitMs: 99_999, maxAmount: { currency: 'yuan', minor: -1n } });
    const error = await call.catch((thrown: { more: { fields: { pointer: string }[] } }) => thrown);
    expect((error as { more: { fields: { pointer: string }[] } }).more.fields.map(({ pointer }) => pointer)).toEqual([
      '/number', '/lines/0/productId', '/lines/0/quantity', '/maxAmount/currency', '/maxAmount/minor', '/waitMs',
    ]);
  });

  it('turns away what its pool said is sold out, without an event, and takes it again once there is stock', async () => {
    const tell = async (type: string, pub: number): Promise<void> => {
      const now = house.ports.clock.now();
      await house.ports.bus.publish([{
        id: `e${pub}`, context: 'inventory', type: `inventory.${type}.v1`, stream: 'pool-prd_code_0', pub, data: { productId: 'prd_code', free: 0 }, occurredAt: now, recordedAt: now,
        correlation: 'x', causation: 'x', principal: 'x',
      }]);
    };
    await tell('StockExhausted', 1);
    expect(await house.failing(house.place(one('A-10')))).toBe('SOLD_OUT_FOR_NOW');
    await tell('StockAvailable', 2);
    expect((await house.place(one('A-10'))).state).toBe(OrderState.COMPLETED);
  });

  it('asks for the buyer where a listing limits units per buyer, and for an account the product understands', async () => {
    house.around.products.set('prd_limited', { unitMicros: 1_000_000n, buyerLimit: 2 });
    house.around.products.set('prd_phone', { unitMicros: 1_000_000n, kind: ProductKind.TOP_UP });
    const fieldOf = async (call: Promise<unknown>): Promise<unknown> => call.catch((error: { more: { fields: { code: string; pointer: string }[] } }) => error.more.fields.map(({ code: c, pointer }) => `${pointer} ${c}`));
    expect(await fieldOf(house.place({ number: 'A-11', lines: [{ productId: 'prd_limited', quantity: 1 }] }))).toEqual(['/buyer/ref BUYER_REF_REQUIRED']);
    expect(await fieldOf(house.place({ number: 'A-12', lines: [{ productId: 'prd_phone', quantity: 1, accountFields: { phone: '12' } }] }))).toEqual(['/lines/0/accountFields/phone ACCOUNT_FIELD_MALFORMED']);
    expect(await house.events('order-none')).toEqual([]);
  });

  it('shows an order to its own channel and to the one above it, and to nobody else', async () => {
    const { orderId } = await house.place({ ...one('A-13'), buyer: { ref: 'kim', ip: '1.2.3.4' } });
    expect((await house.get(orderId)).buyerRefs).toHaveLength(2);
    expect((await house.get(orderId, 'chn_root')).buyerRefs).toEqual([]);
    expect(await house.failing(house.get(orderId, 'chn_pay'))).toBe('ORDER_UNKNOWN');
    expect(await house.failing(house.get('ord_none', 'chn_pay'))).toBe('ORDER_UNKNOWN');
    const cancel = house.ports.rpc.call(OrderService.method.cancelOrder, { orderId }, house.contextOf('chn_root'));
    expect(await house.failing(cancel)).toBe('ORDER_UNKNOWN');
  });

  it('gives secrets with the answer only where asked and allowed, and never keeps them', async () => {
    const ask = (number: string, permissions: readonly string[]) =>
      house.ports.clock.until(house.ports.rpc.call(OrderService.method.placeOrder, { ...one(number), includeSecrets: true }, house.contextOf(CHANNEL, permissions)));
    const withheld = await ask('A-15', []);
    expect([withheld.state, withheld.secrets, withheld.secretsWithheld]).toEqual([OrderState.COMPLETED, [], 'PERMISSION']);
    const given = await ask('A-15', ['secret:disclose']);
    expect(given.secrets.flatMap(({ secrets }) => secrets.map(({ code: secret }) => secret))).toEqual(['SECRET-0']);
    expect(JSON.stringify(await house.ports.store.readStream(`order-${given.orderId}`, { max: 10 }))).not.toContain('SECRET-0');
    house.around.free.set('prd_code', 0);
    expect((await ask('A-16', ['secret:disclose'])).secretsWithheld).toBe('NOT_DELIVERED');
  });

  it('never writes what is personal into an event', async () => {
    const { orderId } = await house.place({ ...one('A-14'), buyer: { ref: 'kim@home', ip: '203.0.113.9', phone: '13800138000', email: 'kim@example.org', device: 'dev-77' } });
    const text = JSON.stringify(await house.ports.store.readStream(`order-${orderId}`, { max: 10 }));
    for (const personal of ['kim@home', '203.0.113.9', '13800138000', 'kim@example.org', 'dev-77']) expect(text).not.toContain(personal);
  });
});

describe('an order of several lines', () => {
  beforeEach(() => {
    house.around.products.set('prd_phone', { unitMicros: 10_000_000n, kind: ProductKind.TOP_UP });
    house.around.products.set('prd_other', { unitMicros: 3_330_000n });
    house.around.free.set('prd_other', 5);
  });
  const mixed = (number: string, onFailure = OnFailure.REFUND_FAILED) => ({
    number, onFailure, lines: [{ productId: 'prd_code', quantity: 2 }, { productId: 'prd_phone', quantity: 4, accountFields: { phone: '13800138000' } }],
  });
  const ended = async (orderId: string, delivered: number) => {
    const outcome = delivered === 4 ? 'succeeded' as const : delivered === 0 ? 'failed' as const : 'partial' as const;
    const money = (minor: number) => ({ minor: BigInt(minor), currency: 'CNY' });
    const deliveryId = `dlv_${orderId.slice(4)}.2`;
    await house.hear({ type: 'TopUpEnded', deliveryId, orderId, lineId: '2', outcome, deliveredQuantity: delivered, provider: 'sandbox', supplierId: 'sup_9', cost: money(delivered * 900), inputTax: money(0), ...(outcome === 'failed' && { reason: 'NO_SUCH_NUMBER' }) });
    await house.ports.clock.advance(10);
    return house.get(orderId);
  };

  it('delivers two products, each by its own grant, and gives nothing of the hold back', async () => {
    const order = await house.place({ number: 'M-1', lines: [{ productId: 'prd_code', quantity: 3 }, { productId: 'prd_other', quantity: 2 }] });
    expect(order.state).toBe(OrderState.COMPLETED);
    expect(house.around.grants.size).toBe(2);
    expect([...house.around.captures.values()].map(({ fact }) => fact.gross.minor)).toEqual([2970n, 666n]);
    expect(house.around.balances.get(ACCOUNT)).toBe(100_000n - 3636n);
    expect(await house.events(`order-${order.orderId}`)).toEqual(['OrderPlaced', 'OrderConfirmed', 'OrderCompleted']);
  });

  it('takes nothing when one of two products is sold out', async () => {
    const order = await house.place({ number: 'M-2', lines: [{ productId: 'prd_code', quantity: 3 }, { productId: 'prd_other', quantity: 6 }] });
    expect(code(order)).toBe('OUT_OF_STOCK');
    await house.ports.clock.advance(1);
    expect([house.around.free.get('prd_code'), house.around.free.get('prd_other'), house.around.balances.get(ACCOUNT)]).toEqual([10, 5, 100_000n]);
  });

  it('delivers codes at once and the top-up when its provider is done, each captured by its own delivery', async () => {
    const order = await house.place(mixed('M-3'));
    expect(order.state).toBe(OrderState.FULFILLING);
    expect(order.lines.map(({ delivered }) => delivered)).toEqual([2, 0]);
    const done = await ended(order.orderId, 4);
    expect(done.state).toBe(OrderState.COMPLETED);
    expect(house.around.balances.get(ACCOUNT)).toBe(100_000n - 1980n - 4000n);
    expect(house.around.captures.get(`${order.orderId}.2`)!.fact.parts).toEqual([{
      supplierId: 'sup_9', terms: 'postpaid', quantity: 4, cost: { minor: 3600n, currency: 'CNY' }, inputTax: { minor: 0n, currency: 'CNY' }, owed: { minor: 0n, currency: 'CNY' },
    }]);
  });

  it('keeps the money of what a top-up did not deliver with the channel', async () => {
    const { orderId } = await house.place(mixed('M-4'));
    const done = await ended(orderId, 3);
    expect(done.state).toBe(OrderState.COMPLETED);
    expect(done.lines[1]).toMatchObject({ delivered: 3, failed: 1 });
    expect(house.around.balances.get(ACCOUNT)).toBe(100_000n - 1980n - 3000n);
  });

  it('under WHOLE grants nothing before the top-up has succeeded', async () => {
    const { orderId, state } = await house.place(mixed('M-5', OnFailure.WHOLE));
    expect([state, house.around.grants.size]).toEqual([OrderState.FULFILLING, 0]);
    expect((await ended(orderId, 4)).state).toBe(OrderState.COMPLETED);
    expect(house.around.grants.size).toBe(1);
  });

  it('under WHOLE ends undelivered when the top-up fails: stock and money come back', async () => {
    const { orderId } = await house.place(mixed('M-6', OnFailure.WHOLE));
    const done = await ended(orderId, 0);
    expect([done.state, code(done)]).toEqual([OrderState.CANCELLED, 'NO_SUCH_NUMBER']);
    expect([house.around.grants.size, house.around.free.get('prd_code'), house.around.balances.get(ACCOUNT)]).toEqual([0, 10, 100_000n]);
  });

  it('ends by the reason of a top-up that is refused, and takes no money', async () => {
    house.around.topUpRefusal = 'DUPLICATE_TOP_UP';
    const order = await house.place({ number: 'M-7', lines: [mixed('').lines[1]!] });
    expect([order.state, code(order)]).toEqual([OrderState.CANCELLED, 'DUPLICATE_TOP_UP']);
    expect(house.around.balances.get(ACCOUNT)).toBe(100_000n);
  });

  it('cannot be all or nothing with two top-ups', async () => {
    const line = mixed('').lines[1]!;
    expect(await house.failing(house.place({ number: 'M-8', onFailure: OnFailure.WHOLE, lines: [line, line] }))).toBe('REQUEST_INVALID');
  });
});
