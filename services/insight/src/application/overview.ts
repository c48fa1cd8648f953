import type { Collection } from '@vouchsafe/read-store';
import type { OrderCourse } from '../projections/order-course.js';

export type OverviewCounts = {
  readonly byState: Readonly<Record<string, number>>;
  readonly byReason: Readonly<Record<string, number>>;
  readonly byVerdict: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly recent: readonly (OrderCourse & { readonly orderId: string })[];
};

/** Newest orders that percentiles, reasons and verdicts are taken from. */
const SAMPLE = 2_000;
const RECENT = 20;
const STATES = ['PENDING', 'FULFILLING', 'AWAITING_PAYMENT', 'IN_REVIEW', 'COMPLETED', 'REJECTED', 'CANCELLED'];

const tally = (words: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const word of words) if (word) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};
/** The `share` quantile of sorted numbers, 0 of none. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Orders by state (all), by reason and verdict and their speed (the newest {@link SAMPLE}). */
export const overviewOf = async (courses: Collection<OrderCourse>): Promise<OverviewCounts> => {
  const newest = await courses.find({ orderBy: [['placedAt', 'desc']], limit: SAMPLE });
  const totals = await Promise.all(STATES.map(async (state) => [state, await courses.count({ state })] as const));
  const took = newest.filter(({ value }) => value.endedAt > 0).map(({ value }) => value.endedAt - value.placedAt).sort((a, b) => a - b);
  return {
    byState: Object.fromEntries(totals.filter(([, count]) => count > 0)),
    byReason: tally(newest.map(({ value }) => value.reason)),
    byVerdict: tally(newest.map(({ value }) => value.verdict)),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    recent: newest.slice(0, RECENT).map(({ id, value }) => ({ ...value, orderId: id })),
  };
};
