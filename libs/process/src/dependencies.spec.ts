import { instant } from '@vouchsafe/kernel';
import { clockTimers, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { Dependencies } from './dependencies.js';

const watched = (check: () => Promise<void>, more: { readonly optional?: true } = {}) => {
  const clock = simulatedClock(instant(0));
  return { clock, dependencies: new Dependencies([{ name: 'MongoDB', check, ...more }], { clock, timers: clockTimers(clock), log: silentLog, everyMs: 100, patienceMs: 50 }) };
};

it('counts after three failures in a row, and is over after two successes in a row', async () => {
  let failing = false;
  const { clock, dependencies } = watched(async () => { if (failing) throw new Error('no primary'); });
  const seen: number[] = [];
  for (const fails of [true, true, false, true, true, true, false, true, false, false]) {
    failing = fails;
    await clock.advance(100);
    seen.push(dependencies.reasons().length);
  }
  expect(seen).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 0]);
  failing = true;
  await clock.advance(300);
  expect(dependencies.reasons()).toEqual(['MongoDB: no primary']);
  await dependencies.stop();
});

it('that does not answer is down as well', async () => {
  const { clock, dependencies } = watched(() => new Promise(() => {}));
  await clock.advance(600);
  expect(dependencies.reasons()).toEqual(['MongoDB: no answer within 50 ms']);
  await dependencies.stop();
});

it('without which the main work goes on is told of and turns no traffic away', async () => {
  const { clock, dependencies } = watched(async () => { throw new Error('no primary'); }, { optional: true });
  await clock.advance(600);
  expect([dependencies.reasons(), dependencies.remarks()]).toEqual([[], ['MongoDB: no primary']]);
  await dependencies.stop();
});
