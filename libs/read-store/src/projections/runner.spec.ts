import { type EventStore, memoryStore, NO_STREAM, type Position, START } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, nextTurn, silentLog, type SimulatedClock, simulatedClock } from '@vouchsafe/runtime';
import type { CollectionSpec, Commit, Projection, ReadStore, WriteOp } from '../port.js';
import { sqliteReadStore } from '../sqlite-read-store.js';
import { type Card, card, codec, except, type TillEvent, total } from '../testing/till.js';
import { bind } from './bound.js';
import type { ProjectionRunner } from '../runner-port.js';
import { startProjections } from './runner.js';

/** As the embedded adapter commits, and as one does that saves documents and checkpoints apart. */
const ADAPTERS = [
  ['that commit with their checkpoint', (store: ReadStore): ReadStore => store],
  ['whose checkpoint is saved apart', (store: ReadStore): ReadStore => except(store, { commit: undefined })],
] as const;

describe.each(ADAPTERS)('projections %s', (_, adapter) => {
  let clock: SimulatedClock;
  let store: EventStore;
  let readStore: ReadStore;
  const runners: ProjectionRunner[] = [];
  let count = 0;

  beforeEach(() => {
    clock = simulatedClock(instant(1_700_000_000_000));
    store = memoryStore(clock);
    readStore = adapter(sqliteReadStore({ file: ':memory:', log: silentLog }));
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    await readStore.close();
  });

  const append = async (stream: string, ...events: readonly (TillEvent | { readonly unknown: string })[]): Promise<void> => {
    const expected = await store.revisionOf(stream);
    const at = clock.now();
    await store.append({
      stream, expected: expected ?? NO_STREAM,
      events: events.map((event) => ({
        id: eventIdOf(`command-${count++}`, 0), occurredAt: at, correlation: stream, causation: 'c', principal: 'pri_x',
        ...('unknown' in event ? { type: event.unknown, data: {} } : codec.encode(event)),
      })),
    });
  };
  const start = async (...projections: readonly ReturnType<typeof bind>[]): Promise<ProjectionRunner> => {
    const runner = await startProjections({ name: 'till', store, readStore, log: silentLog, clock, projections });
    runners.push(runner);
    return runner;
  };
  const cards = () => readStore.collection<Card>(card.collection);
  const totals = () => readStore.collection<{ sum: number }>(total.collection);
  const bound = [bind(card, codec, ['till']), bind(total, codec, ['till'])] as const;

  it('applies what lies in the log and what comes later', async () => {
    await append('till-1', { type: 'Opened', owner: 'a' }, { type: 'Added', amount: 3 });
    const runner = await start(...bound);
    await runner.caughtUp();
    expect(await (await cards()).get('till-1')).toEqual({ id: 'till-1', value: { owner: 'a', sum: 3 }, revisions: readStore.commit ? {} : { '@log': 1 } });
    await append('till-1', { type: 'Added', amount: 4 });
    expect(await runner.waitFor(store.head(), 1000)).toBe(true);
    expect((await (await cards()).get('till-1'))?.value.sum).toBe(7);
    expect((await (await totals()).get('all'))?.value.sum).toBe(7);
    expect(runner.lag().events).toBe(0);
  });

  it('changes nothing when events come a second time, where that can be', async () => {
    if (readStore.commit) return; // the checkpoint is never behind the documents
    await append('till-1', { type: 'Opened', owner: 'a' }, { type: 'Added', amount: 3 });
    await (await start(...bound)).caughtUp();
    await runners.pop()!.stop();
    await readStore.saveCheckpoint('projections/till', 0 as never); // a crash before the checkpoint
    await append('till-1', { type: 'Added', amount: 1 });
    await (await start(...bound)).caughtUp();
    expect((await (await cards()).get('till-1'))?.value.sum).toBe(4);
    expect((await (await totals()).get('all'))?.value.sum).toBe(4);
  });

  it('is caught up also when the newest events are others\'', async () => {
    await append('till-1', { type: 'Opened', owner: 'a' });
    await append('other-1', { type: 'Closed' });
    const runner = await start(...bound);
    await runner.caughtUp();
    expect(await runner.waitFor(store.head(), 1000)).toBe(true);
  });

  it('counts and skips an event of an unknown type', async () => {
    await append('till-1', { type: 'Opened', owner: 'a' }, { unknown: 'till.Newer.v1' }, { type: 'Added', amount: 2 });
    const runner = await start(...bound);
    await runner.caughtUp();
    expect(runner.stats()).toEqual({ applied: 3, unknown: 1, failing: undefined });
    expect((await (await cards()).get('till-1'))?.value.sum).toBe(2);
  });

  it('keeps no more than the log position for a document, however many streams feed it', async () => {
    for (let i = 0; i < 40; i++) await append(`till-${i}`, { type: 'Added', amount: 1 });
    await (await start(...bound)).caughtUp();
    expect(await (await totals()).get('all')).toEqual({ id: 'all', value: { sum: 40 }, revisions: readStore.commit ? {} : { '@log': 39 } });
  });

  it('fills a collection that comes later from the start of the log', async () => {
    await append('till-1', { type: 'Opened', owner: 'a' }, { type: 'Added', amount: 3 });
    await (await start(bound[0])).caughtUp();
    await runners.pop()!.stop();
    await append('till-1', { type: 'Added', amount: 1 });
    await (await start(...bound)).caughtUp();
    expect((await (await totals()).get('all'))?.value.sum).toBe(4);
    expect((await (await cards()).get('till-1'))?.value.sum).toBe(4);
  });

  it('rebuilds beside the live collection, tells the differences and switches', async () => {
    for (let i = 0; i < 3; i++) await append(`till-${i}`, { type: 'Opened', owner: 'a' }, { type: 'Added', amount: i });
    await append('till-2', { type: 'Closed' });
    const runner = await start(...bound);
    await runner.caughtUp();
    expect(await runner.rebuild('card')).toEqual({ equal: true, documents: 2, differences: [] });
    const live = await cards();
    await live.write([{ id: 'till-1', value: { owner: 'b', sum: 9 }, revisions: { 'till-1': 1, tampered: 1 } }]);
    expect(await runner.rebuild('card')).toEqual({ equal: false, documents: 2, differences: ['till-1: differs at owner'] });
    expect((await live.get('till-1'))?.value).toEqual({ owner: 'a', sum: 1 });
    await append('till-1', { type: 'Added', amount: 5 });
    await runner.caughtUp();
    expect((await live.get('till-1'))?.value).toEqual({ owner: 'a', sum: 6 });
    expect(await readStore.collectionNames()).toEqual(['card', 'halted_till', 'total']);
  });

  it('rebuilds one after the other where two are asked for at once: neither takes the other\'s documents away', async () => {
    for (let i = 0; i < 1_200; i++) await append(`till-${i}`, { type: 'Opened', owner: 'a' });
    const runner = await start(...bound);
    const rebuilt = await Promise.all([runner.rebuild('card'), runner.rebuild('card')]);
    await runner.caughtUp();
    expect([rebuilt.map(({ equal }) => equal), await (await cards()).count()]).toEqual([[true, true], 1_200]);
  });

  describe('that fail', () => {
    let broken = true;
    const fragile: Projection<TillEvent, Card> = {
      ...card,
      apply: (value, event, meta, id) => {
        if (broken && id === 'till-1' && event.type === 'Added') throw new Error('cannot add');
        return card.apply(value, event, meta, id);
      },
    };
    beforeEach(() => void (broken = true));

    it('on an event halt its document, tell of it once, and nothing else', async () => {
      await append('till-1', { type: 'Opened', owner: 'a' }, { type: 'Added', amount: 3 });
      await append('till-2', { type: 'Opened', owner: 'b' }, { type: 'Added', amount: 4 });
      const runner = await start(bind(fragile, codec, ['till']), bound[1]);
      await expect(runner.caughtUp()).rejects.toMatchObject({ code: 'DOCUMENT_HALTED', message: expect.stringContaining('cannot add') });
      await runner.caughtUp();
      expect((await (await cards()).get('till-1'))?.value).toEqual({ owner: 'a', sum: 0 });
      expect((await (await cards()).get('till-2'))?.value).toEqual({ owner: 'b', sum: 4 });
      expect((await (await totals()).get('all'))?.value.sum).toBe(7);
      broken = false;
      await append('till-1', { type: 'Added', amount: 5 });
      await runner.caughtUp();
      expect((await (await cards()).get('till-1'))?.value.sum).toBe(0); // it would be wrong by 3
    });

    it('stand still over a restart until they are rebuilt', async () => {
      await append('till-1', { type: 'Opened', owner: 'a' }, { type: 'Added', amount: 3 });
      const first = await start(bind(fragile, codec, ['till']));
      await expect(first.caughtUp()).rejects.toThrow('cannot add');
      await runners.pop()!.stop();
      broken = false;
      await append('till-1', { type: 'Added', amount: 5 });
      const second = await start(bind(fragile, codec, ['till']));
      await second.caughtUp();
      expect(second.halted()).toEqual([{ collection: 'card', document: 'till-1', stream: 'till-1', revision: 1, error: 'Error: cannot add' }]);
      expect(await second.rebuild('card')).toEqual({ equal: false, documents: 1, differences: ['till-1: differs at sum'] });
      expect(second.halted()).toEqual([]);
      expect((await (await cards()).get('till-1'))?.value.sum).toBe(8);
    });

    it('on an event that cannot be read pass it over, and say so', async () => {
      await append('till-1', { type: 'Opened', owner: 'a' });
      await store.append({ stream: 'till-1', expected: 0, events: [{ id: eventIdOf('x', 0), type: 'till.Added.v1', data: { amount: 'much' }, occurredAt: clock.now(), correlation: 'c', causation: 'c', principal: 'p' }] });
      await append('till-1', { type: 'Added', amount: 1 });
      const runner = await start(bound[0]);
      await expect(runner.caughtUp()).rejects.toThrow('stands still');
      expect(runner.halted()).toEqual([{ collection: 'card', stream: 'till-1', revision: 1, error: expect.stringContaining('amount') }]);
      expect((await (await cards()).get('till-1'))?.value.sum).toBe(1);
    });

    it('on everything are no poisoned events: the runner stands still', async () => {
      const hopeless: Projection<TillEvent, Card> = { ...card, apply: () => { throw new Error('hopeless'); } };
      for (let i = 0; i < 120; i++) await append(`till-${i}`, { type: 'Opened', owner: 'a' });
      const runner = await start(bind(hopeless, codec, ['till']));
      await expect(runner.caughtUp()).rejects.toMatchObject({ code: 'PROJECTION_BROKEN' });
      expect(await readStore.loadCheckpoint('projections/till')).toBeUndefined();
    });
  });

  it('tell who waits when the read store fails, and go on once it can', async () => {
    let broken = true;
    const refuse = (): void => {
      if (broken) throw new Error('disk full');
    };
    const failing = except(readStore, {
      ...(readStore.commit && { commit: async (commit: Commit) => (refuse(), readStore.commit!(commit)) }),
      collection: async <T>(spec: CollectionSpec) => {
        const real = await readStore.collection<T>(spec);
        return except(real, { write: async (ops: readonly WriteOp<T>[]) => {
          if (spec.name === 'total') refuse();
          await real.write(ops);
        } });
      },
    });
    await append('till-1', { type: 'Added', amount: 3 });
    const runner = await startProjections({ name: 'till', store, readStore: failing, log: silentLog, clock, projections: [bound[1]] });
    runners.push(runner);
    await expect(runner.caughtUp()).rejects.toThrow('disk full');
    broken = false;
    await clock.advance(20_000);
    await runner.caughtUp();
    expect((await (await totals()).get('all'))?.value.sum).toBe(3);
  });

  it('end with the same documents wherever a crash comes between their writes', async () => {
    const amounts = [3, 1, 4, 1, 5, 9, 2, 6];
    for (const [i, amount] of amounts.entries()) {
      if (i < 3) await append(`till-${i}`, { type: 'Opened', owner: 'a' });
      await append(`till-${i % 3}`, { type: 'Added', amount });
      if (i === 4) await append('till-2', { type: 'Closed' });
    }
    for (let crashAt = 0; crashAt < 4; crashAt++) {
      readStore = adapter(sqliteReadStore({ file: ':memory:', log: silentLog }));
      let steps = 0;
      const step = async (work: () => Promise<void>): Promise<void> => {
        if (steps++ >= crashAt) throw new Error('killed');
        await work();
      };
      const dying = except(readStore, {
        ...(readStore.commit && { commit: (commit: Commit) => step(() => readStore.commit!(commit)) }),
        collection: async <T>(spec: CollectionSpec) => {
          const real = await readStore.collection<T>(spec);
          return spec.name.startsWith('halted') ? real : except(real, { write: (ops: readonly WriteOp<T>[]) => step(() => real.write(ops)) });
        },
        saveCheckpoint: (name, position) => (name === 'projections/till' ? step(() => readStore.saveCheckpoint(name, position)) : readStore.saveCheckpoint(name, position)),
      });
      const first = await startProjections({ name: 'till', store, readStore: dying, log: silentLog, clock, projections: [...bound] });
      await first.caughtUp().catch(() => {});
      await first.stop().catch(() => {});
      const second = await start(...bound);
      await second.caughtUp();
      expect((await (await totals()).get('all'))?.value.sum).toBe(31);
      expect((await (await cards()).find({ limit: 9 })).map(({ id, value }) => [id, value.sum])).toEqual([['till-0', 6], ['till-1', 12]]);
      await second.stop();
      runners.pop();
      if (crashAt < 3) await readStore.close();
    }
  });

  it('refuse a read store that has seen what the log does not have', async () => {
    await append('till-1', { type: 'Added', amount: 3 });
    await readStore.saveCheckpoint('projections/till', 7 as Position);
    await expect(start(...bound)).rejects.toMatchObject({ code: 'READ_STORE_AHEAD' });
  });

  it('begin where another replica has come, though this process has not heard of it', async () => {
    await append('till-1', { type: 'Opened', owner: 'a' }, { type: 'Added', amount: 3 });
    const another = await start(...bound);
    await another.caughtUp();
    await another.stop();
    const behind = { head: () => START, durable: (at: Position) => store.durable(at), readAll: (of: Parameters<typeof store.readAll>[0]) => store.readAll(of), subscribe: (of: Parameters<typeof store.subscribe>[0]) => store.subscribe(of) };
    const runner = await startProjections({ name: 'till', store: behind, readStore, log: silentLog, clock, projections: bound });
    runners.push(runner);
    await append('till-1', { type: 'Added', amount: 4 });
    await runner.waitFor(store.head(), 2_000);
    expect((await (await cards()).get('till-1'))?.value.sum).toBe(7);
  });

  it('are begun anew by the watchdog when their subscription has fallen asleep', async () => {
    let deaf = true;
    let asleep = false;
    const dozing = except(store, { subscribe: (options) => (deaf ? ((asleep = true), silence(options.signal)) : store.subscribe(options)) });
    const runner = await startProjections({ name: 'till', store: dozing, readStore, log: silentLog, clock, projections: [...bound] });
    runners.push(runner);
    await append('till-1', { type: 'Added', amount: 3 });
    while (!asleep) await nextTurn();
    runner.check();
    deaf = false;
    await clock.advance(60_000);
    expect(await runner.waitFor(store.head(), 0)).toBe(false);
    runner.check();
    await clock.advance(1000);
    expect(await runner.waitFor(store.head(), 1000)).toBe(true);
  });
});

async function* silence(signal: AbortSignal): AsyncIterable<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  yield* [];
}
