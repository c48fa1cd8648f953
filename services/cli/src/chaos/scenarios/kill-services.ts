import type { World } from '../world.js';
import { sleep } from '../world.js';

const SERVICES = ['access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight', 'gateway'];
/** Somewhere in this the next one dies. */
const BETWEEN_MS = 1_500;

/** A service that is back sooner lets the next one die; one of three dies while the last is still away. */
const BACK_MS = 20_000;

/** Each service's process in turn is killed and begun again at a random moment, as many times as the plan says, mostly once the last is back. */
export const killServices = async ({ cluster, plan, random, acks, note }: World): Promise<Readonly<Record<string, number>>> => {
  let kills = 0;
  for (let round = 1; round <= plan.rounds; round++) {
    for (const name of SERVICES) {
      await sleep(BETWEEN_MS * (0.3 + random.fraction() * 0.7));
      acks.flush();
      const process = cluster.processes.get(name)!;
      await process.signal('SIGKILL');
      process.start();
      kills++;
      // Whether it comes back at all is seen in the end.
      if (kills % 3 !== 0) await Promise.race([cluster.ready(name).catch(() => undefined), sleep(BACK_MS)]);
    }
    note(`${round}/${plan.rounds}  ${kills} kills, ${acks.all.length} answers`);
  }
  return { kills };
};
