import { SERVICES } from '@vouchsafe/process';
import { Kafka, logLevel } from 'kafkajs';

/** So many keys' worth of order side by side on one machine. */
const PARTITIONS = 4;

/** The topics of one deployment's namespace (`vouchsafe.sandbox`) on a broker of development: events and commands of every context, outcomes for every asker. */
export const makeTopics = async (brokers: readonly string[], base: string, replicationFactor = 1): Promise<void> => {
  const admin = new Kafka({ clientId: 'vouchsafe-topics', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const names = [...SERVICES.flatMap((context) => [`${base}.${context}.events`, `${base}.${context}.commands`]), ...[...SERVICES, 'gateway'].map((service) => `${base}.${service}.replies`)];
    await admin.createTopics({ waitForLeaders: true, topics: names.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor })) });
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
