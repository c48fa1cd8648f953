import { invariant } from './invariant.js';

/** Units `from` (inclusive) to `to` (exclusive) of one batch: how vouchers move in bulk. Safe integers, from < to. */
export type UnitRange = { readonly batchId: string; readonly from: number; readonly to: number };

export const sizeOf = (range: UnitRange): number => range.to - range.from;
export const totalSize = (ranges: readonly UnitRange[]): number => ranges.reduce((n, range) => n + sizeOf(range), 0);
export const contains = (range: UnitRange, batchId: string, index: number): boolean =>
  range.batchId === batchId && index >= range.from && index < range.to;

/** The first `count` units of `ranges`, and what is left behind them. Bug if there are fewer. */
export const takeUnits = <R extends UnitRange>(ranges: readonly R[], count: number): { taken: readonly R[]; rest: readonly R[] } => {
  const taken: R[] = [];
  const rest: R[] = [];
  let left = count;
  for (const range of ranges) {
    const n = Math.min(left, sizeOf(range));
    if (n > 0) taken.push({ ...range, to: range.from + n });
    if (n < sizeOf(range)) rest.push({ ...range, from: range.from + n });
    left -= n;
  }
  invariant(left === 0, 'taken more units than there are');
  return { taken, rest };
};

/** `ranges` without the units of `cut` (which may lie anywhere in them or not at all). Order is kept. */
export const withoutUnits = <R extends UnitRange>(ranges: readonly R[], cut: UnitRange): readonly R[] =>
  ranges.flatMap((range) => {
    if (range.batchId !== cut.batchId || cut.to <= range.from || cut.from >= range.to) return [range];
    const head = cut.from > range.from ? [{ ...range, to: cut.from }] : [];
    const tail = cut.to < range.to ? [{ ...range, from: cut.to }] : [];
    return [...head, ...tail];
  });
