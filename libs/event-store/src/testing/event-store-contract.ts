import type { Json } from '@vouchsafe/codec';
import type { Instant } from '@vouchsafe/kernel';
import type { SimulatedClock } from '@vouchsafe/runtime';
import { canonicalBytes, leafHash } from '../canonical.js';
import { type AppendResult, type EventStore, NO_STREAM, type Position, START } from '../port.js';
import { anAppend, anEvent, dataOf, follow, readToEnd, revisionsOf } from './builders.js';

/** A store to be tested, with the clock it reads. */
export type StoreUnderTest = {
  readonly store: EventStore;
  readonly clock: SimulatedClock;
  /** Closes the store and opens it again; absent where nothing survives that. */
  readonly reopen?: () => Promise<EventStore>;
  /** Frees what is left after a test. */
  readonly dispose: () => Promise<void>;
};

const accepted = (result: AppendResult): Extract<AppendResult, { ok: true }> => {
  if (!result.ok) throw new Error(`not appended, the stream is at ${result.actual}`);
  return result;
};

/** What every event store promises to those above it. Run it against each adapter. */
export const describeEventStoreContract = (name: string, make: () => Promise<StoreUnderTest>): void => {
  describe(`an event store: ${name}`, () => {
    let under: StoreUnderTest;
    let store: EventStore;
    const append = async (...args: Parameters<typeof anAppend>) => {
      const result = accepted(await store.append(anAppend(...args)));
      await store.durable(result.position);
      return result;
    };

    beforeEach(async () => {
      under = await make();
      store = under.store;
    });
    afterEach(() => under.dispose());

    appending(() => ({ store, append }));
    repeating(() => ({ store, append }));
    readingStreams(() => ({ store, append }));
    readingAll(() => ({ store, append }));
    following(() => ({ store, append, reopen: under.reopen }));
    recording(() => ({ store, append, clock: under.clock }));

    it('says that it is closed, to readers, writers and followers', async () => {
      const following = follow(store, 1);
      await store.close();
      await expect(following).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.append(anAppend('order-1', NO_STREAM, 'a'))).rejects.toMatchObject({
        code: 'STORE_CLOSED',
        retryable: false,
      });
      await expect(store.readStream('order-1', { max: 1 })).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.readAll({ after: START, max: 1 })).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    });
  });
};

type Given = () => {
  readonly store: EventStore;
  readonly append: (...args: Parameters<typeof anAppend>) => Promise<Extract<AppendResult, { ok: true }>>;
};

