import { databaseName } from '@vouchsafe/process';
import { sleep, type World } from '../world.js';
import { viewsEqualLog } from './mistold.js';

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

/** So long MongoDB is away: readiness has noticed, and orders are placed and end meanwhile. */
const WITHOUT_MONGO_MS = 20_000;
const REBUILT_MS = 90_000;
const FAILING = 'vouchsafe_projection_failing';

/**
 * MongoDB dies and comes again while orders go on, but for those that bring personal data, which lies there; then all views are lost under
 * services that run, and built anew from the log.
 */
export class Documents {
  #served = 0;

  async run(world: World): Promise<Readonly<Record<string, number>>> {
    const { cluster, acks, load, views } = world;
    const { dropViews } = await import('@vouchsafe/cluster');
    const [next, known] = [load.placed, acks.all.length];
    await cluster.servers.mongo.kill(0);
    await sleep(WITHOUT_MONGO_MS);
    this.#served = acks.all.slice(known).filter((ack) => ack.kind === 'order' && Number(ack.number.slice(2)) >= next).length;
    await cluster.servers.mongo.restart(0);
    const recoveredMs = await untilServed(world);
    const dropped = await dropViews(views.uri, SERVICES.map((name) => databaseName(views.database, 'sandbox', name)));
    const rebuiltMs = await untilRebuilt(world);
    return { orders_without_mongo: this.#served, recovered_ms: recoveredMs, databases_dropped: dropped, rebuilt_ms: rebuiltMs };
  }

  async after(world: World): Promise<readonly string[]> {
    const stalled = this.#served === 0 ? ['no order was placed and ended while MongoDB was away'] : [];
    return [...stalled, ...(await viewsEqualLog(world))];
  }
}

/** Milliseconds until every service that noticed the loss has its views whole again. */
const untilRebuilt = async (world: World): Promise<number> => {
  const from = performance.now();
  const isOver = (): boolean => performance.now() - from > REBUILT_MS;
  while ((await world.sum(FAILING)) === 0 && !isOver()) await sleep(100);
  while ((await world.sum(FAILING)) > 0 && !isOver()) await sleep(100);
  return Math.round(performance.now() - from);
};
