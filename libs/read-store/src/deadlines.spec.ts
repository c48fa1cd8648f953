import { instant } from '@vouchsafe/kernel';
import { clockTimers, silentLog, type SimulatedClock, simulatedClock } from '@vouchsafe/runtime';
import { type DeadlineOptions, startDeadlines } from './deadlines.js';
import type { Collection, Doc, ReadStore } from './port.js';
import { sqliteReadStore } from './sqlite-read-store.js';

type Due = { readonly dueAt: number; readonly order: string };
const START = instant(1_767_225_600_000);

describe.each(['watched', 'polled'])('deadlines of a %s collection', (how) => {
  let clock: SimulatedClock;
  let readStore: ReadStore;
  let collection: Collection<Due>;
  let fired: string[];
  let finds = 0;
  let revision = 0;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    clock = simulatedClock(START);
    readStore = sqliteReadStore({ file: ':memory:', log: silentLog });
    const stored = await readStore.collection<Due>({ name: 'deadlines', indexes: [{ fields: ['dueAt'] }] });
    finds = 0;
    const { watch } = stored;
    collection = {
      get: (id) => stored.get(id), getMany: (ids) => stored.getMany(ids), count: (where) => stored.count(where),
      write: (ops) => stored.write(ops), forgetDeleted: () => stored.forgetDeleted(),
      find: (query) => {
        finds++;
        return stored.find(query);
      },
      ...(how === 'watched' && watch && { watch: (changed: () => void) => watch.call(stored, changed) }),
    };
    fired = [];
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await readStore.close();
  });
  const put = (id: string, inMs: number | undefined): Promise<void> =>
    collection.write([{ id, value: inMs === undefined ? undefined : { dueAt: START + inMs, order: id }, revisions: { s: revision++ } }]);
  const start = (more: Partial<DeadlineOptions<Due>> = {}): void => {
    const onDue = async (doc: Doc<Due>): Promise<void> => {
      fired.push(doc.id);
      await put(doc.id, undefined);
    };
    stops.push(startDeadlines<Due>({ collection, clock, timers: clockTimers(clock), onDue, onError: (error) => fired.push(String(error)), ...more }));
  };

  it('fires each when its time has come, those first that are due first', async () => {
    await put('b', 60_000);
    await put('a', 30_000);
    await put('c', 3_600_000);
    start();
    await clock.advance(29_000);
    expect(fired).toEqual([]);
    await clock.advance(2000);
    expect(fired).toEqual(['a']);
    await put('early', 40_000);
    await clock.advance(30_000);
    expect(fired).toEqual(['a', 'early', 'b']);
    await clock.advance(3_600_000);
    expect(fired).toEqual(['a', 'early', 'b', 'c']);
  });

  it('fires again what is not settled, and lets nobody starve behind those that fail', async () => {
    for (let i = 0; i < 2500; i++) await put(`bad_${i}`, 1000 + i / 10);
    await put('good', 2000);
    const times = new Map<string, number>();
    start({ onDue: async ({ id }) => {
      times.set(id, (times.get(id) ?? 0) + 1);
      if (id === 'good') await put(id, undefined);
      else throw new Error('not now');
    } });
    await clock.advance(5000);
    expect(times.get('good')).toBe(1);
    expect(times.get('bad_0')).toBeGreaterThan(1);
    expect(times.get('bad_2499')).toBeGreaterThan(1);
  });

  it('fires nothing before its projection has caught up', async () => {
    await put('a', 0);
    const { promise, resolve } = Promise.withResolvers<void>();
    start({ projections: { caughtUp: () => promise } });
    await clock.advance(10_000);
    expect(fired).toEqual([]);
    resolve();
    await clock.advance(1000);
    expect(fired).toEqual(['a']);
  });

  it('stops at once', async () => {
    await put('a', 10_000);
    start();
    await clock.advance(1000);
    await stops.pop()!();
    await clock.advance(20_000);
    expect(fired).toEqual([]);
  });

  if (how === 'watched') {
    it('lets a simulated month pass with a handful of looks', async () => {
      start();
      await clock.advance(30 * 86_400_000);
      expect(finds).toBeLessThan(2000);
    });
  }
});
