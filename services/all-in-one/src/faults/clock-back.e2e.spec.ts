import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { codesOf, Premises } from '../door/testing/premises.js';
import { watchedClock } from '../testing/watched-clock.js';

const VIDEO = 'prd_video-month';
const STOCK = 20n;
const HOUR_MS = 3_600_000;

/** A bad time server, or a person, puts the clock an hour back in the middle of trade. */
describe('a clock that jumps back', () => {
  const clock = watchedClock();
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open({ more: { clock } });
    await premises.furnish();
    await premises.stock(VIDEO, 'sup_video', codesOf('CLK', Number(STOCK)));
  }, 60_000);
  afterAll(() => premises.close());

  const place = (channel: string, number: string): Promise<Order> => premises.order(channel, { number, lines: [{ productId: VIDEO, quantity: 1 }], waitMs: 5_000 });
  const stateOf = async (channel: string, { orderId }: Order): Promise<string> => OrderState[(await premises.wire.get(OrderService.method.getOrder, { orderId }, premises.as(channel))).state];
  const awaiting = async (order: Order): Promise<void> => {
    await premises.until(() => stateOf('chn_app', order), (state) => state === 'AWAITING_PAYMENT');
  };
  const stock = async () => {
    const { free, reserved, sold } = await premises.wire.get(InventoryService.method.getStock, { productId: VIDEO }, premises.as('admin'));
    return { free, reserved, sold };
  };

  it('keeps the order of what is recorded, also over a restart', async () => {
    expect((await place('chn_dist', 'CLK-before')).state).toBe(OrderState.COMPLETED);
    clock.jump(-HOUR_MS);
    expect((await place('chn_dist', 'CLK-after')).state).toBe(OrderState.COMPLETED);
    await premises.restart();
    expect((await place('chn_dist', 'CLK-restarted')).state).toBe(OrderState.COMPLETED);
    const events = await premises.events();
    expect(events.filter(({ recordedAt }, i) => i > 0 && recordedAt < events[i - 1]!.recordedAt)).toEqual([]);
    const placed = events.filter(({ type }) => type === 'order.OrderPlaced.v1').map(({ occurredAt }) => occurredAt);
    expect(placed).toEqual([...placed].sort((a, b) => a - b));
    clock.jump(HOUR_MS);
  }, 60_000);

  it('ends no wait early and none never: an order that awaits its payment ends when its time is over, once, and gives its unit back', async () => {
    const before = await place('chn_app', 'CLK-unpaid-1');
    await awaiting(before);
    clock.jump(-HOUR_MS);
    const meanwhile = await place('chn_app', 'CLK-unpaid-2');
    await awaiting(meanwhile);
    const both = async () => [await stateOf('chn_app', before), await stateOf('chn_app', meanwhile)];
    expect((await place('chn_dist', 'CLK-paid')).state).toBe(OrderState.COMPLETED);
    expect(await both()).toEqual(['AWAITING_PAYMENT', 'AWAITING_PAYMENT']);
    expect(await stock()).toEqual({ free: STOCK - 6n, reserved: 2n, sold: 4n });
    clock.jump(HOUR_MS); // right again: nobody has waited longer than before
    expect((await place('chn_dist', 'CLK-right')).state).toBe(OrderState.COMPLETED);
    expect(await both()).toEqual(['AWAITING_PAYMENT', 'AWAITING_PAYMENT']);
    clock.jump(HOUR_MS);
    const third = await place('chn_app', 'CLK-unpaid-3'); // a new deadline wakes whoever waits for the next one
    await premises.until(both, (states) => states.join() === 'CANCELLED,CANCELLED');
    expect(await premises.until(stock, ({ reserved }) => reserved === 1n)).toEqual({ free: STOCK - 6n, reserved: 1n, sold: 5n });
    expect(await stateOf('chn_app', third)).toBe('AWAITING_PAYMENT');
    const ends = (await premises.events()).filter(({ type }) => /^order\.Order(Cancelled|Rejected)\./.test(type));
    expect(ends.map(({ correlation }) => correlation).sort()).toEqual([before.orderId, meanwhile.orderId].sort());
  }, 60_000);

  it('leaves no money held and no book out of balance', async () => {
    const { accounts } = await premises.wire.get(LedgerService.method.listAccounts, { filter: 'channel_id = "chn_dist"' }, premises.as('admin'));
    const { held, openHolds } = await premises.wire.get(LedgerService.method.getAccount, { accountId: accounts[0]!.accountId }, premises.as('admin'));
    expect([held?.minor, openHolds]).toEqual([0n, 0]);
    const { totals } = await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'));
    for (const { balance } of totals) expect(balance?.minor).toBe(0n);
  });
});
