import { accept, type Decider, type Decision, type Of, reject, type UnitRange } from '@vouchsafe/kernel';
import { batchUnitAt, type Chunk, emptyChunk, endOf, holds, placeOf, type UnitState, unitOf } from './chunk.js';
import { disclose } from './disclose.js';
import { lapse, lapsesAt, voidPlaces } from './ending.js';
import type { Activation, BatchUnit, GrantCommand, GrantEvent, GrantRejection, Place } from './grant-messages.js';
import { sameValue } from './same-value.js';
import { redeem, reverse } from './use.js';

type Answer = Decision<GrantEvent, GrantRejection>;

const decide = (command: GrantCommand, chunk: Chunk): Answer => {
  switch (command.type) {
    case 'Activate': return activate(command, chunk);
    case 'Disclose': return disclose(command, chunk);
    case 'Redeem': return redeem(command, chunk);
    case 'Reverse': return reverse(command, chunk);
    case 'Freeze': return freeze(command, chunk);
    case 'Unfreeze': return unfreeze(command, chunk);
    case 'Extend': return extend(command, chunk);
    case 'Void': return voidPlaces(command, chunk);
    case 'Lapse': return lapse(command, chunk);
    case 'NoteLookup': return noteLookup(command, chunk);
  }
};

/** The one event that opens a chunk. A second activation must say the same (but for when). */
const activate = (command: Of<GrantCommand, 'Activate'>, { grant }: Chunk): Answer => {
  if (!grant) return accept({ ...command, type: 'GrantActivated' });
  return sameValue(toldOf(command), toldOf(grant)) ? accept() : reject('GRANT_DIFFERS');
};
/** What an activation says besides when. */
const toldOf = (activation: Activation): object => ({ ...activation, type: undefined, at: undefined, endsAt: undefined });
const onUnit = (chunk: Chunk, place: Place, then: (named: BatchUnit, unit: UnitState, grant: Activation) => Answer): Answer => {
  const named = chunk.grant && holds(chunk.grant, place) ? batchUnitAt(chunk.grant, place) : undefined;
  return chunk.grant && named ? then(named, unitOf(chunk, place), chunk.grant) : reject('GRANT_UNKNOWN');
};

const freeze = ({ place, reason, at }: Of<GrantCommand, 'Freeze'>, chunk: Chunk): Answer =>
  onUnit(chunk, place, (unit, { end, frozen }) => {
    if (end?.by === 'voided') return reject('VOUCHER_VOIDED');
    return frozen === undefined ? accept({ type: 'VoucherFrozen', unit, reason, at }) : accept();
  });
const unfreeze = ({ place, reason, at }: Of<GrantCommand, 'Unfreeze'>, chunk: Chunk): Answer =>
  onUnit(chunk, place, (unit, { frozen }) => (frozen === undefined ? accept() : accept({ type: 'VoucherUnfrozen', unit, reason, at })));
/** A right that lapsed for good stays so: its rest is revenue already. */
const extend = ({ place, endsAt, reason, at }: Of<GrantCommand, 'Extend'>, chunk: Chunk): Answer =>
  onUnit(chunk, place, (unit, state, grant) => {
    if (state.end) return reject(state.end.by === 'voided' ? 'VOUCHER_VOIDED' : 'VOUCHER_EXPIRED');
    const before = endOf(grant, state);
    if (before === endsAt) return accept();
    if (before === undefined || endsAt < before || endsAt < at) return reject('EXTENSION_NOT_LATER');
    const gone = lapsesAt(grant, endsAt);
    return accept({ type: 'VoucherExtended', unit, endsAt, ...(gone !== undefined && { lapsesAt: gone }), reason, at });
  });
const noteLookup = ({ place, principalId, reason, at }: Of<GrantCommand, 'NoteLookup'>, chunk: Chunk): Answer =>
  onUnit(chunk, place, (unit) => accept({ type: 'VoucherLookedUp', unit, principalId, reason, at }));

