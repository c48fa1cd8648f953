import { sandboxPayment, sandboxPaymentInProcess, SandboxPsp } from '@vouchsafe/order';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { House } from './testing/house.js';

const clock = systemClock();
const SECRET = 'a secret of the sandbox';
const MERCHANT = 'mch_sandbox';

describe('what a consumer pays', () => {
  let house: House;
  let ticking = true;
  let loop: Promise<void>;
  const psp = new SandboxPsp({
    clock, secret: SECRET, merchantId: MERCHANT, log: silentLog, payAfterMs: 10, chargebackAfterMs: 50,
    notify: async ({ body, timestamp, signature }) => {
      await house.rpc.call(PaymentService.method.notifyPayment, { provider: 'sandbox', body: Buffer.from(body), timestamp, signature }, house.channel('chn_app'));
    },
  });
  beforeAll(async () => {
    house = await House.open({ paymentProviders: [sandboxPayment({ call: sandboxPaymentInProcess(psp), secret: SECRET, merchantId: MERCHANT })] });
    await house.furnish();
    await house.stock('prd_video-month', 'sup_video', Array.from({ length: 50 }, (_, i) => `PAY-${i}-${(i * 7919 + 101).toString(36).toUpperCase()}`));
    await house.mint('prd_coffee', 20);
    loop = (async () => {
      for (; ticking; await clock.sleep(10)) psp.tick();
    })();
  });
  afterAll(async () => {
    ticking = false;
    await loop;
    await house.close();
  });

  const buy = (number: string, productId = 'prd_video-month', quantity = 1) => house.order('chn_app', { number, lines: [{ productId, quantity }] });
  const until = async (orderId: string, right: (order: Order) => boolean): Promise<Order> => {
    for (let i = 0; i < 300; i++) {
      const order = await house.rpc.call(OrderService.method.getOrder, { orderId }, house.channel('chn_app'));
      if (right(order)) return order;
      await clock.sleep(20);
    }
    throw new Error('the order did not get there in time');
  };
  const ended = (order: Order) => order.state === OrderState.COMPLETED || order.state === OrderState.CANCELLED || order.state === OrderState.REJECTED;
  /** Accounts of the book whose names begin so; zero where there is none. */
  const balance = async (prefix: string): Promise<bigint> => {
    const trial = await house.rpc.call(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, house.admin);
    for (const { balance: total } of trial.totals) expect(total?.minor).toBe(0n);
    return trial.lines.filter(({ account }) => account.startsWith(prefix)).reduce((sum, line) => sum + (line.balance?.minor ?? 0n), 0n);
  };
  const refund = async (orderId: string, requestId: string, quantity: number) => {
    const { refundId } = await house.rpc.call(OrderService.method.createRefund, { orderId, requestId, lines: [{ lineId: '1', quantity }] }, house.channel('chn_app'));
    for (let i = 0; i < 300; i++) {
      const now = await house.rpc.call(OrderService.method.getRefund, { refundId }, house.channel('chn_app'));
      if (now.state !== RefundState.PENDING && now.state !== RefundState.PAYING_BACK) return now;
      await clock.sleep(20);
    }
    throw new Error('the refund did not end in time');
  };

  it('is delivered, booked once and, refunded, taken back to the cent', async () => {
    const { orderId, state } = await buy('E-1.dup', 'prd_video-month', 3);
    expect(state).toBe(OrderState.AWAITING_PAYMENT);
    expect((await until(orderId, ended)).state).toBe(OrderState.COMPLETED);
    const income = await balance('income:sales');
    expect(await balance('liabilities:contract:undelivered')).toBe(0n);
    for (const id of ['a', 'b', 'c']) expect((await refund(orderId, id, 1)).state).toBe(RefundState.COMPLETED);
    expect([await balance('income:sales'), await balance('liabilities:refund'), await balance('liabilities:tax:output')]).toEqual([0n, 0n, 0n]);
    expect(income).not.toBe(0n);
  });

  it('of a wrong amount goes back and leaves nothing in the books but the fee', async () => {
    const { orderId } = await buy('E-2.over');
    expect((await until(orderId, ended)).state).toBe(OrderState.CANCELLED);
    await until(orderId, ({ payment }) => payment?.received !== undefined);
    for (let i = 0; (await balance('liabilities:refund')) !== 0n || (await balance('liabilities:contract:undelivered')) !== 0n; i++) {
      expect(i).toBeLessThan(100);
      await clock.sleep(20);
    }
  });

  it('and is charged back, is a loss where it was delivered for good', async () => {
    const { orderId } = await buy('E-3.charged', 'prd_coffee', 2);
    await until(orderId, ended);
    await until(orderId, ({ lines }) => lines[0]!.chargedBack === 2);
    psp.handle('POST', `/payments/pay_${orderId.slice(4)}/lose`, undefined);
    for (let i = 0; (await balance('assets:dispute')) !== 0n; i++) {
      expect(i).toBeLessThan(100);
      await clock.sleep(20);
    }
    expect([await balance('liabilities:contract:own'), await balance('liabilities:tax:pending')]).toEqual([0n, 0n]);
  });
});
