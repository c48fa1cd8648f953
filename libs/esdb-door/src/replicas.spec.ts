import { eventCodec, int, record, text } from '@vouchsafe/codec';
import { DeciderHost, type EventStore, NO_STREAM, type RecordedEvent } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { anAppend, readToEnd } from '@vouchsafe/event-store/testing';
import { accept, type Decider, type Instant, isFault, type Message } from '@vouchsafe/kernel';
import { sqliteReadStore, startFollower } from '@vouchsafe/read-store';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { CuttingProxy } from './testing/cutting-proxy.js';
import { type House, openHouse } from './testing/stores.js';

type Added = Message<'Added', { id: string; by: number }>;
type Add = Message<'Add', { id: string; by: number }>;
/** Does each command once. */
const counter: Decider<{ readonly sum: number; readonly done: readonly string[] }, Add, Added, never> = {
  initial: { sum: 0, done: [] },
  decide: ({ id, by }, { done }) => (done.includes(id) ? accept() : accept<Added>({ type: 'Added', id, by })),
  evolve: ({ sum, done }, { id, by }) => ({ sum: sum + by, done: [...done, id] }),
};
const codec = eventCodec<Added>('test', { Added: { version: 1, shape: record({ id: text(), by: int }), published: true } });
const clock = systemClock();

/** Replicas of a service: each with the adapter, the client library and a connection of its own. */
describe('several replicas on one event store', () => {
  let house: House;
  let proxies: CuttingProxy[];
  let stores: EventStore[];
  beforeEach(async () => {
    house = await openHouse();
    proxies = await Promise.all([1, 2, 3].map(() => CuttingProxy.before(house.door.port)));
    stores = await Promise.all(proxies.map(({ port }) => openEsdbStore({ connectionString: `esdb://127.0.0.1:${port}?tls=false`, clock, log: silentLog, backoffMs: 5, backoffMaxMs: 50 })));
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    for (const proxy of proxies) await proxy.close();
    await house.close();
  });
  const hosts = () => stores.map((store) => new DeciderHost({ store, decider: counter, codec, clock, random: systemRandom() }));

  it('decide about one stream together: each command once, although every one is asked of all of them, and lines break', async () => {
    const all = hosts();
    const ask = async (host: (typeof all)[number], id: string): Promise<void> => {
      for (;;) {
        try {
          await host.handle('pool-1', { type: 'Add', id, by: 1 }, { commandId: id, correlation: 'ord_1', principal: 'pri_1', at: clock.now() });
          return;
        } catch (error) {
          if (!isFault(error) || !error.retryable) throw error; // told to ask again
        }
      }
    };
    const breaking = setInterval(() => proxies[Math.floor(systemRandom().fraction() * proxies.length)]!.cutAll(), 40);
    try {
      for (let round = 0; round < 8; round++) await Promise.all(all.flatMap((host) => [0, 1, 2].map((i) => ask(host, `command ${round * 3 + i}`))));
    } finally {
      clearInterval(breaking);
    }
    const events = await house.store.readStream('pool-1', { max: 100 });
    expect(events.map(({ data }) => (data as { id: string }).id).sort()).toEqual(Array.from({ length: 24 }, (_, i) => `command ${i}`).sort());
    expect(events.map(({ pub }) => pub)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    for (const host of all) expect((await host.load('pool-1')).state.sum).toBe(24);
  }, 60_000);

  it('follow what others append, know when they have caught up, and go on from where they were', async () => {
    const readStore = sqliteReadStore({ file: ':memory:', log: silentLog });
    const handled: RecordedEvent[] = [];
    const start = () => startFollower({ name: 'orders', store: stores[0]!, readStore, categories: ['order'], log: silentLog, clock, handle: async (events) => void handled.push(...events) });
    const follower = await start();
    for (let i = 0; i < 5; i++) await stores[1]!.append(anAppend(`order-${i}`, NO_STREAM, `o${i}`));
    const last = await stores[1]!.append(anAppend('ledger-1', NO_STREAM, 'others'));
    // A position of another replica's, behind the last event that concerns this follower.
    expect(await follower.waitFor(last.ok ? last.position : stores[1]!.head(), 5_000)).toBe(true);
    expect(handled.map(({ stream }) => stream)).toEqual(['order-0', 'order-1', 'order-2', 'order-3', 'order-4']);
    await stores[0]!.append(anAppend('ledger-2', NO_STREAM, 'quiet'));
    await follower.caughtUp();
    expect(follower.lag().events).toBe(0);
    await follower.stop();
    const again = await start();
    await stores[2]!.append(anAppend('order-5', NO_STREAM, 'o5'));
    await readToEnd(stores[0]!);
    await again.caughtUp();
    expect(handled.map(({ stream }) => stream).slice(5)).toEqual(['order-5']);
    await again.stop();
    await readStore.close();
  });

  it('tell times that lie in order in one log', async () => {
    for (let i = 0; i < 9; i++) await stores[i % 3]!.append(anAppend(`order-${i}`, NO_STREAM, `t${i}`));
    const times: Instant[] = (await readToEnd(stores[0]!)).map(({ recordedAt }) => recordedAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