const evolve = (chunk: Chunk, event: GrantEvent): Chunk => {
  if ('unit' in event) return touch(chunk, event.unit, (unit) => changed(unit, event));
  switch (event.type) {
    case 'GrantActivated': return { ...chunk, grant: event };
    case 'UnitsDisclosed': return disclosed(chunk, event);
    case 'DisclosureRefused': return { ...chunk, alarms: [...chunk.alarms, `${event.code}/${event.principalId}`] };
    case 'VoucherRedeemed': return touch(chunk, event.voucherUnit, (unit) => used(unit, event));
    case 'UnitsVoided': return voided(chunk, event);
    case 'UnitsLapsed': return event.ranges.reduce<Chunk>((sum, range) => endUnits(sum, range, { by: 'lapsed' }), { ...chunk, lapsedUpTo: event.at });
    case 'RightLapsed': return chunk; // the money of UnitsLapsed
  }
};
const changed = (unit: UnitState, event: Extract<GrantEvent, { unit: BatchUnit }>): UnitState => {
  switch (event.type) {
    case 'RedemptionReversed': return unused(unit, event);
    case 'VoucherFrozen': return { ...unit, frozen: event.reason };
    case 'VoucherUnfrozen': return unfrozen(unit);
    case 'VoucherExtended': return { ...unit, endsAt: event.endsAt };
    case 'VoucherLookedUp': return unit;
  }
};
const unfrozen = ({ frozen: _, ...unit }: UnitState): UnitState => unit;
const disclosed = (chunk: Chunk, { disclosureId, principalId, ranges, at, approvalId }: Of<GrantEvent, 'UnitsDisclosed'>): Chunk =>
  ({ ...chunk, disclosures: chunk.disclosures.set(disclosureId, { principalId, ranges, at, breakGlass: approvalId !== undefined }) });
const touch = (chunk: Chunk, { batchId, index }: BatchUnit, change: (unit: UnitState) => UnitState): Chunk => {
  const place = chunk.grant && placeOf(chunk.grant, batchId, index);
  return place === undefined ? chunk : { ...chunk, units: chunk.units.set(place, change(unitOf(chunk, place))) };
};
const used = (unit: UnitState, event: Of<GrantEvent, 'VoucherRedeemed'>): UnitState => {
  const { redemptionId, gross, tax, at, till, key, terminalId, storeId, scene } = event;
  const use = { redemptionId, used: event.used, gross, tax, at, till, key, terminalId, storeId, scene };
  return { ...unit, used: unit.used + event.used, gross: unit.gross + gross.minor, tax: unit.tax + tax.minor, uses: [...unit.uses, use] };
};
const unused = (unit: UnitState, { redemptionId, at }: Of<GrantEvent, 'RedemptionReversed'>): UnitState => {
  const use = unit.uses.find((candidate) => candidate.redemptionId === redemptionId);
  if (!use) return unit;
  const uses = unit.uses.map((candidate) => (candidate === use ? { ...use, reversedAt: at } : candidate));
  return { ...unit, used: unit.used - use.used, gross: unit.gross - use.gross.minor, tax: unit.tax - use.tax.minor, uses };
};
const voided = (chunk: Chunk, { refundId, reason, accepted, refused }: Of<GrantEvent, 'UnitsVoided'>): Chunk => {
  const ended = accepted.reduce((sum, range) => endUnits(sum, range, { by: 'voided', refundId, reason }), chunk);
  return { ...ended, voids: chunk.voids.set(refundId, { accepted, refused }) };
};
const endUnits = (chunk: Chunk, { batchId, from, to }: UnitRange, end: NonNullable<UnitState['end']>): Chunk => {
  const first = chunk.grant && placeOf(chunk.grant, batchId, from);
  if (first === undefined) return chunk;
  let { units } = chunk;
  for (let place = first; place < first + to - from; place++) units = units.set(place, { ...unitOf(chunk, place), end });
  return { ...chunk, units };
};

/** Units after their sale: activated, disclosed, used, reversed, frozen, extended, ended. Stream `grant-<order>_<line>_<n>`. */
export const grantDecider: Decider<Chunk, GrantCommand, GrantEvent, GrantRejection> = { decide, evolve, initial: emptyChunk };
