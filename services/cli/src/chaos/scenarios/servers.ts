import { sleep, type World } from '../world.js';

const DOWN_MS = 4_000;
const SERVICES = ['access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight'];
const RECOVERED_MS = 60_000;

/** Milliseconds until an order has ended that is placed from now on. */
const untilServed = async ({ acks, load }: World): Promise<number> => {
  const [from, next, known] = [performance.now(), load.placed, acks.all.length];
  const isServed = (): boolean => acks.all.slice(known).some((ack) => ack.kind === 'order' && Number(ack.number.slice(2)) >= next);
  while (!isServed() && performance.now() - from < RECOVERED_MS) await sleep(20);
  return Math.round(performance.now() - from);
};

/** All brokers die and come again; then one of three, while the others go on. */
export const brokers = async (world: World): Promise<Readonly<Record<string, number>>> => {
  const { kafka } = world.cluster.servers;
  const all = kafka.endpoints.map((_, index) => index);
  await Promise.all(all.map((index) => kafka.kill(index)));
  await sleep(DOWN_MS);
  await Promise.all(all.map((index) => kafka.restart(index)));
  const recoveredMs = await untilServed(world);
  await sleep(DOWN_MS);
  await kafka.kill(1);
  const failedOverMs = await untilServed(world);
  await sleep(DOWN_MS);
  await kafka.restart(1);
  return { recovered_ms: recoveredMs, failed_over_ms: failedOverMs };
};

/**
 * MongoDB dies and comes again; then each service's views are lost while it does not run, and built anew while orders go on. (Lost under a
 * service that runs they would not be: it would go on from the position it knows.)
 */
export const documents = async (world: World): Promise<Readonly<Record<string, number>>> => {
  const { cluster, views, acks } = world;
  const { dropViews } = await import('@vouchsafe/cluster');
  const before = acks.all.length;
  await cluster.servers.mongo.kill(0);
  await sleep(DOWN_MS);
  const meanwhile = acks.all.length - before;
  await cluster.servers.mongo.restart(0);
  const recoveredMs = await untilServed(world);
  let dropped = 0;
  for (const name of SERVICES) {
    const child = cluster.processes.get(name)!;
    await child.signal('SIGTERM');
    dropped += await dropViews(views.uri, [`${views.database}_sandbox_${name}`]);
    child.start();
  }
  return { answers_without_mongo: meanwhile, recovered_ms: recoveredMs, databases_dropped: dropped };
};