const appending = (given: Given): void => {
  it('appends at the exact revision and tells where the stream is now', async () => {
    const { store, append } = given();
    expect(store.head()).toBe(START);
    expect(await store.revisionOf('order-1')).toBe(NO_STREAM);
    const first = await append('order-1', NO_STREAM, 'a', 3);
    expect(first).toEqual({ ok: true, revision: 2, position: store.head(), repeated: false });
    const second = await append('order-1', 2, 'b');
    expect(second.revision).toBe(3);
    expect(second.position).toBeGreaterThan(first.position);
    expect(await store.revisionOf('order-1')).toBe(3);
  });

  it('refuses any other revision, telling the actual one, and writes nothing', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a', 2);
    const head = store.head();
    for (const expected of [NO_STREAM, 0, 2, 7]) {
      expect(await store.append(anAppend('order-1', expected, `other ${expected}`))).toEqual({ ok: false, actual: 1 });
    }
    expect(await store.append(anAppend('order-2', 0, 'b'))).toEqual({ ok: false, actual: NO_STREAM });
    expect(store.head()).toBe(head);
    expect(await store.revisionOf('order-2')).toBe(NO_STREAM);
  });

  it('lets one of many concurrent appends at the same revision through', async () => {
    const { store } = given();
    const results = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => store.append(anAppend('order-1', NO_STREAM, `racer ${i}`, 2))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.filter((result) => !result.ok && result.actual === 1)).toHaveLength(19);
    expect(await store.readStream('order-1', { max: 10 })).toHaveLength(2);
  });

  it('gives a result for each of many appends, with no all or nothing', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a');
    const results = await store.appendMany([
      anAppend('order-2', NO_STREAM, 'b'),
      anAppend('order-1', NO_STREAM, 'c'),
      anAppend('order-1', 0, 'd'),
      anAppend('order-1', 1, 'e', 2),
    ]);
    expect(results.map((result) => (result.ok ? result.revision : { actual: result.actual }))).toEqual([
      0,
      { actual: 0 },
      1,
      3,
    ]);
  });

  it('takes a thousand events at once, whole', async () => {
    const { store, append } = given();
    await append('batch-1', NO_STREAM, 'big', 1000);
    const events = await store.readStream('batch-1', { max: 2000 });
    expect(revisionsOf(events)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it('refuses an event whose bytes could not give it back unchanged, and writes nothing of its append', async () => {
    const { store } = given();
    const good = anEvent('good');
    const bad = [
      { ...good, id: 'no uuid' },
      { ...good, id: good.id.toUpperCase() },
      { ...good, type: '' },
      { ...good, principal: '\ud800' },
      { ...good, correlation: 'x'.repeat(70_000) },
      { ...good, pub: 0 },
      { ...good, data: undefined as unknown as Json },
    ];
    for (const event of bad)
      await expect(store.append({ stream: 'order-1', expected: NO_STREAM, events: [good, event] })).rejects.toThrow();
    await expect(store.append({ stream: 'order-1', expected: NO_STREAM, events: [] })).rejects.toThrow('has events');
    await expect(store.append({ stream: 'order-\udc00', expected: NO_STREAM, events: [good] })).rejects.toThrow(
      'well-formed',
    );
    expect(store.head()).toBe(START);
  });
};

const repeating = (given: Given): void => {
  it('recognises the same append again at its original revision', async () => {
    const { store, append } = given();
    const first = await append('order-1', NO_STREAM, 'a', 2);
    await append('order-1', 1, 'b');
    expect(await store.append(anAppend('order-1', NO_STREAM, 'a', 2))).toEqual({ ...first, repeated: true });
    expect(await store.append(anAppend('order-1', 1, 'b'))).toMatchObject({ ok: true, revision: 2, repeated: true });
    expect(await store.revisionOf('order-1')).toBe(2);
  });

  it('does not recognise it at another revision, or if it is only partly the same', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a', 2);
    const [one, two] = anAppend('order-1', NO_STREAM, 'a', 2).events;
    expect(await store.append(anAppend('order-1', 0, 'a', 2))).toEqual({ ok: false, actual: 1 });
    expect(await store.append({ stream: 'order-1', expected: NO_STREAM, events: [two!, one!] })).toEqual({
      ok: false,
      actual: 1,
    });
    expect(await store.append(anAppend('order-1', NO_STREAM, 'a', 3))).toEqual({ ok: false, actual: 1 });
  });

  it('keeps equal event ids in two streams apart', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'same');
    const second = await append('order-2', NO_STREAM, 'same');
    expect(second.repeated).toBe(false);
    expect(await store.readStream('order-2', { max: 5 })).toHaveLength(1);
  });
};

const readingStreams = (given: Given): void => {
  it('reads a stream forwards, backwards, and from a revision', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a', 4);
    await append('order-2', NO_STREAM, 'x', 4);
    await append('order-1', 3, 'b', 3);
    const read = async (options: Parameters<EventStore['readStream']>[1]) =>
      revisionsOf(await store.readStream('order-1', options));
    expect(await read({ max: 100 })).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await read({ max: 2 })).toEqual([0, 1]);
    expect(await read({ from: 3, max: 2 })).toEqual([3, 4]);
    expect(await read({ from: 6, max: 2 })).toEqual([6]);
    expect(await read({ from: 7, max: 2 })).toEqual([]);
    expect(await read({ direction: 'backwards', max: 3 })).toEqual([6, 5, 4]);
    expect(await read({ direction: 'backwards', from: 1, max: 3 })).toEqual([1, 0]);
    expect(await read({ direction: 'backwards', from: 99, max: 1 })).toEqual([6]);
    expect(await read({ max: 0 })).toEqual([]);
    expect(await store.readStream('order-3', { max: 5 })).toEqual([]);
  });

  it('shows an accepted event to readers of its stream at once', async () => {
    const { store } = given();
    await store.append(anAppend('order-1', NO_STREAM, 'a'));
    expect(dataOf(await store.readStream('order-1', { max: 5 }))).toEqual([{ name: 'a/0' }]);
  });

  it('reads a long stream in pages, each event once', async () => {
    const { store, append } = given();
    const revisions: number[] = [];
    for (let i = 0; i < 300; i += 3) {
      await append('pool-1', i - 1, `p${i}`, 3);
      await append(`order-${i}`, NO_STREAM, `o${i}`);
    }
    for (let from = 0; from < 300; from += 70)
      revisions.push(...revisionsOf(await store.readStream('pool-1', { from, max: 70 })));
    expect(revisions).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(revisionsOf(await store.readStream('pool-1', { from: 130, direction: 'backwards', max: 3 }))).toEqual([
      130, 129, 128,
    ]);
  });
};

