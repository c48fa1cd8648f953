import type { EventStore } from '@vouchsafe/event-store';
import { type Instant, instant } from '@vouchsafe/kernel';
import { GRANT_CHUNK_UNITS } from '@vouchsafe/contracts';
import type { ProjectionRunner, Query, ReadStore } from '@vouchsafe/read-store';
import type { GrantIndex } from '../application/ports.js';
import { grantLines } from '../projections/grant-lines.js';
import { grantRanges, type GrantRange } from '../projections/grant-ranges.js';
import { redemptionPlaces } from '../projections/redemption-places.js';

/** A unit sold, refunded undisclosed and sold again more often than this is not asked about further back. */
const GRANTS_MAX = 100;

/** Redemption's own views as the application asks them. */
export const grantIndex = async (readStore: ReadStore, store: EventStore, runner: ProjectionRunner): Promise<GrantIndex> => {
  const ranges = await readStore.collection<GrantRange>(grantRanges.collection);
  const lines = await readStore.collection<Parameters<typeof grantLines.apply>[0] & object>(grantLines.collection);
  const places = await readStore.collection<Parameters<typeof redemptionPlaces.apply>[0] & object>(redemptionPlaces.collection);
  return {
    probableGrant: async ({ batchId, index }) => (await ranges.find({ ...around(batchId, index), limit: 1 }))[0]?.value.stream,
    grantsOf: async ({ batchId, index }) => {
      const found = await ranges.find({ ...around(batchId, index), limit: GRANTS_MAX });
      const grants = found.map(({ value: { orderId, lineId, stream, activatedAt } }) => ({ orderId, lineId, stream, activatedAt: instant(activatedAt) }));
      return grants.sort((a, b) => b.activatedAt - a.activatedAt);
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

/** A range holds at most a chunk's units, so those that may contain `index` begin shortly before it: the nearest first. */
const around = (batchId: string, index: number): Omit<Query, 'limit'> => ({
  where: { batchId, from: { gt: index - GRANT_CHUNK_UNITS, lte: index }, to: { gt: index } },
  orderBy: [['from', 'desc']],
});
