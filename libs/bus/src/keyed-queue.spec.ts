import fc from 'fast-check';
import { KeyedQueue } from './keyed-queue.js';

/** A job that is over when its work has settled, or at once where there is none. */
const push = (queue: KeyedQueue, key: string, work?: () => Promise<void>): void => {
  queue.push({ key, start: () => (work ? void work().then(() => queue.ended(key)) : queue.ended(key)) });
};

it('runs one task of a key at a time and in order, never more than allowed at once, and forgets none', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 3 })), { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (tasks, concurrent) => {
    const queue = new KeyedQueue({ concurrent, waitingMax: 100 });
    const done: Record<string, number[]> = {};
    const running = new Set<string>();
    tasks.forEach(([key, turns], i) => push(queue, key, async () => {
      expect(running.has(key)).toBe(false);
      running.add(key);
      expect(running.size).toBeLessThanOrEqual(concurrent);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      (done[key] ??= []).push(i);
      running.delete(key);
    }));
    await queue.idle();
    const expected: Record<string, number[]> = {};
    tasks.forEach(([key], i) => (expected[key] ??= []).push(i));
    expect(done).toEqual(expected);
    expect(queue.load).toEqual({ running: 0, waiting: 0 });
  }));
});

it('says BUSY instead of growing without end', async () => {
  const queue = new KeyedQueue({ concurrent: 1, waitingMax: 2 });
  const { promise, resolve } = Promise.withResolvers<void>();
  push(queue, 'a', () => promise);
  push(queue, 'a');
  push(queue, 'b');
  expect(() => push(queue, 'a')).toThrow('too many');
  expect(() => push(queue, 'c')).toThrow('too many');
  resolve();
  await queue.idle();
  push(queue, 'c');
  await queue.idle();
});

it('ends ten thousand jobs that need no time without going deeper with each', async () => {
  const queue = new KeyedQueue({ concurrent: 1, waitingMax: 20_000 });
  const { promise, resolve } = Promise.withResolvers<void>();
  let ended = 0;
  push(queue, 'a', () => promise);
  for (let i = 0; i < 10_000; i++) {
    const key = i % 2 === 0 ? 'a' : `b${i}`;
    queue.push({ key, start: () => {
      ended++;
      queue.ended(key);
    } });
  }
  resolve();
  await queue.idle();
  expect(ended).toBe(10_000);
});

it('keeps the order of a key also where a job pushes another of its own while it starts', async () => {
  const queue = new KeyedQueue({ concurrent: 4, waitingMax: 10 });
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.push({ key: 'a', start: () => {
    told.push('first begins');
    push(queue, 'a', async () => void told.push('second'));
    queue.push({ key: 'b', start: () => {
      told.push('other');
      queue.ended('b');
    } });
    told.push('first ends later');
    void promise.then(() => queue.ended('a'));
  } });
  push(queue, 'a', async () => void told.push('third'));
  expect(told).toEqual(['first begins', 'other', 'first ends later']);
  expect(queue.load).toEqual({ running: 1, waiting: 2 });
  resolve();
  await queue.idle();
  expect(told.slice(3)).toEqual(['second', 'third']);
  expect(queue.load).toEqual({ running: 0, waiting: 0 });
});
