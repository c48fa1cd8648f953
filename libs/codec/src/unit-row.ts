import type { UnitRange } from '@vouchsafe/kernel';
import { type Shape, ShapeError } from './shape.js';

/**
 * A range of units as a row `[batch, from, to]`: as often written as anything. What a row holds behind that is passed on
 * to, and read by, whoever knows it.
 */
export const unitRow = <R extends UnitRange = UnitRange>(
  more: { readonly write: (range: R) => number | undefined; readonly read: (extra: number) => Omit<R, keyof UnitRange> } | undefined = undefined,
): Shape<R> => ({
  write: (range) => {
    const extra = more?.write(range);
    return extra === undefined ? [range.batchId, range.from, range.to] : [range.batchId, range.from, range.to, extra];
  },
  read: (json, path) => {
    const [batchId, from, to, extra] = Array.isArray(json) ? (json as unknown[]) : [];
    if (typeof batchId !== 'string' || !Number.isSafeInteger(from) || !Number.isSafeInteger(to)) throw new ShapeError(path, 'a batch and two numbers');
    const range = { batchId, from: from as number, to: to as number };
    if (extra === undefined) return range as R;
    if (!more || !Number.isSafeInteger(extra)) throw new ShapeError(path, 'no more than a row holds');
    return { ...range, ...more.read(extra as number) } as R;
  },
});
