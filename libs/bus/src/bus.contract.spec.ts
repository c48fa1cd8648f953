import { instant } from '@vouchsafe/kernel';
import { seededRandom, simulatedClock } from '@vouchsafe/runtime';
import { inProcessBus } from './in-process-bus.js';
import { lossyBus } from './lossy-bus.js';
import { describeBusContract } from './testing/bus-contract.js';

describeBusContract('in process', async () => {
  const clock = simulatedClock(instant(1_767_225_600_000));
  const bus = inProcessBus(clock);
  return { bus, until: (work) => clock.until(work), close: () => bus.stop() };
});

describeBusContract('in process, typed commands passing as they are', async () => {
  const clock = simulatedClock(instant(1_767_225_600_000));
  const bus = inProcessBus(clock, { direct: true });
  return { bus, until: (work) => clock.until(work), close: () => bus.stop() };
});

describeBusContract('in process, behind a wrapper that lets nothing go wrong', async () => {
  const clock = simulatedClock(instant(1_767_225_600_000));
  const bus = lossyBus(inProcessBus(clock), { random: seededRandom(1) });
  return { bus, until: (work) => clock.until(work), close: () => bus.stop() };
});
