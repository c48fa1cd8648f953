import type { Admin } from 'kafkajs';
import type { Incoming } from '../wire.js';
import type { PartitionLag } from './lag.js';

type Reader = { readonly topics: readonly string[]; watermark(topic: string, partition: number): number | undefined };

/** Where a reader of what is live stands: it begins at the end it found before it began, and commits nothing. Offsets are safe integers. */
export class LivePositions {
  readonly #next = new Map<string, number>();

  /** The topics' present ends: from there on everything is the reader's to see. What is known already stays: it goes on there. */
  async lookUpEnds(admin: Admin, topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) if (!this.#next.has(keyOf(topic, partition))) this.#next.set(keyOf(topic, partition), Number(high));
    }
  }

  startAt(topic: string, partition: number): number {
    return this.#next.get(keyOf(topic, partition)) ?? 0;
  }
  /** The message was taken up. */
  passed({ topic, partition, offset }: Pick<Incoming, 'topic' | 'partition' | 'offset'>): void {
    this.#next.set(keyOf(topic, partition), Number(offset) + 1);
  }

  /** How much of its topics `reader` has not handled. */
  async lags(admin: Admin, reader: Reader): Promise<readonly PartitionLag[]> {
    const ends = await Promise.all(reader.topics.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) })));
    return ends.flatMap(({ topic, partitions }) => partitions.map(({ partition, high }): PartitionLag => {
      const committed = reader.watermark(topic, partition) ?? this.startAt(topic, partition);
      return { topic, partition, lag: Math.max(0, Number(high) - committed), committed };
    }));
  }
}

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;
