import { type Instant, invariant } from '@vouchsafe/kernel';
import { List } from 'immutable';
import type { Lane, Shelf, Units } from './stock-types.js';

/** Expiry of units that never expire. */
const NEVER = Number.POSITIVE_INFINITY;
export const emptyShelf: Shelf = { free: 0, lanes: [] };
const sizeOf = ({ from, to }: Units): number => to - from;
export const quantityOf = (ranges: readonly Units[]): number => ranges.reduce((n, range) => n + sizeOf(range), 0);
export const expiryOf = ({ validUntil }: Units): number => validUntil ?? NEVER;

/** The first expiring `quantity` units that are usable until after `usableAt` (and at least until `minValidUntil`); undefined if there are fewer. */
export const pick = (shelf: Shelf, quantity: number, usableAt: Instant, minValidUntil?: Instant): readonly Units[] | undefined => {
  if (shelf.free < quantity) return undefined;
  const taken: Units[] = [];
  let left = quantity;
  for (const lane of shelf.lanes) {
    if (lane.validUntil <= usableAt || (minValidUntil !== undefined && lane.validUntil < minValidUntil)) continue;
    left = pickFrom(lane, left, taken);
    if (left === 0) return taken;
  }
  return undefined;
};
const pickFrom = (lane: Lane, quantity: number, into: Units[]): number => {
  let left = quantity;
  for (let range = lane.head, i = 0; range && left > 0; range = lane.rest.get(i), i++) {
    const n = Math.min(left, sizeOf(range));
    into.push(n === sizeOf(range) ? range : { ...range, to: range.from + n });
    left -= n;
  }
  return left;
};

/** The shelf without `ranges`, which lie on it; quick where they are the next to be dealt. */
export const take = (shelf: Shelf, ranges: readonly Units[]): Shelf => {
  let next = shelf;
  for (const range of ranges) next = takeOne(next, range);
  return next;
};
const takeOne = (shelf: Shelf, range: Units): Shelf => {
  const at = laneOf(shelf.lanes, expiryOf(range));
  const lane = shelf.lanes[at];
  invariant(lane && lane.validUntil === expiryOf(range), 'units taken lie on the shelf');
  const left = takeHead(lane, range) ?? cutOut(lane, range);
  invariant(left.free === lane.free - sizeOf(range), 'units taken lie on the shelf');
  return { free: shelf.free - sizeOf(range), lanes: left.free === 0 ? shelf.lanes.toSpliced(at, 1) : shelf.lanes.with(at, left) };
};
const takeHead = ({ head, ...lane }: Lane, range: Units): Lane | undefined => {
  if (!head || head.batchId !== range.batchId || head.from !== range.from || head.to < range.to) return undefined;
  const free = lane.free - sizeOf(range);
  if (head.to > range.to) return { ...lane, free, head: { ...head, from: range.to } };
  return { ...lane, free, head: lane.rest.first(), rest: lane.rest.shift() };
};
/** Leaves a hole where `cut` was, wherever in the lane it lies; units of it that are not there are passed over. */
const cutOut = (lane: Lane, cut: Units): Lane => {
  const kept = List<Units>(lane.head ? [lane.head] : []).concat(lane.rest).flatMap((range) => without(range, cut));
  return { validUntil: lane.validUntil, free: kept.reduce((n, range) => n + sizeOf(range), 0), head: kept.first(), rest: kept.shift() };
};
const touches = (a: Units, b: Units): boolean => a.batchId === b.batchId && a.from < b.to && b.from < a.to;
/** `range` without what it shares with `cut`. */
export const without = (range: Units, cut: Units): readonly Units[] => {
  if (!touches(range, cut)) return [range];
  const head = cut.from > range.from ? [{ ...range, to: cut.from }] : [];
  return cut.to < range.to ? [...head, { ...range, from: cut.to }] : head;
};
/** What `range` shares with `cut`, with the expiry of `range`. */
export const shared = (range: Units, cut: Units): Units | undefined =>
  touches(range, cut) ? { ...range, from: Math.max(range.from, cut.from), to: Math.min(range.to, cut.to) } : undefined;

/** The shelf with `ranges` on it; what came back is dealt first among units of its expiry. */
export const put = (shelf: Shelf, ranges: readonly Units[], where: 'first' | 'last'): Shelf => {
  let next = shelf;
  for (const range of ranges) next = putOne(next, range, where);
  return next;
};
const putOne = ({ free, lanes }: Shelf, range: Units, where: 'first' | 'last'): Shelf => {
  const at = laneOf(lanes, expiryOf(range));
  const lane = lanes[at];
  const total = free + sizeOf(range);
  if (lane?.validUntil !== expiryOf(range)) return { free: total, lanes: lanes.toSpliced(at, 0, { validUntil: expiryOf(range), free: sizeOf(range), head: range, rest: List() }) };
  return { free: total, lanes: lanes.with(at, { ...(where === 'first' ? putFirst(lane, range) : putLast(lane, range)), free: lane.free + sizeOf(range) }) };
};
const putFirst = (lane: Lane, range: Units): Lane => {
  if (!lane.head) return { ...lane, head: range };
  if (lane.head.batchId === range.batchId && lane.head.from === range.to) return { ...lane, head: { ...lane.head, from: range.from } };
  return { ...lane, head: range, rest: lane.rest.unshift(lane.head) };
};
const putLast = (lane: Lane, range: Units): Lane => (lane.head ? { ...lane, rest: lane.rest.push(range) } : { ...lane, head: range });

/** Place of the first lane that expires at `validUntil` or later. */
const laneOf = (lanes: readonly Lane[], validUntil: number): number => {
  let low = 0;
  for (let high = lanes.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (lanes[middle]!.validUntil < validUntil) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Units on the shelf for which `wanted` gives a part, e.g. all of a batch, or those that expired. */
export const onShelf = (shelf: Shelf, wanted: (range: Units) => readonly Units[]): readonly Units[] =>
  shelf.lanes.flatMap(({ head, rest }) => (head ? [head, ...rest] : []).flatMap(wanted));
/** Free units of lanes that ended at or before `at`. */
export const expiredOn = ({ free, lanes }: Shelf, at: Instant): readonly Units[] =>
  onShelf({ free, lanes: lanes.filter(({ validUntil }) => validUntil <= at) }, (range) => [range]);
