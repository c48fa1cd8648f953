import { list, record, text, int } from '@vouchsafe/codec';
import { Fault } from '@vouchsafe/kernel';
import { eventIdOf, seededRandom } from '@vouchsafe/runtime';
import { DeciderHost, type DeciderHostOptions } from './decider-host.js';
import { memoryStore } from './memory-store.js';
import type { AppendRequest, AppendResult, EventStore } from './port.js';
import type { SnapshotCache } from './snapshots.js';
import { anAppend } from './testing/builders.js';
import {
  add,
  asked,
  type Counter,
  type CounterCommand,
  type CounterEvent,
  counter,
  counterCodec,
} from './testing/counter.js';
import { SteppedClock } from './testing/stepped-clock.js';

type Options = DeciderHostOptions<Counter, CounterCommand, CounterEvent, 'TOO_MUCH' | 'ID_REUSED'>;

const clock = new SteppedClock();
/** A clock on which nobody has to wait. */
const instantly = { now: () => clock.now(), monotonicMs: () => 0, sleep: async () => {} };
const hostOn = (store: EventStore, options: Partial<Options> = {}) =>
  new DeciderHost<Counter, CounterCommand, CounterEvent, 'TOO_MUCH' | 'ID_REUSED'>({
    store,
    clock: instantly,
    random: seededRandom(1),
    decider: counter,
    codec: counterCodec,
    ...options,
  });

/** A store whose calls can be counted and changed. */
const around = (
  store: EventStore,
  changes: { exclusive?: boolean; append?: (request: AppendRequest) => Promise<AppendResult> } = {},
) => {
  const counts = { eventsRead: 0, appends: 0 };
  const outer: EventStore = {
    exclusive: changes.exclusive ?? store.exclusive,
    epoch: store.epoch,
    append: (request) => {
      counts.appends++;
      return changes.append ? changes.append(request) : store.append(request);
    },
    appendMany: (requests) => store.appendMany(requests),
    readStream: async (stream, options) => {
      const events = await store.readStream(stream, options);
      counts.eventsRead += events.length;
      return events;
    },
    revisionOf: (stream) => store.revisionOf(stream),
    readAll: (options) => store.readAll(options),
    subscribe: (options) => store.subscribe(options),
    head: () => store.head(),
    durable: (position) => store.durable(position),
    close: () => store.close(),
  };
  return { store: outer, counts };
};

