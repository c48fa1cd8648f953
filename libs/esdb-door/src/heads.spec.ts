import { type EventStore, NO_STREAM } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { anAppend } from '@vouchsafe/event-store/testing';
import { type Follower, sqliteReadStore, startFollower } from '@vouchsafe/read-store';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { type House, openHouse } from './testing/stores.js';

describe('how far a follower is behind on EventStoreDB', () => {
  const [clock, log] = [systemClock(), silentLog];
  let house: House;
  const opened: { close(): Promise<void> }[] = [];
  const open = async (): Promise<EventStore> => {
    const store = await openEsdbStore({ connectionString: house.url, clock, log, backoffMs: 5, backoffMaxMs: 100 });
    opened.push(store);
    return store;
  };
  const followers: Follower[] = [];
  /** What it is given is handled when `until` settles. */
  const follow = async (store: EventStore, categories: readonly string[], until: Promise<void> = Promise.resolve()): Promise<Follower> => {
    const readStore = sqliteReadStore({ file: ':memory:', log });
    opened.push(readStore);
    const follower = await startFollower({ name: 'f', store, readStore, categories, log, clock, gatherMs: 0, handle: () => until });
    followers.push(follower);
    return follower;
  };
  beforeEach(async () => {
    house = await openHouse();
  });
  afterEach(async () => {
    for (const follower of followers.splice(0)) await follower.stop();
    for (const one of opened.splice(0).reverse()) await one.close();
    await house.close();
  });

  it('does not count what others write', async () => {
    const store = await open();
    await store.append(anAppend('rare-1', NO_STREAM, 'a'));
    const follower = await follow(store, ['rare']);
    await follower.caughtUp();
    for (let i = 0; i < 50; i++) await store.append(anAppend(`busy-${i}`, NO_STREAM, 'b'));
    expect(store.head()).toBeGreaterThan(follower.seen);
    expect(follower.lag()).toMatchObject({ events: 0, ageMs: 0 });
  });

  it('counts its own, while they are not handled', async () => {
    const store = await open();
    let release = (): void => {};
    const follower = await follow(store, ['rare'], new Promise((resolve) => (release = resolve)));
    await store.append(anAppend('rare-1', NO_STREAM, 'a'));
    await store.append(anAppend('busy-1', NO_STREAM, 'b'));
    expect(follower.lag().events).toBeGreaterThan(0);
    release();
    await follower.caughtUp();
    expect(follower.lag().events).toBe(0);
  });

  it('counts its own that another replica wrote, once somebody has asked and the end was looked at', async () => {
    const [store, other] = [await open(), await open()];
    await other.append(anAppend('rare-1', NO_STREAM, 'a'));
    const before = store.head(['rare']);
    const until = clock.monotonicMs() + 30_000;
    while (store.head(['rare']) === before && clock.monotonicMs() < until) await clock.sleep(20);
    expect(store.head(['rare'])).toBeGreaterThan(before);
    expect(store.head(['busy'])).toBe(before);
  });

  it('counts what lay in the log when the process came, for it may be its own', async () => {
    await (await open()).append(anAppend('rare-1', NO_STREAM, 'a'));
    const store = await open();
    expect(store.head(['rare'])).toBe(store.head());
  });
});
