import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { type EventStore, NO_STREAM } from '@vouchsafe/event-store';
import { anAppend, readToEnd } from '@vouchsafe/event-store/testing';
import { type Log, seededRandom, silentLog, systemClock } from '@vouchsafe/runtime';
import { CuttingProxy } from './testing/cutting-proxy.js';
import { type House, openHouse } from './testing/stores.js';

const APPENDS = process.env.VOUCHSAFE_LONG === '1' ? 10_000 : 400;
const STREAMS = 20;
/** One in ten. */
const SHARE = 0.1;
const RESOLVED_WITHIN_MS = 30_000;

describe('answers that are lost after the commit (R9)', () => {
  let house: House;
  let proxy: CuttingProxy;
  let store: EventStore;
  let doubts = 0;
  const log: Log = { ...silentLog, warn: (_fields, message) => { if (message.startsWith('the outcome')) doubts++; } };

  beforeEach(async () => {
    house = await openHouse();
    proxy = await CuttingProxy.before(house.door.port);
    store = await openEsdbStore({ connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`, clock: systemClock(), log, backoffMs: 5, backoffMaxMs: 100 });
    doubts = 0;
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await house.close();
  });

  it('leave no append twice, none lost, none unknown', async () => {
    const chance = seededRandom(9);
    let slowest = 0;
    const answers: unknown[] = [];
    const revisions = new Map<string, number>();
    for (let i = 0; i < APPENDS; i++) {
      const stream = `order-${i % STREAMS}`;
      const expected = revisions.get(stream) ?? NO_STREAM;
      if (chance.fraction() < SHARE) {
        // The line is cut once the event is in the log, with the answer on its way.
        const before = house.store.stats().eventsAppended;
        proxy.cutWhen(() => house.store.stats().eventsAppended > before);
      }
      const from = performance.now();
      const result = await store.append(anAppend(stream, expected, `append ${i}`));
      slowest = Math.max(slowest, performance.now() - from);
      answers.push(result.ok && !result.repeated ? result.revision - expected : result);
      revisions.set(stream, expected + 1);
    }
    expect(answers).toEqual(Array.from({ length: APPENDS }, () => 1));
    const ids = (await readToEnd(house.store, { max: 1_000 })).filter(({ stream }) => stream.startsWith('order-')).map(({ id }) => id);
    expect(ids).toHaveLength(APPENDS);
    expect(new Set(ids).size).toBe(APPENDS);
    expect(proxy.cuts).toBeGreaterThan(APPENDS * SHARE * 0.5);
    expect(doubts).toBeGreaterThanOrEqual(proxy.cuts);
    expect(slowest).toBeLessThan(RESOLVED_WITHIN_MS);
  }, 600_000);

  it('leave none twice where many appends are under way at once', async () => {
    const before = house.store.stats().eventsAppended;
    proxy.cutWhen(() => house.store.stats().eventsAppended > before + 20);
    const results = await Promise.all(Array.from({ length: 60 }, async (_, i) => store.append(anAppend(`order-${i}`, NO_STREAM, `many ${i}`, 3))));
    expect(results.filter((result) => result.ok && !result.repeated && result.revision === 2)).toHaveLength(60);
    expect(proxy.cuts).toBe(1);
    const events = (await readToEnd(house.store)).filter(({ stream }) => stream.startsWith('order-'));
    expect(events).toHaveLength(180);
    expect(new Set(events.map(({ stream, revision }) => `${stream} ${revision}`)).size).toBe(180);
  });

  it('do not break a subscription: it goes on from the last event it had', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const page of store.subscribe({ after: store.head(), categories: ['pool'], signal: stop.signal })) {
        for (const { revision } of page.events) {
          seen.push(revision);
          if (revision % 10 === 3) proxy.cutAll();
          if (revision === 59) stop.abort();
        }
      }
    })();
    for (let i = 0; i < 60; i++) await house.store.append(anAppend('pool-1', i - 1, `pool ${i}`));
    await following;
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });
});
