import { silentLog, systemClock } from '@vouchsafe/runtime';
import { startWatchdog } from './watchdog.js';

it('ends when it is told to, also where there is nothing to watch', async () => {
  const looks = { count: 0 };
  // Would it go on for ever, it would do so without a turn of the event loop: no test could end it but by this.
  const sleep = async (): Promise<void> => {
    if (++looks.count > 10) throw new Error('it goes on');
  };
  const clock = { ...systemClock(), sleep: (ms: number, signal?: AbortSignal) => (signal?.aborted ? sleep() : systemClock().sleep(ms, signal)) };
  const watchdog = startWatchdog({ watched: () => [], lagsOf: async () => [], stalledMs: 1_000, everyMs: 1_000, clock, log: silentLog });
  await watchdog.stop();
  expect(looks.count).toBe(0);
});
