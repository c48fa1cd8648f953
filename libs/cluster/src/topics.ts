import { applyTopics, kafkaAdmin, planTopics } from '@vouchsafe/bus-kafka';
import { silentLog } from '@vouchsafe/runtime';
import { Kafka, logLevel } from 'kafkajs';

/** So many keys' worth of order side by side on one machine. */
const PARTITIONS = 4;
const DAY_MS = 86_400_000;

/** The topics of a sandbox named `prefix`, as `vouchsafe topics apply` makes them; every write is on two brokers where there are three. */
export const makeTopics = async (brokers: readonly string[], prefix: string, replicas: 1 | 3): Promise<void> => {
  const admin = kafkaAdmin({ brokers }, silentLog);
  await admin.connect();
  try {
    const outcome = await applyTopics(admin, planTopics({ namespace: 'sandbox', prefix, partitions: PARTITIONS, replicas, minInSync: replicas === 3 ? 2 : 1, retentionMs: DAY_MS }));
    if (!outcome.ok) throw new Error(`topics of ${prefix} are there and differ: ${JSON.stringify(outcome.refused)}`);
  } finally {
    await admin.disconnect();
  }
};

/** Puts a value on the events of a context that is no event of ours, as somebody might who has the right to write there. */
export const poisonEvents = async (brokers: readonly string[], base: string, context: string, value: string): Promise<void> => {
  const producer = new Kafka({ clientId: 'vouchsafe-poison', brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  try {
    await producer.send({ topic: `${base}.${context}.events`, messages: [{ key: 'poison', value }] });
  } finally {
    await producer.disconnect();
  }
};
