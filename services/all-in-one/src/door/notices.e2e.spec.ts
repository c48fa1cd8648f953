import { type Instant, instant } from '@vouchsafe/kernel';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { PaymentService, PaymentState } from '@vouchsafe/proto/order/v1/payment';
import { type Clock, systemClock } from '@vouchsafe/runtime';
import { codesOf, Premises } from './testing/premises.js';

type Notice = { readonly body: string; readonly timestamp: string; readonly signature: string };
const wall = systemClock();
/** How far a test puts the clock ahead: the platform's own time stays there once it was put back. */
const AHEAD_MS = 302_000;
const MUTATIONS = process.env.VOUCHSAFE_LONG === '1' ? 5_000 : 600;
const NOTICES = '/sandbox/v1/payments/notices/sandbox';

/** What all accounts whose names begin so come to. */
const under = (balances: Readonly<Record<string, string>>, prefix: string): bigint =>
  Object.entries(balances).reduce((sum, [account, minor]) => (account.startsWith(prefix) ? sum + BigInt(minor) : sum), 0n);

/** The machine's clock, some time off. */
class ShiftedClock implements Clock {
  offMs = 0;
  now = (): Instant => instant(wall.now() + this.offMs);
  monotonicMs = (): number => wall.monotonicMs();
  sleep = (ms: number, signal?: AbortSignal): Promise<void> => wall.sleep(ms, signal);
}

