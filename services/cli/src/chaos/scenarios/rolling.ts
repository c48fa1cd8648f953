import { sleep, type World } from '../world.js';

const SERVICES = ['access', 'catalog', 'ledger', 'risk', 'inventory', 'redemption', 'fulfillment', 'order', 'insight', 'gateway'];
const BETWEEN_MS = 500;

/**
 * Every process is asked to end, ends, and is begun again, one after the other, as an upgrade does; and is one where the plan names the
 * version before: half of the time both versions stand side by side, on the same streams, topics and databases.
 */
export const rolling = async ({ cluster, plan, load, note }: World): Promise<Readonly<Record<string, number>>> => {
  let unclean = 0;
  let restarts = 0;
  for (let round = 1; round <= plan.rounds; round++) {
    for (const name of SERVICES) {
      const child = cluster.processes.get(name)!;
      await child.signal('SIGTERM');
      if (child.exitCode !== 0) unclean++;
      if (plan.previous !== undefined) cluster.upgrade(name);
      child.start();
      restarts++;
      await cluster.ready(name);
      await sleep(BETWEEN_MS);
    }
    note(`${round}/${plan.rounds}  ${restarts} restarts, ${load.placed} orders`);
  }
  return { restarts, unclean };
};

/** Clients that asked again within their patience were all served. */
export const noneFailed = async ({ load }: World): Promise<readonly string[]> => load.failed;
