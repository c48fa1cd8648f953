import { type Instant, type Money, money, PersistentMap, plus, shareOf, sizeOf, taxWithin, type UnitRange } from '@vouchsafe/kernel';
import type { Activation, BatchUnit, Place, Refusal, VoidReason, Voided } from './grant-messages.js';

/** One use of a unit. */
export type Use = {
  readonly redemptionId: string; readonly used: bigint; readonly gross: Money; readonly tax: Money; readonly at: Instant;
  readonly till: string; readonly key: string; readonly terminalId: string; readonly storeId: string; readonly scene?: string;
  readonly reversedAt?: Instant;
};
/** A unit to which something happened besides disclosure; all others are {@link UNTOUCHED}. */
export type UnitState = {
  /** Of the unit's capacity, and what of its gross and tax those uses were worth. */
  readonly used: bigint; readonly gross: bigint; readonly tax: bigint;
  readonly uses: readonly Use[];
  readonly frozen?: string;
  /** Its own last instant, where it was extended. */
  readonly endsAt?: Instant;
  readonly end?: { readonly by: 'voided'; readonly refundId: string; readonly reason: VoidReason } | { readonly by: 'lapsed' };
};
export const UNTOUCHED: UnitState = { used: 0n, gross: 0n, tax: 0n, uses: [] };

export type Disclosure = { readonly principalId: string; readonly ranges: readonly UnitRange[]; readonly at: Instant; readonly breakGlass: boolean };
export type VoidAnswer = { readonly accepted: readonly Voided[]; readonly refused: readonly Refusal[] };
/** A grant chunk: at most 256 units of one order line, after the sale. */
export type Chunk = {
  readonly grant: Activation | undefined;
  readonly units: PersistentMap<Place, UnitState>;
  readonly disclosures: PersistentMap<string, Disclosure>;
  readonly voids: PersistentMap<string, VoidAnswer>;
  /** Refused askers that are on record already. */
  readonly alarms: readonly string[];
  /** Deadlines up to then have been dealt with. */
  readonly lapsedUpTo?: Instant;
};
export const emptyChunk: Chunk = { grant: undefined, units: PersistentMap.empty(), disclosures: PersistentMap.empty(), voids: PersistentMap.empty(), alarms: [] };

export const unitOf = (chunk: Chunk, place: Place): UnitState => chunk.units.get(place) ?? UNTOUCHED;
/** The chunk's places, `from` (inclusive) to `to` (exclusive). */
export const placesIn = (grant: Activation): { readonly from: Place; readonly to: Place } => ({ from: grant.first, to: grant.first + grant.ranges.reduce((n, range) => n + sizeOf(range), 0) });
export const holds = (grant: Activation, place: Place): boolean => place >= grant.first && place < placesIn(grant).to;

/** The unit at a place of the chunk, which must be one of its own. */
export const batchUnitAt = (grant: Activation, place: Place): BatchUnit | undefined => {
  let left = place - grant.first;
  for (const range of grant.ranges) {
    if (left < sizeOf(range)) return { batchId: range.batchId, index: range.from + left };
    left -= sizeOf(range);
  }
  return undefined;
};
/** The place of a unit in the chunk; undefined if it is of another. */
export const placeOf = (grant: Activation, batchId: string, index: number): Place | undefined => {
  let before = grant.first;
  for (const range of grant.ranges) {
    if (range.batchId === batchId && index >= range.from && index < range.to) return before + index - range.from;
    before += sizeOf(range);
  }
  return undefined;
};
/** Units at `places` (ascending, none twice) as ranges of batches, as few as can be. */
export const rangesAt = (grant: Activation, places: readonly Place[]): readonly UnitRange[] => {
  const out: UnitRange[] = [];
  for (const place of places) {
    const unit = batchUnitAt(grant, place);
    if (!unit) continue;
    const last = out[out.length - 1];
    if (last && last.batchId === unit.batchId && last.to === unit.index) out[out.length - 1] = { ...last, to: unit.index + 1 };
    else out.push({ batchId: unit.batchId, from: unit.index, to: unit.index + 1 });
  }
  return out;
};

/** Uses a unit has in all: 1, n, or its face value in minor units. */
export const capacityOf = ({ terms }: Activation): bigint => {
  switch (terms.usage) {
    case 'single': return 1n;
    case 'times': return BigInt(terms.times);
    case 'balance': return terms.faceMinor;
  }
};
/** The share of the line's gross and tax that belongs to one unit; all units' shares add up to the line. */
export const worthOf = ({ lineGross, taxRateBp, unitsInLine }: Activation, place: Place): { readonly gross: Money; readonly tax: Money } => ({
  gross: shareOf(lineGross, place, place + 1, unitsInLine),
  tax: shareOf(taxWithin(lineGross, taxRateBp), place, place + 1, unitsInLine),
});
/** What of a unit's worth its uses have not taken. */
export const restOf = (grant: Activation, place: Place, unit: UnitState): { readonly gross: Money; readonly tax: Money } => {
  const { gross, tax } = worthOf(grant, place);
  return { gross: plus(gross, money(-unit.gross, gross.currency)), tax: plus(tax, money(-unit.tax, tax.currency)) };
};
/** Its secret has left, or somebody showed that it is known. */
export const isDisclosed = (chunk: Chunk, place: Place): boolean => {
  if (unitOf(chunk, place).uses.length > 0) return true;
  const unit = chunk.grant && batchUnitAt(chunk.grant, place);
  return unit !== undefined && chunk.disclosures.values().some(({ ranges }) =>
    ranges.some((range) => range.batchId === unit.batchId && unit.index >= range.from && unit.index < range.to));
};
/** Last instant of use of a unit; undefined: it does not end. */
export const endOf = (grant: Activation, unit: UnitState): Instant | undefined => unit.endsAt ?? grant.endsAt;