describe('a decider’s host', () => {
  it('records what was decided, with ids and numbers that follow from the command', async () => {
    const store = memoryStore(clock);
    const accepted: unknown[] = [];
    const host = hostOn(store, {
      onAccepted: (stream, folded, events) => accepted.push({ stream, ...folded, events }),
    });
    const handled = await host.handle('counter-1', add('a', 5, 2), { ...asked('cmd'), trace: 't' });
    const state = { sum: 10, seen: ['a 5', 'a 5'] };
    const events = [
      { type: 'Added', id: 'a', by: 5 },
      { type: 'Added', id: 'a', by: 5 },
      { type: 'Noted', id: 'a' },
    ];
    expect(handled).toEqual({ ok: true, state, revision: 2, pub: 2, events, position: store.head() });
    expect(accepted).toEqual([{ stream: 'counter-1', state, revision: 2, pub: 2, events }]);
    const recorded = await store.readStream('counter-1', { max: 9 });
    expect(
      recorded.map(({ id, type, pub, causation, correlation, principal, trace, occurredAt }) => ({
        id,
        type,
        pub,
        causation,
        correlation,
        principal,
        trace,
        occurredAt,
      })),
    ).toEqual(
      [1, 2, undefined].map((pub, i) => ({
        id: eventIdOf('cmd', i),
        type: i < 2 ? 'test.Added.v1' : 'test.Noted.v1',
        pub,
        causation: 'cmd',
        correlation: 'ord_1',
        principal: 'pri_1',
        trace: 't',
        occurredAt: 1_760_000_000_000,
      })),
    );
  });

  it('answers no with the reason, and "already so" without an event', async () => {
    const store = memoryStore(clock);
    const host = hostOn(store);
    await host.handle('counter-1', add('a', 900), asked('a'));
    expect(await host.handle('counter-1', add('b', 101), asked('b'))).toMatchObject({
      ok: false,
      code: 'TOO_MUCH',
      details: { sum: '900' },
      revision: 1,
    });
    expect(await host.handle('counter-1', add('a', 900), asked('a'))).toMatchObject({
      ok: true,
      events: [],
      position: undefined,
      revision: 1,
      pub: 1,
    });
    expect(await host.handle('counter-1', add('a', 1), asked('a'))).toMatchObject({ ok: false, code: 'ID_REUSED' });
    expect(await store.revisionOf('counter-1')).toBe(1);
  });

  it.each<[string, (store: EventStore) => EventStore]>([
    ['at once', (store) => store],
    ['later', (store) => around(store, { append: async (request) => store.append(request) }).store],
  ])('decides one at a time per stream, so that a thousand at once make no conflict where the store answers %s', async (_, answering) => {
    const store = answering(memoryStore(clock));
    const host = hostOn(store, { cacheMax: 3 });
    const all = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => host.handle(`counter-${i % 10}`, add(`c${i}`, 20), asked(`c${i}`))),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(500);
    expect(host.conflicts).toBe(0);
    expect(host.cached).toBeLessThanOrEqual(3);
    for (let i = 0; i < 10; i++) expect((await host.load(`counter-${i}`)).state.sum).toBe(1000);
  });

  it('decides and looks at once where the store has all in memory, and hears of it before it answers', () => {
    const heard: number[] = [];
    const host = hostOn(memoryStore(clock), { onAccepted: (_, { revision }) => heard.push(revision) });
    expect(host.decide('counter-1', add('a', 5), asked('a'))).toMatchObject({ ok: true, revision: 1, state: { sum: 5 } });
    expect(heard).toEqual([1]);
    expect(host.look('counter-1')).toMatchObject({ revision: 1, state: { sum: 5 } });
    expect(host.look('counter-2')).toEqual({ revision: -1, pub: 0, state: counter.initial });
    expect(host.cached).toBe(1);
  });

  it('takes the next decision of who hears of the last, on what that left', async () => {
    const host = hostOn(memoryStore(clock), {
      onAccepted: (stream, { revision }) => void (revision < 4 && answers.push(host.handle(stream, add(`then ${revision}`, 10), asked(`then ${revision}`)))),
    });
    const answers: ReturnType<typeof host.handle>[] = [];
    expect(await host.handle('counter-1', add('a', 5), asked('a'))).toMatchObject({ revision: 1, state: { sum: 5 } });
    expect((await Promise.all(answers)).map(({ revision, state }) => [revision, state.sum]).sort()).toEqual([[3, 15], [5, 25]]);
    expect(host.conflicts).toBe(0);
  });

  it('reads a stream again after it was let go from memory', async () => {
    const { store, counts } = around(memoryStore(clock));
    const host = hostOn(store, { cacheMax: 2 });
    for (let i = 0; i < 5; i++) await host.handle(`counter-${i}`, add('a', i), asked(`a${i}`));
    expect(counts.eventsRead).toBe(0);
    expect((await host.handle('counter-0', add('b', 7), asked('b'))).state.sum).toBe(7);
    expect(counts.eventsRead).toBe(2);
  });

  it('goes on with the next command after a decider’s bug', async () => {
    const host = hostOn(memoryStore(clock));
    const [broken, fine] = await Promise.allSettled([
      host.handle('counter-1', add('a', -1), asked('a')),
      host.handle('counter-1', add('b', 1), asked('b')),
    ]);
    expect(broken.status).toBe('rejected');
    expect(fine).toMatchObject({ status: 'fulfilled', value: { ok: true, revision: 1 } });
  });

  it('refuses to decide from a stream that holds what it does not know', async () => {
    const store = memoryStore(clock);
    await store.append(anAppend('counter-1', -1, 'from the future'));
    await expect(hostOn(store).handle('counter-1', add('a', 1), asked('a'))).rejects.toMatchObject({
      code: 'STREAM_TOO_NEW',
      retryable: false,
    });
  });
});