const readingAll = (given: Given): void => {
  it('reads all streams in the order of their appends, in pages', async () => {
    const { store, append } = given();
    for (let i = 0; i < 10; i++) await append(`order-${i % 3}`, Math.floor(i / 3) - 1, `e${i}`);
    const all = await readToEnd(store, { max: 3 });
    expect(dataOf(all)).toEqual(Array.from({ length: 10 }, (_, i) => ({ name: `e${i}/0` })));
    const positions = all.map(({ position }) => position);
    expect([...positions].sort((a, b) => a - b)).toEqual(positions);
    expect(new Set(positions).size).toBe(10);
    expect(await readToEnd(store, { after: positions[6]! })).toEqual(all.slice(7));
  });

  it('passes over other categories and says how far it came', async () => {
    const { store, append } = given();
    for (const stream of ['order-1', 'orders-1', 'pool-1', 'order-2', 'pool-2', 'order'])
      await append(stream, NO_STREAM, stream);
    const streams = (await readToEnd(store, { categories: ['order'], max: 1 })).map(({ stream }) => stream);
    expect(streams).toEqual(['order-1', 'order-2', 'order']);
    expect((await readToEnd(store, { categories: ['order', 'pool'] })).map(({ stream }) => stream)).toEqual([
      'order-1',
      'pool-1',
      'order-2',
      'pool-2',
      'order',
    ]);
    const none = await store.readAll({ after: START, categories: ['ledger'], max: 10 });
    expect(none).toEqual({ events: [], next: store.head(), atEnd: true });
  });

  it('refuses to read after a position beyond its end', async () => {
    const { store, append } = given();
    const { position } = await append('order-1', NO_STREAM, 'a');
    await expect(store.readAll({ after: (position + 1) as Position, max: 1 })).rejects.toMatchObject({
      code: 'POSITION_UNKNOWN',
      retryable: false,
    });
  });

  it('settles durable for what is durable already', async () => {
    const { store, append } = given();
    const { position } = await append('order-1', NO_STREAM, 'a');
    await store.durable(position);
    await store.durable(START);
  });
};

const following = (given: () => ReturnType<Given> & { reopen: (() => Promise<EventStore>) | undefined }): void => {
  it('follows what is there and what comes, by category, in order', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a');
    await append('pool-1', NO_STREAM, 'b');
    const orders = follow(store, 3, { categories: ['order'] });
    const all = follow(store, 4);
    await append('order-1', 0, 'c');
    await append('order-2', NO_STREAM, 'd');
    expect(dataOf(await orders)).toEqual(['a/0', 'c/0', 'd/0'].map((name) => ({ name })));
    expect(dataOf(await all)).toEqual(['a/0', 'b/0', 'c/0', 'd/0'].map((name) => ({ name })));
  });

  it('follows from a position, and ends when told to, also while it waits', async () => {
    const { store, append } = given();
    const { position } = await append('order-1', NO_STREAM, 'a');
    await append('order-1', 0, 'b');
    expect(dataOf(await follow(store, 1, { after: position }))).toEqual([{ name: 'b/0' }]);
    const stop = new AbortController();
    const waiting = (async () => {
      for await (const page of store.subscribe({ after: store.head(), signal: stop.signal })) return page;
      return 'ended';
    })();
    stop.abort();
    expect(await waiting).toBe('ended');
  });

  it('goes on after a restart, from the last position handled', async () => {
    const { store, append, reopen } = given();
    await append('order-1', NO_STREAM, 'a', 5);
    const [first, second] = await follow(store, 2);
    if (!reopen) return; // nothing of this store survives a restart
    const again = await reopen();
    expect(again.epoch).toBeGreaterThan(store.epoch);
    expect(revisionsOf(await follow(again, 3, { after: second!.position }))).toEqual([2, 3, 4]);
    const result = accepted(await again.append(anAppend('order-1', 4, 'b')));
    await again.durable(result.position);
    expect(revisionsOf(await follow(again, 5, { after: first!.position }))).toEqual([1, 2, 3, 4, 5]);
    expect(await again.append(anAppend('order-1', NO_STREAM, 'a', 5))).toMatchObject({
      ok: true,
      repeated: true,
      revision: 4,
    });
    expect(await again.append(anAppend('order-1', 2, 'c'))).toEqual({ ok: false, actual: 5 });
  });
};

