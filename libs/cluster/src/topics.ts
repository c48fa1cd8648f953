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