describe('an append whose outcome is unknown', () => {
  it.each([
    ['was recorded', true],
    ['was not recorded', false],
  ])('is asked again under the same id, when it %s, to one effect', async (_, recorded) => {
    const inner = memoryStore(clock);
    let failures = 1;
    const { store } = around(inner, {
      append: async (request) => {
        if (failures-- <= 0) return inner.append(request);
        if (recorded) await inner.append(request);
        throw new Fault('STORE_UNAVAILABLE', 'the answer was lost');
      },
    });
    const host = hostOn(store);
    await expect(host.handle('counter-1', add('a', 5), asked('a'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await host.handle('counter-1', add('a', 5), asked('a'))).toMatchObject({
      ok: true,
      revision: 1,
      state: { sum: 5 },
    });
    expect(await host.handle('counter-1', add('b', 2), asked('b'))).toMatchObject({
      ok: true,
      revision: 3,
      state: { sum: 7 },
    });
  });
});

describe('where others write too', () => {
  it('decides again on what they wrote', async () => {
    const inner = memoryStore(clock);
    const [mine, theirs] = [
      hostOn(around(inner, { exclusive: false }).store),
      hostOn(around(inner, { exclusive: false }).store),
    ];
    await mine.handle('counter-1', add('a', 600), asked('a'));
    await theirs.handle('counter-1', add('b', 300), asked('b'));
    expect(await mine.handle('counter-1', add('c', 200), asked('c'))).toMatchObject({
      ok: false,
      code: 'TOO_MUCH',
      details: { sum: '900' },
    });
    expect(await mine.handle('counter-1', add('d', 100), asked('d'))).toMatchObject({
      ok: true,
      revision: 5,
      pub: 3,
      state: { sum: 1000 },
    });
    expect(mine.conflicts).toBe(1);
  });

  it('confirms a no, and an "already so", by a read before it answers', async () => {
    const inner = memoryStore(clock);
    const { store, counts } = around(inner, { exclusive: false });
    const host = hostOn(store);
    await host.handle('counter-1', add('a', 900), asked('a'));
    await inner.append({
      stream: 'counter-1',
      expected: 1,
      events: [{ ...anAppend('x', -1, 'x').events[0]!, type: 'test.Added.v1', data: { id: 'x', by: -500 } }],
    });
    expect(await host.handle('counter-1', add('b', 200), asked('b'))).toMatchObject({ ok: true, state: { sum: 600 } });
    expect(counts.appends).toBe(2);
    const before = counts.eventsRead;
    await inner.append({
      stream: 'counter-1',
      expected: 4,
      events: [{ ...anAppend('y', -1, 'y').events[0]!, type: 'test.Added.v1', data: { id: 'y', by: 1 } }],
    });
    expect(await host.handle('counter-1', add('b', 200), asked('b'))).toMatchObject({
      ok: true,
      events: [],
      state: { sum: 601 },
    });
    expect(counts.eventsRead).toBe(before + 1);
  });

  it('does not take another replica’s command of the same id for its own, if its content was other', async () => {
    const inner = memoryStore(clock);
    const [mine, theirs] = [
      hostOn(around(inner, { exclusive: false }).store),
      hostOn(around(inner, { exclusive: false }).store),
    ];
    await mine.load('counter-1');
    await theirs.handle('counter-1', add('a', 5), asked('same'));
    expect(await mine.handle('counter-1', add('a', 9), asked('same'))).toMatchObject({ ok: false, code: 'ID_REUSED' });
    expect(await mine.handle('counter-1', add('a', 5), asked('same'))).toMatchObject({
      ok: true,
      events: [],
      state: { sum: 5 },
    });
    expect(mine.conflicts).toBe(0);
  });

  it('gives up after a bounded number of lost races', async () => {
    const inner = memoryStore(clock);
    let others = 0;
    const { store, counts } = around(inner, {
      exclusive: false,
      append: async (request) => {
        const actual = await inner.revisionOf(request.stream);
        await inner.append({
          stream: request.stream,
          expected: actual,
          events: [{ ...anAppend('x', -1, `o${others++}`).events[0]!, type: 'test.Noted.v1', data: { id: 'x' } }],
        });
        return inner.append(request);
      },
    });
    const host = hostOn(store);
    await expect(host.handle('counter-1', add('a', 1), asked('a'))).rejects.toMatchObject({
      code: 'ABORTED',
      retryable: true,
    });
    expect([counts.appends, host.conflicts]).toEqual([4, 4]);
  });
});

describe('snapshots', () => {
  const shape = record({ sum: int, seen: list(text()) });
  const inMemory = (): SnapshotCache & { readonly kept: Map<string, Uint8Array> } => {
    const kept = new Map<string, Uint8Array>();
    return {
      kept,
      get: async (stream) => kept.get(stream),
      put: async (stream, bytes) => void kept.set(stream, bytes),
    };
  };
  const options = (
    cache: SnapshotCache,
    more: { version?: string; onError?: (stream: string, error: unknown) => void } = {},
  ) => ({ snapshot: { every: 100, version: '1', shape, cache, ...more } });
  /** 1,000 events of one stream, snapshotted on the way. */
  const given = async () => {
    const { store, counts } = around(memoryStore(clock));
    const cache = inMemory();
    const host = hostOn(store, options(cache));
    for (let i = 0; i < 500; i++) await host.handle('counter-1', add(`c${i}`, 1), asked(`c${i}`));
    await host.idle();
    counts.eventsRead = 0;
    return { store, counts, cache, folded: await host.load('counter-1') };
  };

  it('let a long stream start fast, with the same state', async () => {
    const { store, counts, cache, folded } = await given();
    const again = hostOn(store, options(cache));
    expect(await again.load('counter-1')).toEqual(folded);
    expect(counts.eventsRead).toBeLessThanOrEqual(101);
    expect(await again.handle('counter-1', add('c499', 1), asked('c499'))).toMatchObject({ ok: true, events: [] });
    expect(await again.handle('counter-1', add('x', 2), asked('x'))).toMatchObject({
      ok: true,
      state: { sum: 502 },
      revision: 1001,
      pub: 501,
    });
  });

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    [
      'damaged',
      (bytes) => {
        bytes[100]! ^= 1;
        return bytes;
      },
    ],
    ['cut short', (bytes) => bytes.subarray(0, 50)],
    ['empty', () => Buffer.alloc(0)],
  ])('are ignored when %s', async (_, change) => {
    const { store, cache, folded } = await given();
    cache.kept.set('counter-1', change(Buffer.from(cache.kept.get('counter-1')!)));
    expect(await hostOn(store, options(cache)).load('counter-1')).toEqual(folded);
  });

  it('are ignored when made by other code, of another stream, or of another history', async () => {
    const { store, counts, cache, folded } = await given();
    expect(await hostOn(store, options(cache, { version: '2' })).load('counter-1')).toEqual(folded);
    expect(counts.eventsRead).toBeGreaterThan(999);
    cache.kept.set('counter-2', cache.kept.get('counter-1')!);
    expect((await hostOn(store, options(cache)).load('counter-2')).state.sum).toBe(0);
    const other = memoryStore(new SteppedClock(1_770_000_000_000));
    for (let i = 0; i < 500; i++)
      await other.append({
        stream: 'counter-1',
        expected: 2 * i - 1,
        events: [0, 1].map((j) => ({
          ...anAppend('x', -1, `${i} ${j}`).events[0]!,
          type: 'test.Added.v1',
          data: { id: `${i}`, by: 0 },
        })),
      });
    expect((await hostOn(other, options(cache)).load('counter-1')).state.sum).toBe(0);
  });

  it('that cannot be read or kept are told of, and change nothing', async () => {
    const { store, folded } = await given();
    const errors: unknown[] = [];
    const broken: SnapshotCache = {
      get: () => Promise.reject(new Error('get')),
      put: () => Promise.reject(new Error('put')),
    };
    const host = hostOn(
      store,
      options(broken, { onError: (stream, error) => errors.push([stream, (error as Error).message]) }),
    );
    expect(await host.load('counter-1')).toEqual(folded);
    await host.idle();
    expect(errors).toEqual([
      ['counter-1', 'get'],
      ['counter-1', 'put'],
    ]);
  });
});

