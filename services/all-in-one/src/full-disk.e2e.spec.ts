import { randomUUID } from 'node:crypto';
import { NO_STREAM, type Revision } from '@vouchsafe/event-store';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { type Disk, systemClock } from '@vouchsafe/runtime';
import { codesOf, Premises } from './door/testing/premises.js';

const VIDEO = 'prd_video-month';
const BALLAST_BYTES = 400_000;
const STOCK = 200;
const UNAVAILABLE = 14;

/** A disk on which the log gets no further segment while it is full. The one it has was allocated, so it can be filled. */
const fullDisk = () => {
  const state = { full: false };
  const refuse = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const around = (disk: Disk): Disk => ({
    open: async (name, mode) => {
      const file = await disk.open(name, mode);
      return {
        read: (into, offset) => file.read(into, offset), write: (bytes, offset) => file.write(bytes, offset), sync: () => file.sync(),
        allocate: (size) => (state.full ? refuse() : file.allocate(size)), truncate: (size) => file.truncate(size), size: () => file.size(), close: () => file.close(),
      };
    },
    list: (folder) => disk.list(folder), exists: (name) => disk.exists(name), remove: (name) => disk.remove(name), rename: (from, to) => disk.rename(from, to),
    makeFolder: (folder) => disk.makeFolder(folder), syncFolder: (folder) => disk.syncFolder(folder), lock: (name) => disk.lock(name),
    freeBytes: async () => (state.full ? 0 : disk.freeBytes()),
  });
  return { state, around };
};

describe('a full disk', () => {
  const disk = fullDisk();
  let premises: Premises;
  let sold: Order;
  beforeAll(async () => {
    premises = await Premises.open({ more: { around: disk.around } });
    await premises.furnish();
    await premises.stock(VIDEO, 'sup_video', codesOf('FULL', STOCK));
    sold = await buy('D-1');
    disk.state.full = true;
    await fill();
  }, 60_000);
  afterAll(() => premises.close());

  const wanted = (number: string) => ({ number, lines: [{ productId: VIDEO, quantity: 1 }], waitMs: 5_000 });
  const ask = (number: string) => premises.wire.ask(OrderService.method.placeOrder, [wanted(number)], premises.as('chn_corp'));
  const buy = (number: string): Promise<Order> => premises.order('chn_corp', wanted(number));
  /** Uses up what was allocated before, down to the last byte that a small event takes. */
  const fill = async (): Promise<void> => {
    const { store } = premises.running();
    let expected: Revision = NO_STREAM;
    for (let bytes = BALLAST_BYTES; bytes >= 1; ) {
      const event = { id: randomUUID(), type: 'ballast.Filled.v1', data: 'x'.repeat(bytes), occurredAt: systemClock().now(), correlation: '', causation: '', principal: 'svc_test' };
      const done = await Promise.resolve(store.append({ stream: 'ballast-1', expected, events: [event] })).catch((error: { code?: string }) => error.code);
      if (typeof done === 'object' && done.ok) expected = done.revision;
      else {
        expect(done).toBe('STORE_READ_ONLY');
        bytes = Math.floor(bytes / 8);
      }
    }
  };
  const stock = async (): Promise<readonly bigint[]> => {
    const { free, reserved, sold: gone } = await premises.wire.get(InventoryService.method.getStock, { productId: VIDEO }, premises.as('admin'));
    return [free, reserved, gone];
  };

  it('refuses what would have to be written before anything of it is decided, with the reason and the remedy', async () => {
    const before = (await premises.events()).length;
    const refused = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`D-full-${i}`)));
    for (const told of refused) expect([told.status, told.code, told.text]).toEqual([UNAVAILABLE, 'STORE_READ_ONLY', expect.stringMatching(/[一-鿿]/)]);
    expect((await premises.wire.ask(FulfillmentService.method.discloseSecrets, [{ orderId: sold.orderId }], premises.as('chn_corp'))).status).toBe(UNAVAILABLE);
    expect((await premises.wire.ask(LedgerService.method.createDeposit, [{ channelId: 'chn_dist', amount: { minor: 1n, currency: 'CNY' }, bank: 'icbc', bankReference: 'D-2' }], premises.as('admin'))).status).toBe(UNAVAILABLE);
    expect((await premises.events()).length).toBe(before);
    expect(premises.fatal).toBeUndefined();
  }, 30_000);

  it('lets reads go on', async () => {
    expect((await premises.wire.get(OrderService.method.getOrder, { orderId: sold.orderId }, premises.as('chn_corp'))).state).toBe(OrderState.COMPLETED);
    expect((await premises.wire.get(OrderService.method.listOrders, {}, premises.as('chn_corp'))).orders.map(({ number }) => number)).toEqual(['D-1']);
    expect(await stock()).toEqual([BigInt(STOCK - 1), 0n, 1n]);
    expect((await premises.http('GET', '/v1/products', 'admin')).status).toBe(200);
    expect((await premises.http('GET', '/metrics', undefined)).text).toMatch(/vouchsafe_log_short_of_space\{mode="sandbox"\} 1/);
  });

  it('has lost nothing when space returns, without a restart: the same numbers are sold, once each', async () => {
    disk.state.full = false;
    await premises.until(() => ask('D-full-0'), ({ code }) => code !== 'STORE_READ_ONLY'); // tried again every second
    for (let again = 0; again < 2; again++) {
      const told = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`D-full-${i}`)));
      expect(told.map(({ answers }) => OrderState[(answers[0] as Order).state])).toEqual(Array.from({ length: 20 }, () => 'COMPLETED'));
    }
    await expectWhole();
  }, 60_000);

  it('leaves a log that is read whole after a restart', async () => {
    await premises.restart();
    expect((await buy('D-full-7')).state).toBe(OrderState.COMPLETED);
    await expectWhole();
  }, 60_000);

  const expectWhole = async (): Promise<void> => {
    expect(await premises.until(stock, ([, reserved]) => reserved === 0n)).toEqual([BigInt(STOCK - 21), 0n, 21n]);
    expect(await premises.disclose('chn_corp', sold.orderId)).toHaveLength(1);
    const { totals } = await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'));
    for (const { balance } of totals) expect(balance?.minor).toBe(0n);
  };
});