describe('a notice about a payment', () => {
  const clock = new ShiftedClock();
  const sent: Notice[] = [];
  const { fetch: untapped } = globalThis;
  let premises: Premises;
  let n = 0;

  beforeAll(async () => {
    // What the provider sends is read off the wire, for replays: nobody else could sign it.
    globalThis.fetch = (input, init) => {
      if (String(input).endsWith(NOTICES)) sent.push(JSON.parse(String(init?.body)) as Notice);
      return untapped(input, init);
    };
    premises = await Premises.open({ more: { clock } });
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', codesOf('NOTICE', 200));
  }, 20_000);
  afterAll(async () => {
    globalThis.fetch = untapped;
    await premises.close();
  });

  const buy = async (ending: string, quantity = 1): Promise<Order> => {
    const order = await premises.order('chn_app', { number: `N-${++n}.${ending}`, lines: [{ productId: 'prd_video-month', quantity }] });
    expect(order.state).toBe(OrderState.AWAITING_PAYMENT);
    return order;
  };
  const get = (orderId: string) => premises.wire.get(OrderService.method.getOrder, { orderId }, premises.as('chn_app'));
  const ended = async (orderId: string, state: OrderState): Promise<Order> => {
    const order = await premises.until(() => get(orderId), (now) => now.state === OrderState.COMPLETED || now.state === OrderState.CANCELLED || now.state === OrderState.REJECTED);
    expect(OrderState[order.state]).toBe(OrderState[state]);
    return order;
  };
  const noticesOf = (orderId: string): readonly Notice[] => sent.filter(({ body }) => Buffer.from(body, 'base64').toString().includes(orderId.slice(4)));
  const post = (notice: unknown, path = NOTICES) => premises.http('POST', path, undefined, { body: notice });
  const balances = async (): Promise<Readonly<Record<string, string>>> => {
    const { lines, totals } = await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'));
    for (const { balance } of totals) expect(balance?.minor).toBe(0n);
    return Object.fromEntries(lines.map(({ account, balance }) => [account, String(balance?.minor)]));
  };
  const log = async (): Promise<readonly string[]> => (await premises.events()).map(({ stream, type }) => `${stream} ${type}`);
  const quiet = async (): Promise<readonly string[]> => {
    for (let before = await log(); ; ) {
      await wall.sleep(400);
      const now = await log();
      if (now.length === before.length) return now;
      before = now;
    }
  };

  it('counts once, however often it comes, and to whoever repeats it nothing is told but that', async () => {
    const { orderId } = await buy('paid', 2);
    await ended(orderId, OrderState.COMPLETED);
    const [notice] = noticesOf(orderId);
    const before = [await quiet(), await balances()];
    const pages = await Promise.all(Array.from({ length: 50 }, () => post(notice)));
    expect(new Set(pages.map(({ status, text }) => `${status} ${text.trim()}`))).toEqual(new Set(['200 {"applied":false}']));
    expect([await quiet(), await balances()]).toEqual(before);
    expect((await get(orderId)).lines[0]?.delivered).toBe(2);
  });

  it('is refused with anything of it changed, and changes nothing', async () => {
    const { orderId } = await buy('paid');
    await ended(orderId, OrderState.COMPLETED);
    const notice = noticesOf(orderId)[0]!;
    const raw = Buffer.from(notice.body, 'base64');
    const before = await quiet();
    const wrong: string[] = [];
    for (let i = 0; i < MUTATIONS; i += 50) {
      await Promise.all(Array.from({ length: 50 }, async (_, k) => {
        const at = (i + k) * 7_919;
        const body = Buffer.from(raw);
        body[at % raw.length]! ^= 1 << (at % 8);
        const digits = (text: string) => text.replace(new RegExp(`^(.{${at % text.length}}).`), (_all, left: string) => `${left}${(Number.parseInt(text[at % text.length]!, 16) + 1) % 10}`);
        const changed = [{ ...notice, body: body.toString('base64') }, { ...notice, timestamp: digits(notice.timestamp) }, { ...notice, signature: digits(notice.signature) }][(i + k) % 3]!;
        const page = await post(changed);
        if (page.status !== 403 || page.json['code'] !== 'NOTICE_FORGED') wrong.push(`${page.status} ${page.text.slice(0, 200)}`);
      }));
    }
    expect(wrong).toEqual([]);
    for (const other of [{ ...notice, signature: '' }, { ...notice, signature: 'zz' }, { ...notice, timestamp: '' }, { ...notice, body: '' }]) expect((await post(other)).status).toBe(403);
    expect((await post({ ...notice, colour: 'red' })).status).toBe(400);
    expect((await post(notice, NOTICES.replace('notices/sandbox', 'notices/other'))).json['code']).toBe('PROVIDER_UNCONFIGURED');
    expect(await quiet()).toEqual(before);
  }, 30_000);

  it('is stale after three hundred seconds, and so is one from the future', async () => {
    const { orderId } = await buy('paid');
    await ended(orderId, OrderState.COMPLETED);
    const notice = noticesOf(orderId)[0]!;
    for (const [offMs, status, code] of [[AHEAD_MS, 403, 'NOTICE_STALE'], [-AHEAD_MS, 403, 'NOTICE_STALE'], [290_000, 200, undefined], [-290_000, 200, undefined]] as const) {
      clock.offMs = offMs;
      const page = await post(notice);
      expect([offMs, page.status, page.json['code']]).toEqual([offMs, status, code]);
    }
    clock.offMs = 0;
  });

  it('that nobody of ours signed pays for nothing', async () => {
    const { orderId } = await buy('forged');
    await wall.sleep(600);
    expect(noticesOf(orderId).length).toBeGreaterThan(0);
    expect((await get(orderId)).state).toBe(OrderState.AWAITING_PAYMENT);
  });

  it('that comes thrice or in the wrong order leaves one delivery and one income', async () => {
    const before = await balances();
    const [dup, disorder] = [await buy('dup'), await buy('disorder')];
    await ended(dup.orderId, OrderState.COMPLETED);
    await ended(disorder.orderId, OrderState.COMPLETED);
    await quiet();
    expect(noticesOf(dup.orderId).length).toBe(3);
    expect(noticesOf(disorder.orderId).length).toBe(2);
    // And turned round, and all of them once more.
    for (const notice of [...noticesOf(disorder.orderId), ...noticesOf(dup.orderId)].reverse()) expect((await post(notice)).status).toBe(200);
    for (const { orderId } of [dup, disorder]) {
      const order = await get(orderId);
      expect([OrderState[order.state], order.lines[0]?.delivered, order.payment?.received?.minor]).toEqual(['COMPLETED', 1, 2_500n]);
    }
    const after = await balances();
    expect(under(after, 'income:sales') - under(before, 'income:sales')).toBe(-2n * 2_358n); // 25.00 less the 6 % tax within, twice
  });

  it('of a wrong sum delivers nothing, and the money goes back', async () => {
    for (const ending of ['over', 'under'] as const) {
      const { orderId } = await buy(ending);
      const order = await ended(orderId, OrderState.CANCELLED);
      expect(order.reason?.code).toBe('PAYMENT_AMOUNT_WRONG');
      const payment = await premises.until(() => premises.wire.get(PaymentService.method.getPayment, { paymentId: `pay_${orderId.slice(4)}` }, premises.as('chn_app')), ({ state }) => state === PaymentState.MISMATCHED);
      expect(payment.received?.minor).toBe(ending === 'over' ? 2_501n : 2_499n);
    }
    await premises.until(balances, (now) => under(now, 'liabilities:refund') === 0n);
  });

  it('that comes when the buyer’s time is over brings the money back, not the goods', async () => {
    const { orderId } = await buy('late');
    clock.offMs = AHEAD_MS + 900_000 + 130_000;
    await ended(orderId, OrderState.CANCELLED);
    clock.offMs += 300_000;
    const { refunds } = await premises.until(() => premises.wire.get(OrderService.method.listRefunds, { filter: `order_id = "${orderId}"` }, premises.as('chn_app')), (list) => list.refunds.length > 0);
    expect(refunds[0]?.amount?.minor).toBe(2_500n);
    const order = await get(orderId);
    expect([OrderState[order.state], order.reason?.code, order.lines[0]?.delivered]).toEqual(['CANCELLED', 'PAYMENT_TIMED_OUT', 0]);
  }, 20_000);

  it('left nothing reserved for what was not paid, and balanced books', async () => {
    await quiet();
    await balances();
    const { free, reserved, sold } = await premises.wire.get(InventoryService.method.getStock, { productId: 'prd_video-month' }, premises.as('admin'));
    const granted = (await premises.events()).filter(({ type }) => type.startsWith('redemption.GrantActivated')).length;
    expect(granted).toBeGreaterThanOrEqual(5);
    expect([free + reserved + sold, sold]).toEqual([200n, BigInt(granted + 1)]); // one order was of two
    expect(reserved).toBeLessThanOrEqual(1n);
  });
});