describe('where decisions open their streams, and others write too', () => {
  it('a stream that is not there is not looked for; one that is there is found by the append, and decided from as it is', async () => {
    const inner = memoryStore(clock);
    const { store, counts } = around(inner, { exclusive: false });
    let reads = 0;
    const counted: EventStore = { ...store, readStream: (stream, options) => {
      reads++;
      return store.readStream(stream, options);
    } };
    const host = hostOn(counted, { opens: true });
    expect(await host.handle('counter-1', add('c1', 5), asked('c1'))).toMatchObject({ ok: true, revision: 1 });
    expect([reads, counts.appends]).toEqual([0, 1]);
    await hostOn(inner).handle('counter-2', add('theirs', 995), asked('theirs'));
    expect(await host.handle('counter-2', add('c2', 2), asked('c2'))).toMatchObject({ ok: true, revision: 3 });
    expect(await host.handle('counter-3', add('c3', 1_001), asked('c3'))).toMatchObject({ ok: false, code: 'TOO_MUCH', revision: -1 });
    expect(reads).toBe(2);
  });

  it('a no from what was only presumed is read first: what others did makes it a yes that was given already', async () => {
    const inner = memoryStore(clock);
    await hostOn(inner).handle('counter-1', add('c1', 5), asked('c1'));
    const { store } = around(inner, { exclusive: false });
    expect(await hostOn(store, { opens: true }).handle('counter-1', add('c1', 5), asked('c1'))).toMatchObject({ ok: true, events: [], state: { sum: 5 }, revision: 1 });
  });
});

