import { entropyOf } from './code-hash.js';
import type { PlainRow } from './code-vault.js';

/** Rows of a batch from `first` on that end together. */
export type RowSegment = { readonly first: number; readonly rows: number; readonly expiresAt: number | undefined };

/** First expiring first, so that a batch has few segments: indexes of rows, sorted. */
export const byExpiry = (rows: readonly PlainRow[], indexes: readonly number[]): number[] =>
  indexes.toSorted((a, b) => (rows[a]!.expiresAt ?? Infinity) - (rows[b]!.expiresAt ?? Infinity) || a - b);

/** The segments that rows from `first` on make, the first of them going on from `open` (the batch's last one) where it ends with it. */
export const segmentsAfter = (open: RowSegment | undefined, first: number, rows: readonly PlainRow[]): readonly RowSegment[] => {
  const segments: RowSegment[] = [];
  let last = open;
  rows.forEach(({ expiresAt }, i) => {
    if (last && last.expiresAt === expiresAt) last = { ...last, rows: last.rows + 1 };
    else {
      if (last) segments.push(last);
      last = { first: first + i, rows: 1, expiresAt };
    }
  });
  return last ? [...segments, last] : segments;
};

/** Least entropy of a batch's codes, `before` being that of the ones it has. */
export const leastEntropy = (before: number, rows: readonly PlainRow[]): number => rows.reduce((least, { code }) => Math.min(least, entropyOf(code)), before);
/** Of a batch without codes. */
export const ENTROPY_START = Number.MAX_SAFE_INTEGER;
/** Refused lines kept per import; beyond it they are only counted. */
export const REFUSALS_MAX = 100_000;
