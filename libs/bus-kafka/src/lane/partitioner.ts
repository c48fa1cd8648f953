import { type ICustomPartitioner, type Message, Partitioners } from 'kafkajs';

export type PartitionedMessage = Message;

/** The partitioner of Java's client (murmur2 of the key), which remembers where it put each message. */
export const recordingPartitioner = (): { readonly create: ICustomPartitioner; partitionOf(message: Message): number | undefined } => {
  const chosen = new WeakMap<Message, number>();
  return {
    create: () => {
      const choose = Partitioners.DefaultPartitioner();
      return (args) => {
        const partition = choose(args);
        chosen.set(args.message, partition);
        return partition;
      };
    },
    partitionOf: (message) => chosen.get(message),
  };
};

/** Where Java's client, librdkafka's `murmur2_random` and we put a key among `partitions`. */
export const partitionFor = (key: string, partitions: number): number => {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0, partitionId, leader: 0, replicas: [], isr: [],
  }));
  return Partitioners.DefaultPartitioner()({ topic: '', partitionMetadata, message: { key, value: null } });
};
