import type { EventStore } from '@vouchsafe/event-store';
import { type Instant, instant } from '@vouchsafe/kernel';
import type { ProjectionRunner, ReadStore } from '@vouchsafe/read-store';
import type { GrantIndex } from '../application/ports.js';
import type { BatchUnit } from '../domain/grant-messages.js';
import { grantLines, type OrderGrants } from '../projections/grant-lines.js';
import { bucketsWith, grantRanges, type GrantBucket, type GrantedRange } from '../projections/grant-ranges.js';
import { type RedemptionPlace, redemptionPlaces } from '../projections/redemption-places.js';

/** Redemption's own views as the application asks them. */
export const grantIndex = async (readStore: ReadStore, store: EventStore, runner: ProjectionRunner): Promise<GrantIndex> => {
  const buckets = await readStore.collection<GrantBucket>(grantRanges.collection);
  const lines = await readStore.collection<OrderGrants>(grantLines.collection);
  const places = await readStore.collection<RedemptionPlace>(redemptionPlaces.collection);
  const rangesOf = async (unit: BatchUnit): Promise<readonly GrantedRange[]> => {
    const found = await buckets.getMany(bucketsWith(unit));
    return [...found.values()].flatMap(({ value }) => value.ranges.filter(({ from, to }) => unit.index >= from && unit.index < to));
  };
  return {
    grantsOf: async (unit) => {
      const grants = (await rangesOf(unit)).map(({ orderId, lineId, stream, activatedAt }) => ({ orderId, lineId, stream, activatedAt: instant(activatedAt) }));
      return grants.reverse().sort((a, b) => b.activatedAt - a.activatedAt); // of one moment, the one told later first
    },
    linesOf: async (orderId) =>
      Object.entries((await lines.get(orderId))?.value.lines ?? {}).map(([lineId, line]) => ({ ...line, lineId, activatedAt: line.activatedAt as Instant })),
    redemption: async (redemptionId) => (await places.get(redemptionId))?.value,
    caughtUp: async (withinMs) => {
      const position = store.head();
      await store.durable(position);
      return runner.waitFor(position, withinMs);
    },
  };
};
