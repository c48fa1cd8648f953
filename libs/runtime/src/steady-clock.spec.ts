import { instant, plusMs } from '@vouchsafe/kernel';
import { simulatedClock } from './simulated-clock.js';
import { steadyClock } from './steady-clock.js';

const START = instant(1_790_000_000_000);
const HOUR_MS = 3_600_000;
const world = () => {
  const wall = simulatedClock(START);
  return { wall, steady: steadyClock(wall) };
};

it('is the clock on the wall as long as that goes on', async () => {
  const { wall, steady } = world();
  await wall.advance(1_234);
  expect([steady.now(), steady.monotonicMs(), steady.simulated]).toEqual([wall.now(), wall.monotonicMs(), true]);
  wall.jump(HOUR_MS);
  expect(steady.now()).toBe(wall.now());
});

it('goes on at half its speed where the wall jumps back, and is right again once the wall has caught up', async () => {
  const { wall, steady } = world();
  const before = steady.now();
  wall.jump(-HOUR_MS);
  expect(steady.now()).toBe(before);
  await wall.advance(HOUR_MS);
  expect(steady.now()).toBe(plusMs(before, HOUR_MS / 2));
  expect(wall.now()).toBe(before);
  await wall.advance(HOUR_MS + 2);
  expect(steady.now()).toBe(wall.now()); // two hours of both, and the hour is caught up
  expect(steady.now()).toBe(plusMs(before, HOUR_MS + 2));
});

it('never goes back, however often the wall does', async () => {
  const { wall, steady } = world();
  let last = steady.now();
  for (const jump of [-5_000, 3_000, -90_000, 200_000, -1, -1, HOUR_MS, -HOUR_MS]) {
    wall.jump(jump);
    await wall.advance(7);
    expect(steady.now()).toBeGreaterThanOrEqual(last);
    last = steady.now();
  }
});

it('does not begin before what was recorded', async () => {
  const { wall, steady } = world();
  steady.notBefore(plusMs(START, HOUR_MS));
  expect(steady.now()).toBe(plusMs(START, HOUR_MS));
  steady.notBefore(START);
  await wall.advance(10);
  expect(steady.now()).toBe(plusMs(START, HOUR_MS + 5));
});
