import fc from 'fast-check';
import { KeyedQueue } from './keyed-queue.js';

it('runs one task of a key at a time and in order, never more than allowed at once, and forgets none', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 3 })), { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (tasks, concurrent) => {
    const queue = new KeyedQueue({ concurrent, waitingMax: 100 });
    const done: Record<string, number[]> = {};
    const running = new Set<string>();
    tasks.forEach(([key, turns], i) => queue.push(key, async () => {
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
  queue.push('a', () => promise);
  queue.push('a', async () => {});
  queue.push('b', async () => {});
  expect(() => queue.push('a', async () => {})).toThrow('too many');
  expect(() => queue.push('c', async () => {})).toThrow('too many');
  resolve();
  await queue.idle();
  queue.push('c', async () => {});
  await queue.idle();
});
