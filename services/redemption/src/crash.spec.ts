import { type EventStore, memoryStore } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { simulatedClock } from '@vouchsafe/runtime';
import { TEST_START, testPorts } from '@vouchsafe/testing';
import { BATCH, codeOf, openShop } from './testing/shop.js';

/** Dies at the n-th append: before it is written, or after it was and before anybody heard. */
const mortal = (store: EventStore, dieAt: number, afterwards: boolean) => {
  let appends = 0;
  const killed = (): never => {
    throw new Fault('KILLED', 'the process is gone', false);
  };
  const append: EventStore['append'] = async (request) => {
    appends++;
    if (appends > dieAt || (appends === dieAt && !afterwards)) return killed();
    const result = await store.append(request);
    return appends === dieAt ? killed() : result;
  };
  return new Proxy(store, { get: (target, key) => (key === 'append' ? append : typeof target[key as keyof EventStore] === 'function' ? (target[key as 'close'] as () => unknown).bind(target) : target[key as keyof EventStore]) });
};

const ranges = [{ batchId: BATCH, from: 0, to: 600 }];
const redeemed = (store: EventStore) => store.readStream('grant-ord_1_1_0', { max: 500 });

describe('a process that dies at any append', () => {
  const deaths = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((at) => [[at, false], [at, true]] as const);
  it.each(deaths)('the %ith (written: %s), leaves nothing undone or done twice', async (dieAt, afterwards) => {
    const clock = simulatedClock(TEST_START);
    const store = memoryStore(clock);
    const life = async (lived: EventStore) => {
      const shop = await openShop({ ports: { ...testPorts({ store: lived }), clock } });
      const redeem = () => shop.soon(shop.ports.rpc.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: codeOf(1) }, sequence: 1n }, shop.as()));
      const twice = async <T>(work: () => T | Promise<T>): Promise<T> => (await Promise.allSettled([work(), work()]), work());
      try {
        const activated = await twice(() => shop.activate({ ranges }));
        const given = await twice(() => shop.disclose({ unitsInLine: 600 }));
        const used = await twice(redeem);
        const voided = await twice(() => shop.void({ unitsInLine: 600, quantity: 300 }));
        return { activated, given, used: used.redemption?.redemptionId, voided };
      } finally {
        await shop.stop();
        await shop.ports.readStore.close();
      }
    };
    const calm = await life(memoryStore(clock));
    await life(mortal(store, dieAt, afterwards)).catch(() => {});
    await clock.advance(60_000);
    const end = await life(store);
    expect(end.given).toEqual(calm.given);
    expect(end.used).toBe(calm.used);
    expect(end.voided.ok && end.voided.result.accepted.reduce((n, { from, to }) => n + to - from, 0)).toBe(300);
    expect((await redeemed(store)).filter(({ type }) => type === 'redemption.VoucherRedeemed.v1')).toHaveLength(1);
    const ends = new Set<unknown>();
    for (const chunk of [0, 1, 2]) {
      const events = await store.readStream(`grant-ord_1_1_${chunk}`, { max: 100 });
      const types = events.map(({ type }) => type);
      ends.add((events[0]!.data as { at: string }).at);
      expect(types.filter((type) => type === 'redemption.GrantActivated.v1')).toHaveLength(1);
      expect(types.filter((type) => type === 'redemption.UnitsDisclosed.v1')).toHaveLength(1);
    }
    expect(ends.size).toBe(1); // all chunks of a line are valid equally long
  });
});