describe('where an append takes its time', () => {
  /** A store of others too, whose appends wait to be let through. */
  const slow = () => {
    const store = memoryStore(clock);
    const waiting: (() => void)[] = [];
    const shared = around(store, {
      exclusive: false,
      append: async (request) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return store.append(request);
      },
    });
    const pass = async (): Promise<void> => {
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      waiting.shift()!();
    };
    return { ...shared, inner: store, pass };
  };

  it('whoever asks about the stream meanwhile is decided with the others, in the order they came, in one append', async () => {
    const { store, counts, pass, inner } = slow();
    const accepted: string[] = [];
    const host = hostOn(store, { onAccepted: (_stream, { revision }, _events, { commandId }) => void accepted.push(`${commandId}@${revision}`) });
    const first = host.handle('counter-1', add('c1', 1), asked('c1'));
    const others = ['c2', 'c3', 'c4'].map((id) => host.handle('counter-1', add(id, 1), asked(id)));
    await pass();
    await first;
    await pass();
    const answers = await Promise.all(others);
    expect(counts.appends).toBe(2);
    expect(answers.map(({ revision }) => revision)).toEqual([3, 5, 7]);
    expect(accepted).toEqual(['c1@1', 'c2@3', 'c3@5', 'c4@7']);
    const recorded = await inner.readStream('counter-1', { from: 0, max: 10 });
    expect(recorded.map(({ id, pub }) => [id, pub])).toEqual(['c1', 'c2', 'c3', 'c4'].flatMap((id, i) => [[eventIdOf(id, 0), i + 1], [eventIdOf(id, 1), undefined]]));
  });

  it('a repeat among them is one effect, and a no is told as it is after those before it', async () => {
    const { store, pass, inner } = slow();
    const host = hostOn(store);
    const first = host.handle('counter-1', add('c1', 1), asked('c1'));
    const [once, again, tooMuch] = [host.handle('counter-1', add('c2', 2), asked('c2')), host.handle('counter-1', add('c2', 2), asked('c2')), host.handle('counter-1', add('c3', 1_000_000), asked('c3'))];
    await pass();
    await first;
    await pass();
    expect(await once).toMatchObject({ ok: true, revision: 3 });
    expect(await again).toMatchObject({ ok: true, revision: 3, events: [] });
    expect(await tooMuch).toMatchObject({ ok: false, code: 'TOO_MUCH', details: { sum: '3' }, revision: 3 });
    expect(await inner.revisionOf('counter-1')).toBe(3);
  });

  it('others who wrote meanwhile make all of them be decided again; none is lost', async () => {
    const { store, pass, inner } = slow();
    const host = hostOn(store);
    const first = host.handle('counter-1', add('c1', 1), asked('c1'));
    const others = ['c2', 'c3'].map((id) => host.handle('counter-1', add(id, 1), asked(id)));
    await pass();
    await first;
    await hostOn(inner).handle('counter-1', add('theirs', 1), asked('theirs'));
    await pass();
    await pass();
    expect((await Promise.all(others)).map(({ revision }) => revision)).toEqual([5, 7]);
    expect(host.conflicts).toBe(1);
    expect((await inner.readStream('counter-1', { from: 0, max: 10 })).filter(({ pub }) => pub).map(({ causation }) => causation)).toEqual(['c1', 'theirs', 'c2', 'c3']);
  });

  it('a decider’s bug concerns its command alone', async () => {
    const { store, pass } = slow();
    const host = hostOn(store);
    const first = host.handle('counter-1', add('c1', 1), asked('c1'));
    const [broken, fine] = [host.handle('counter-1', add('c2', -1), asked('c2')), host.handle('counter-1', add('c3', 1), asked('c3'))];
    broken.catch(() => {});
    await pass();
    await first;
    await pass();
    await expect(broken).rejects.toThrow(RangeError);
    expect(await fine).toMatchObject({ ok: true, revision: 3 });
  });

  it('an append whose outcome is unknown is unknown to all whose decisions were in it', async () => {
    const store = memoryStore(clock);
    const gate = Promise.withResolvers<void>();
    let appends = 0;
    const shared = around(store, { exclusive: false, append: async (request) => {
      if (++appends === 1) await gate.promise;
      else throw new Fault('STORE_UNAVAILABLE', 'nobody knows');
      return store.append(request);
    } });
    const host = hostOn(shared.store);
    const first = host.handle('counter-1', add('c1', 1), asked('c1'));
    const others = ['c2', 'c3'].map((id) => host.handle('counter-1', add(id, 1), asked(id)));
    for (const other of others) other.catch(() => {});
    gate.resolve();
    await first;
    for (const other of others) await expect(other).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
