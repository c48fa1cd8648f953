import OffsetManager = require('kafkajs/src/consumer/offsetManager');

const MENDED = Symbol.for('vouchsafe.kafkajs.commits');

/**
 * kafkajs commits offsets of partitions that a rebalance took from the member (its issue #1046), and so rewinds or skips what
 * another member does. Mended: what is not assigned is not committed. May be called twice.
 */
export const mendCommits = (): void => {
  const prototype = OffsetManager.prototype as OffsetManager & { [MENDED]?: true };
  if (prototype[MENDED]) return;
  const commit = prototype.commitOffsets;
  prototype.commitOffsets = async function (offsets): Promise<void> {
    const topics = (offsets?.topics ?? this.uncommittedOffsets().topics ?? [])
      .map(({ topic, partitions }) => ({ topic, partitions: partitions.filter(({ partition }) => this.memberAssignment[topic]?.includes(partition)) }))
      .filter(({ partitions }) => partitions.length > 0);
    if (topics.length > 0) await commit.call(this, { topics });
  };
  prototype[MENDED] = true;
};
