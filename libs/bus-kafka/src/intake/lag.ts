import type { Admin } from 'kafkajs';

/** How far a group is behind in one partition, in messages, and up to where it has committed. */
export type PartitionLag = { readonly topic: string; readonly partition: number; readonly lag: number; readonly committed: number };

export const lagsOf = async (admin: Admin, groupId: string, topics: readonly string[]): Promise<readonly PartitionLag[]> => {
  const [ends, offsets] = await Promise.all([
    Promise.all(topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) }))),
    admin.fetchOffsets({ groupId, topics: [...topics] }),
  ]);
  return ends.flatMap(({ topic, partitions }) => {
    const known = offsets.find((of) => of.topic === topic)?.partitions ?? [];
    return partitions.map(({ partition, high, low }) => {
      const committed = Math.max(Number(low), Number(known.find((of) => of.partition === partition)?.offset ?? -1));
      return { topic, partition, lag: Number(high) - committed, committed };
    });
  });
};

export const totalLag = (lags: readonly PartitionLag[]): number => lags.reduce((sum, { lag }) => sum + lag, 0);
