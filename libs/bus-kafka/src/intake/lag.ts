import type { Admin } from 'kafkajs';

/** How far a group is behind, in messages, and how far it has got: the sum of its committed offsets. */
export type GroupLag = { readonly lag: number; readonly committed: number };

export const lagOf = async (admin: Admin, groupId: string, topics: readonly string[]): Promise<GroupLag> => {
  const [ends, offsets] = await Promise.all([
    Promise.all(topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) }))),
    admin.fetchOffsets({ groupId, topics: [...topics] }),
  ]);
  let [lag, committed] = [0, 0];
  for (const { topic, partitions } of ends) {
    const known = offsets.find((of) => of.topic === topic)?.partitions ?? [];
    for (const { partition, high, low } of partitions) {
      const at = Math.max(Number(low), Number(known.find((of) => of.partition === partition)?.offset ?? -1));
      lag += Number(high) - at;
      committed += at;
    }
  }
  return { lag, committed };
};
