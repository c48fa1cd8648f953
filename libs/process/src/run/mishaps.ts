import { type Bus, lossyBus } from '@vouchsafe/bus';
import { type Log, seededRandom } from '@vouchsafe/runtime';
import { z } from 'zod';

/** Points of a relay's work at which its process may die. */
export const RELAY_POINTS = ['read', 'sent', 'acked', 'checkpointed'] as const;

/** What is to befall messages of this process, for tests of everybody else. Never in live. */
export const mishaps = z.strictObject({
  seed: z.number().int().default(1),
  /** Chances: never sent; sent `again` times more, later; sent after those that came later. */
  drop: z.number().min(0).max(1).default(0),
  double: z.number().min(0).max(1).default(0),
  again: z.number().int().min(1).max(10).default(1),
  reorder: z.number().min(0).max(1).default(0),
  /** Dies by SIGKILL in its n-th publication, at this point of it. */
  die: z.strictObject({ at: z.enum(RELAY_POINTS), after: z.number().int().min(1) }).optional(),
});
export type Mishaps = z.output<typeof mishaps>;

/** The bus as these mishaps leave it. At SIGUSR2 all that was held back or dropped is sent, and nothing goes wrong any more. */
export const mishandled = (bus: Bus, { seed, drop, double, again, reorder, die }: Mishaps, log: Log): Bus => {
  const lossy = lossyBus(die ? dying(bus, die) : bus, { random: seededRandom(seed), drop, double, again, reorder });
  process.once('SIGUSR2', () => void lossy.heal().catch((error: unknown) => log.error({ error }, 'what was held back could not be sent')));
  log.warn({ drop, double, again, reorder, die: die?.at ?? '' }, 'messages suffer mishaps on purpose: a test');
  return lossy;
};

const killed = (): void => void process.kill(process.pid, 'SIGKILL');

/** A publication is read from the store, sent, acknowledged; with the next one it is known to be checkpointed. */
const dying = (bus: Bus, { at, after }: NonNullable<Mishaps['die']>): Bus => {
  const seen = { publications: 0 };
  const publish: Bus['publish'] = async (events) => {
    if (events.length === 0) return;
    const isIt = ++seen.publications === after;
    if ((isIt && at === 'read') || (at === 'checkpointed' && seen.publications === after + 1)) killed();
    const sent = bus.publish(events);
    if (isIt && at === 'sent') setImmediate(killed);
    await sent;
    if (isIt && at === 'acked') killed();
  };
  return {
    publish, parking: bus.parking, ask: (...args) => bus.ask(...args), serve: (...args) => bus.serve(...args), subscribe: (...args) => bus.subscribe(...args),
    servePublished: (...args) => bus.servePublished(...args), readPublished: (...args) => bus.readPublished(...args), start: () => bus.start(), stop: () => bus.stop(),
  };
};
