import type { UnitRange } from '@vouchsafe/kernel';
import type { Projection } from '@vouchsafe/read-store';
import type { GrantEvent } from '../domain/grant-messages.js';

export type GrantedRange = { readonly from: number; readonly to: number; readonly stream: string; readonly orderId: string; readonly lineId: string; readonly activatedAt: number };
/** Granted ranges that touch one bucket of a batch. */
export type GrantBucket = { readonly ranges: readonly GrantedRange[] };

/**
 * Ranges lie in buckets about as wide as they are: so a bucket holds few of them, a range lies in two buckets at most, and a
 * unit is found by asking for its one bucket of each width. No document per unit of a large order, no index to search.
 */
const WIDTHS = [1, 16, 256] as const;
const bucketId = (batchId: string, width: number, index: number): string => `${batchId}/${width}/${Math.floor(index / width)}`;
const bucketsOf = ({ batchId, from, to }: UnitRange): readonly string[] => {
  const width = WIDTHS.find((candidate) => to - from <= candidate) ?? 256;
  const buckets: string[] = [];
  for (let index = from; index < to; index = (Math.floor(index / width) + 1) * width) buckets.push(bucketId(batchId, width, index));
  return buckets;
};
/** The documents that name every grant of a unit. */
export const bucketsWith = ({ batchId, index }: { readonly batchId: string; readonly index: number }): readonly string[] => WIDTHS.map((width) => bucketId(batchId, width, index));

/** Which grant chunks a unit of a batch was ever put into. */
export const grantRanges: Projection<GrantEvent, GrantBucket> = {
  collection: { name: 'redemption_grant_buckets_v1', indexes: [] },
  idsOf: (event) => (event.type !== 'GrantActivated' ? [] : event.ranges.length === 1 ? bucketsOf(event.ranges[0]!) : [...new Set(event.ranges.flatMap(bucketsOf))]),
  apply: (value, event, { stream }, id) => {
    if (event.type !== 'GrantActivated') return value;
    const here = event.ranges.length === 1 ? event.ranges : event.ranges.filter((range) => bucketsOf(range).includes(id));
    const told = here.map(({ from, to }) => ({ from, to, stream, orderId: event.orderId, lineId: event.lineId, activatedAt: event.at }));
    return { ranges: [...(value?.ranges ?? []), ...told] };
  },
};
