import { LRUCache } from 'lru-cache';
import { sizeOf } from '@vouchsafe/kernel';
import type { Activation, BatchUnit } from '../domain/grant-messages.js';

/** Units of a batch that share what is remembered of their grants. */
const BUCKET_UNITS = 256;
const BUCKETS_MAX = 10_000;
/** Grants remembered per bucket, the latest first. */
const GRANTS_MAX = 4;

/**
 * Grants of many units in which one was found lately: its neighbours are presented next. Only where to look first, and
 * never that there is nothing: whoever looks there sees for himself whether the unit is in it and lives.
 */
export class RecentGrants {
  readonly #buckets = new LRUCache<string, readonly string[]>({ max: BUCKETS_MAX });

  of(unit: BatchUnit): readonly string[] {
    return this.#buckets.get(bucketOf(unit)) ?? NONE;
  }
  remember(unit: BatchUnit, stream: string, { ranges }: Activation): void {
    if (ranges.length === 1 && sizeOf(ranges[0]!) === 1) return; // its only unit was found just now
    const known = this.of(unit);
    if (!known.includes(stream)) this.#buckets.set(bucketOf(unit), [stream, ...known].slice(0, GRANTS_MAX));
  }
}
const NONE: readonly string[] = [];
const bucketOf = ({ batchId, index }: BatchUnit): string => `${batchId}/${Math.floor(index / BUCKET_UNITS)}`;