const recording = (given: () => ReturnType<Given> & { clock: SimulatedClock }): void => {
  it('gives back everything an event said, to the byte', async () => {
    const { store } = given();
    const data: Json = {
      amount: { minor: '92233720368547758079999', currency: 'CNY' },
      at: '2026-11-24T05:58:50.000Z',
      text: '凭证 🎫 \u0000 \ud800',
      list: [1, -0.5, true, null, { deep: [] }],
      empty: {},
    };
    const said = anEvent('everything', {
      type: '库存.已预留.v2',
      data,
      occurredAt: -62_135_596_800_000 as Instant,
      correlation: 'ord_凭证',
      causation: '',
      principal: 'pri_🎫',
      trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      pub: 4_294_967_295,
    });
    const far = anEvent('far', { occurredAt: 253_402_300_799_999 as Instant, data: 'only a text' });
    await store.append({ stream: 'pool-🎟', expected: NO_STREAM, events: [said, far] });
    const [one, two] = await store.readStream('pool-🎟', { max: 2 });
    const { id, type, occurredAt, correlation, causation, principal, trace, pub } = one!;
    expect({ id, type, data: one!.data, occurredAt, correlation, causation, principal, trace, pub }).toEqual(said);
    expect({ stream: one!.stream, revision: one!.revision, epoch: one!.epoch }).toEqual({
      stream: 'pool-🎟',
      revision: 0,
      epoch: store.epoch,
    });
    expect([two!.occurredAt, two!.data, two!.trace, two!.pub]).toEqual([
      far.occurredAt,
      far.data,
      undefined,
      undefined,
    ]);
  });

  it('has the leaf that every store has for the event', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a', 2);
    for (const event of await store.readStream('order-1', { max: 2 })) {
      const { id, stream, revision, type, recordedAt, occurredAt, epoch, correlation, causation, principal } = event;
      const canonical = canonicalBytes({
        id,
        stream,
        revision,
        type,
        recordedAt,
        occurredAt,
        epoch,
        correlation,
        causation,
        principal,
        dataText: JSON.stringify(event.data),
      });
      expect(Buffer.from(event.canonical)).toEqual(canonical);
      expect(Buffer.from(event.leaf)).toEqual(leafHash(canonical));
    }
  });

  it('hands out frozen data, the same to every reader of a page', async () => {
    const { store, append } = given();
    await append('order-1', NO_STREAM, 'a', 1, { list: [{ x: 1 }] });
    const [event] = await store.readStream('order-1', { max: 1 });
    const data = event!.data as { list: { x: number }[] };
    expect(() => data.list.push({ x: 2 })).toThrow();
    expect(() => (data.list[0]!.x = 3)).toThrow();
    expect(event!.data).toBe(data);
  });

  it('never records an earlier time after a later one, whatever the clock says', async () => {
    const { store, append, clock } = given();
    const started = clock.now();
    await append('order-1', NO_STREAM, 'a');
    clock.jump(60_000);
    await append('order-2', NO_STREAM, 'b');
    clock.jump(-3_600_000);
    await append('order-3', NO_STREAM, 'c');
    const times = (await readToEnd(store)).map(({ recordedAt }) => recordedAt - started);
    expect(times).toEqual([0, 60_000, 60_000]);
  });
};
