import { Fault } from '@vouchsafe/kernel';
import type { LogFollower } from '@vouchsafe/process';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { Readiness } from './readiness.js';

const follower = (service: string, caughtUp: () => Promise<void>): LogFollower => ({
  service, part: 'views', caughtUp, lag: () => ({ events: 7, behind: 0 as never, ageMs: 1 }), failing: () => undefined, halted: () => 0, check: () => {},
});
const watched = (followers: readonly LogFollower[], isFull = false) =>
  new Readiness([{ namespace: 'live', followers: () => followers, store: { stats: () => ({ shortOfSpace: isFull }) } as never }], systemClock(), silentLog);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('is not given before everything flows', () => {
  expect(watched([]).reasons()).toEqual(['starting']);
});

it('is given once every view has caught up, and not taken back when one falls behind later', async () => {
  const slow = Promise.withResolvers<void>();
  const readiness = watched([follower('order', () => slow.promise), follower('risk', async () => {})]);
  readiness.start();
  await settled();
  expect(readiness.reasons()).toEqual(['live: the views of order catch up with the log, about 7 events are left']);
  slow.resolve();
  await settled();
  expect(readiness.reasons()).toEqual([]);
  await readiness.stop();
});

it('waits for a view that fails at first', async () => {
  let tries = 0;
  const readiness = watched([follower('order', async () => {
    if (++tries < 2) throw new Fault('SILENT', 'not now');
  })]);
  readiness.start();
  await settled();
  expect(readiness.reasons()).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect([tries, readiness.reasons()]).toEqual([2, []]);
  await readiness.stop();
});

it('is not given while the log cannot grow', async () => {
  const readiness = watched([], true);
  readiness.start();
  expect(readiness.reasons()).toEqual(['live: there is no space for the log to grow, writes are refused']);
  await readiness.stop();
});
