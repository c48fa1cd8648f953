import type { Json } from '@vouchsafe/codec';

/** One unit of a batch: a voucher's identity. */
export type UnitRef = { readonly batchId: string; readonly index: number };
type Mention = 'this' | 'other' | 'none';

/**
 * Whether an event's data speaks of `unit`: `this` where a unit or a range in it covers the unit, `other` where it names only other
 * units, `none` where it names none at all (then it concerns the whole matter).
 */
export const mentions = (data: Json, unit: UnitRef): Mention => {
  if (data === null || typeof data !== 'object') return 'none';
  if (Array.isArray(data)) return isRow(data) ? ownMention({ batchId: data[0], from: data[1], to: data[2] }, unit) : strongest(data.map((item) => mentions(item, unit)));
  const fields = data as Readonly<Record<string, Json>>;
  const own = ownMention(fields, unit);
  return own === 'this' ? own : strongest([own, ...Object.values(fields).map((value) => mentions(value, unit))]);
};

/** A range as it is stored where there are many: `[batch, from, to]`, perhaps with more behind. */
const isRow = (data: readonly Json[]): data is readonly [string, number, number] =>
  typeof data[0] === 'string' && data[0].startsWith(BATCH) && typeof data[1] === 'number' && typeof data[2] === 'number';
const BATCH = 'bat_';

const ownMention = ({ batchId, index, from, to }: Readonly<Record<string, Json>>, unit: UnitRef): Mention => {
  if (typeof batchId !== 'string') return 'none';
  if (typeof index === 'number') return batchId === unit.batchId && index === unit.index ? 'this' : 'other';
  if (typeof from !== 'number' || typeof to !== 'number') return 'none';
  return batchId === unit.batchId && unit.index >= from && unit.index < to ? 'this' : 'other';
};

const strongest = (all: readonly Mention[]): Mention => (all.includes('this') ? 'this' : all.includes('other') ? 'other' : 'none');
