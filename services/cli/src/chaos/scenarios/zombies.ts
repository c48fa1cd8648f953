import { sleep, type World } from '../world.js';

/** Twice the time after which Kafka gives a silent consumer's partitions to another. */
const STOPPED_MS = 20_000;
const WRITERS = ['inventory', 'order', 'ledger'] as const;

/**
 * A second one of each writer takes over while the first is stopped in the middle of its work, with what it knew; then the first
 * goes on as if nothing had been. Its writes expect revisions that are no more.
 */
export const zombies = async ({ cluster, plan, note }: World): Promise<Readonly<Record<string, number>>> => {
  let stops = 0;
  const seconds = await Promise.all(WRITERS.map((name) => cluster.another(name)));
  for (const second of seconds) second.start();
  await Promise.all(seconds.map(({ name }) => cluster.ready(name)));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const name of WRITERS) {
      const child = cluster.processes.get(name)!;
      await child.signal('SIGSTOP');
      await sleep(STOPPED_MS);
      await child.signal('SIGCONT');
      stops++;
      await cluster.ready(name);
    }
    note(`${round}/${plan.rounds}  ${stops} stops`);
  }
  return { stops };
};
