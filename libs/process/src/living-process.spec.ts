import { Fault } from '@vouchsafe/kernel';
import { clockTimers, silentLog, systemClock } from '@vouchsafe/runtime';
import { Closers, type LogFollower } from './index.js';
import { LivingProcess, type LivingOptions, type Running } from './living-process.js';
import { startProbes } from './probes.js';

const clock = systemClock();
const life = (begin: LivingOptions['begin']) => new LivingProcess({ begin, clock, timers: clockTimers(clock), log: silentLog, readinessEveryMs: 10 });
const parts = (seen: string[], more: Partial<Running> = {}): Running => {
  const closers = new Closers();
  closers.add(() => void seen.push('closed'));
  return { dependencies: [], followers: () => [], setServing: (is) => void seen.push(is ? 'ready' : 'not ready'), drain: async () => void seen.push('drained'), closers, ...more };
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await clock.sleep(5);
};

it('begins again until what it needs is there, tells why not meanwhile, and ends in order', async () => {
  const seen: string[] = [];
  let isThere = false;
  const process = life(async () => {
    if (!isThere) throw new Fault('STORE_UNAVAILABLE', 'no event store at esdb://…');
    return parts(seen);
  });
  const started = process.start();
  await until(() => process.reasons()[0] !== 'starting');
  expect([process.isStarted, process.reasons()]).toEqual([false, ['no event store at esdb://…']]);
  isThere = true;
  await started;
  await until(() => seen.includes('ready'));
  expect([process.isStarted, process.reasons()]).toEqual([true, []]);
  await process.stop();
  expect(process.reasons()).toEqual(['stopping']);
  expect(seen).toEqual(['ready', 'not ready', 'drained', 'closed']);
});

it('is not ready before its views have caught up', async () => {
  const seen: string[] = [];
  const caughtUp = Promise.withResolvers<void>();
  const follower: LogFollower = { service: 'risk', part: 'views', caughtUp: () => caughtUp.promise, lag: () => ({ events: 3, behind: 0 as never, ageMs: 1 }), failing: () => undefined, halted: () => 0, check: () => {} };
  const process = life(async () => parts(seen, { followers: () => [follower] }));
  await process.start();
  expect(process.reasons()).toEqual(['the views of risk catch up with the log, about 3 events are left']);
  caughtUp.resolve();
  await until(() => seen.includes('ready'));
  await process.stop();
});

it('ends while it still waits for what it needs', async () => {
  const process = life(() => Promise.reject(new Fault('X', 'absent')));
  const started = process.start();
  await process.stop();
  await started;
  expect(process.isStarted).toBe(false);
});

it('says what a start waits for, and gives it up when it is to end', async () => {
  const process = life(({ signal, waitsFor }) => new Promise((_, reject) => {
    waitsFor('Kafka: no broker answers');
    signal.addEventListener('abort', () => reject(new Fault('STOPPED', 'given up')));
  }));
  const started = process.start();
  expect(process.reasons()).toEqual(['Kafka: no broker answers']);
  await process.stop();
  await started;
});

it('closes everything also where draining fails, and says so', async () => {
  const seen: string[] = [];
  const process = life(async () => parts(seen, { drain: () => Promise.reject(new Error('stuck')) }));
  await process.start();
  await expect(process.stop()).rejects.toThrow('stuck');
  expect(seen).toContain('closed');
});

it('tells probes of its life', async () => {
  const state = { started: false, reasons: ['MongoDB: no primary'] };
  const probes = await startProbes({ isStarted: () => state.started, reasons: () => state.reasons, metrics: () => ({ type: 'text/plain', body: 'up 1\n' }) }, { host: '127.0.0.1', port: 0 });
  const ask = async (path: string): Promise<[number, string]> => {
    const answer = await fetch(probes.address + path);
    return [answer.status, await answer.text()];
  };
  expect(await ask('/healthz')).toEqual([200, 'ok\n']);
  expect(await ask('/startupz')).toEqual([503, 'MongoDB: no primary\n']);
  expect(await ask('/readyz')).toEqual([503, '{"ready":false,"reasons":["MongoDB: no primary"]}\n']);
  Object.assign(state, { started: true, reasons: [] });
  expect(await ask('/startupz')).toEqual([200, 'started\n']);
  expect(await ask('/readyz')).toEqual([200, '{"ready":true,"reasons":[]}\n']);
  expect(await ask('/metrics')).toEqual([200, 'up 1\n']);
  expect((await ask('/else'))[0]).toBe(404);
  await probes.close();
});
