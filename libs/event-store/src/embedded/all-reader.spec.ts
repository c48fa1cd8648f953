import { memoryDisk } from '@vouchsafe/runtime';
import { type Position, START } from '../port.js';
import { anAppend, readToEnd } from '../testing/builders.js';
import { fill, openSmall, settle } from '../testing/small-store.js';

/** Memory for a handful of recent events only, so that whoever falls behind reads from the disk. */
const FORGETFUL = { recentEvents: 4, recentBytes: 1500 };

describe('a follower that falls behind and catches up by turns', () => {
  it('gets every event once, in order, and none twice', async () => {
    const store = await openSmall(memoryDisk(), FORGETFUL);
    await fill(store, 50);
    const stop = new AbortController();
    const pages = store.subscribe({ after: START, signal: stop.signal })[Symbol.asyncIterator]();
    const got: Position[] = [];
    const takeAll = async (): Promise<void> => {
      while (got.length < store.stats().events) {
        const { value, done } = await pages.next();
        if (done) throw new Error('it ended');
        got.push(...value.events.map(({ position }: { position: Position }) => position));
      }
    };
    for (const burst of [0, 2, 40, 1, 1, 30, 3]) {
      await fill(store, burst);
      await takeAll();
    }
    expect(got).toEqual((await readToEnd(store)).map(({ position }) => position));
    stop.abort();
    expect(await pages.next()).toEqual({ done: true, value: undefined });
    await store.close();
  });

  it('is woken by what is durable, without asking again and again', async () => {
    let reads = 0;
    const disk = memoryDisk({ before: ({ kind }) => void (kind === 'read' && reads++) });
    const store = await openSmall(disk, { directoryRows: 1000 });
    await fill(store, 5);
    await settle();
    const stop = new AbortController();
    const pages = store.subscribe({ after: store.head(), signal: stop.signal })[Symbol.asyncIterator]();
    const next = pages.next();
    reads = 0;
    for (let i = 0; i < 20; i++) await settle();
    expect(reads).toBe(0);
    await store.append(anAppend('order-new', -1, 'new'));
    expect((await next).value.events).toMatchObject([{ stream: 'order-new' }]);
    stop.abort();
    await store.close();
  });
});

describe('a follower of some categories', () => {
  it('is not woken by others, and misses none of its own', async () => {
    const store = await openSmall(memoryDisk(), FORGETFUL);
    const stop = new AbortController();
    const pages = store.subscribe({ after: START, categories: ['till'], signal: stop.signal })[Symbol.asyncIterator]();
    const got: string[] = [];
    const next = async (): Promise<void> => {
      const { value, done } = await pages.next();
      if (!done) got.push(...value.events.map(({ stream }: { stream: string }) => stream));
    };
    const appended: string[] = [];
    let waiting = next();
    for (let i = 0; i < 60; i++) {
      const stream = i % 7 === 3 ? `till-${i}` : i % 2 ? `order-${i}` : `tills-${i}`;
      await store.append(anAppend(stream, -1, `e${i}`));
      await store.durable(store.head());
      if (!stream.startsWith('till-')) continue;
      appended.push(stream);
      await waiting;
      waiting = next();
    }
    expect(got).toEqual(appended);
    expect(appended.length).toBeGreaterThan(5);
    stop.abort();
    await waiting;
    await store.close();
  });
});

describe('reading all from a position that is none of an event', () => {
  it('is refused, and told from damage', async () => {
    const store = await openSmall(memoryDisk(), FORGETFUL);
    await fill(store, 50);
    const [first, second] = await readToEnd(store);
    for (const after of [first!.position + 1, 3, second!.position - 1] as Position[]) {
      await expect(store.readAll({ after, max: 5 })).rejects.toMatchObject({
        code: 'POSITION_UNKNOWN',
        retryable: false,
      });
    }
    await store.close();
  });
});
