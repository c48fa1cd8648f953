import { isFault } from '@vouchsafe/kernel';
import type { Log, Stop, Timers } from '@vouchsafe/runtime';
import type { ParkedStore } from './parked-store.js';
import type { Bus } from './port.js';

const EVERY_MS = 1_000;
/** Another instance has the target, or will have it: the decision stays for it. */
const ELSEWHERE: readonly string[] = ['NOT_THE_OWNER', 'OWNER_UNAVAILABLE', 'BUS_STOPPED'];

/**
 * Carries out what a person decided about parked messages, by a command line beside this process. One of all the replicas has the target
 * and does it; doing it twice is harmless, for what was handled is handled. Until stopped.
 */
export const carryOutDecisions = ({ bus, parked, timers, log }: { readonly bus: Pick<Bus, 'parking'>; readonly parked: ParkedStore; readonly timers: Timers; readonly log: Log }): Stop =>
  timers.every(EVERY_MS, async () => {
    for (const { id, what } of await parked.decisions()) {
      const refused = await carriedOut(bus, id, what);
      if (refused === 'elsewhere') continue;
      await parked.settle(id, refused?.why);
      log.warn({ message: id, what, ...refused }, 'a decision about a parked message was carried out');
    }
  }, (error) => log.warn({ error: String(error) }, 'decisions about parked messages cannot be read'));

/** Undefined where it worked. */
const carriedOut = async (bus: Pick<Bus, 'parking'>, id: string, what: 'retry' | 'drop'): Promise<{ readonly why: string } | 'elsewhere' | undefined> => {
  try {
    const { error } = await bus.parking[what](id);
    return error === undefined ? undefined : { why: error };
  } catch (error) {
    if (!isFault(error)) throw error;
    return ELSEWHERE.includes(error.code) ? 'elsewhere' : { why: `${error.code}: ${error.message}` };
  }
};
