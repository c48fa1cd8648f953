import { kafkaAdmin } from '@vouchsafe/bus-kafka';
import type { EventStore } from '@vouchsafe/event-store';
import { EPOCHS } from '@vouchsafe/event-store-esdb';
import { Fault, invariant } from '@vouchsafe/kernel';
import { KnownSurroundings, type Surroundings } from '@vouchsafe/parked-mongo';
import type { Log } from '@vouchsafe/runtime';
import type { Closers } from '../closers.js';
import type { ServiceConfig } from './config.js';
import { kafkaConnection, type Machine } from './connections.js';

export type WhetherCopied = {
  /** Which log this deployment stands on. */
  readonly logId: string;
  /** Why this deployment is a copy of another; undefined where it is not. */
  readonly copied: string | undefined;
  /** So far other replicas have come. */
  readonly epochAtLeast: number | undefined;
  /** All that the copy does not know is secured: from now on this is what stands around it. */
  settled(epoch: number): Promise<void>;
};
type Place = Omit<ConstructorParameters<typeof KnownSurroundings>[0], 'clock' | 'random' | 'log'>;

/**
 * A second deployment begun on copies of the databases has new directories, so that no marker tells it what it is; but it has another
 * Kafka, or other topics. Then it holds its stock like one that was restored.
 */
export const whetherCopied = async (config: ServiceConfig, { place, store }: { readonly place: Place; readonly store: Pick<EventStore, 'readStream'> }, machine: Machine, closers: Closers): Promise<WhetherCopied> => {
  const known = new KnownSurroundings({ ...place, ...machine });
  closers.add(() => known.close());
  const transport = await transportOf(config, machine.log);
  const logId = await logIdOf(store);
  const before = await known.read();
  if (before?.logId !== undefined && before.logId !== logId) throw foreign(config, place.database);
  const copied = before && before.transport !== transport ? `it has used the Kafka ${before.transport} and is now on ${transport}` : undefined;
  return { logId, copied, epochAtLeast: before?.epoch, settled: (epoch) => settle(known, before, { transport, epoch, logId }) };
};

const settle = async (known: KnownSurroundings, before: Surroundings | undefined, now: Surroundings): Promise<void> => {
  if (before?.transport !== now.transport || before.logId !== now.logId || before.epoch < now.epoch) await known.write(now);
};

/** A log's first word, which its copies have too and no other log has: whoever opens a store claims an epoch in it first. */
export const logIdOf = async (store: Pick<EventStore, 'readStream'>): Promise<string> => {
  const [first] = await store.readStream(EPOCHS, { from: 0, max: 1 });
  invariant(first, 'whoever opens a store has claimed an epoch in it');
  return first.id;
};

const foreign = ({ VOUCHSAFE_EVENT_STORE_PREFIX: prefix }: ServiceConfig, database: string): Fault => new Fault(
  'DEPLOYMENT_FOREIGN',
  `the database ${database} belongs to a deployment on another log than this one (VOUCHSAFE_EVENT_STORE, prefix ${prefix ?? 'none'}): two deployments must not share it. Name other databases (VOUCHSAFE_MONGO_DATABASE), or the log that this one belongs to`,
  false,
);

/** Kafka's own id, which no other cluster has, and where in it this deployment's topics are. */
const transportOf = async (config: ServiceConfig, log: Log): Promise<string> => {
  const admin = kafkaAdmin(kafkaConnection(config), log);
  try {
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    return `${clusterId}/${config.VOUCHSAFE_KAFKA_PREFIX ?? 'vouchsafe'}`;
  } catch (cause) {
    throw new Fault('BUS_NOT_READY', `Kafka at ${config.VOUCHSAFE_KAFKA_BROKERS.join(',')} does not say which cluster it is: ${(cause as Error).message}`, true, { cause });
  } finally {
    await admin.disconnect();
  }
};
