import { accept, type Decision, type Instant, money, type Of, plusMs, reject } from '@vouchsafe/kernel';
import { batchUnitAt, capacityOf, type Chunk, endOf, holds, isDisclosed, rangesAt, restOf, type UnitState, unitOf } from './chunk.js';
import { allPlaces } from './disclose.js';
import type { Activation, BatchUnit, GrantCommand, GrantEvent, GrantRejection, Place, Refusal, VoidReason, VoidRefusal, Voided } from './grant-messages.js';

type Answer = Decision<GrantEvent, GrantRejection>;

/**
 * Ends units for a refund, charge-back, recall or replacement. Idempotent by `refundId`, refusals included: the chunk keeps
 * what it answered. Which units is decided by the caller, over all chunks of the line.
 */
export const voidPlaces = ({ refundId, places, reason, at }: Of<GrantCommand, 'Void'>, chunk: Chunk): Answer => {
  const { grant } = chunk;
  if (!grant) return reject('GRANT_UNKNOWN');
  if (chunk.voids.has(refundId)) return accept();
  const own = [...new Set(places)].filter((place) => holds(grant, place)).sort((a, b) => a - b);
  const refused: Refusal[] = [];
  const accepted: Voided[] = [];
  for (const place of own) {
    const code = voidRefusal(grant, unitOf(chunk, place), reason);
    if (code) refused.push({ ...batchUnitAt(grant, place)!, code });
    else addVoided(accepted, batchUnitAt(grant, place)!, isDisclosed(chunk, place), restOf(grant, place, unitOf(chunk, place)).gross.minor);
  }
  return own.length === 0 ? accept() : accept({ type: 'UnitsVoided', refundId, reason, accepted, refused, at });
};
/** Why a unit cannot be voided. Money goes back only for the unused; a charge-back or recall also ends what is partly used. */
export const voidRefusal = (grant: Activation, unit: UnitState, reason: VoidReason): VoidRefusal | undefined => {
  if (unit.end) return unit.end.by === 'voided' ? 'VOUCHER_VOIDED' : 'VOUCHER_LAPSED';
  if (unit.used >= capacityOf(grant)) return 'ALREADY_REDEEMED';
  return unit.used > 0n && (reason === 'refund' || reason === 'replace') ? 'PARTLY_REDEEMED' : undefined;
};
/** Joins neighbours of one batch and one sort, so that a whole line is a few ranges. */
const addVoided = (list: Voided[], { batchId, index }: BatchUnit, disclosed: boolean, unusedMinor: bigint): void => {
  const last = list[list.length - 1];
  if (last?.batchId === batchId && last.to === index && last.disclosed === disclosed) {
    list[list.length - 1] = { ...last, to: index + 1, unusedMinor: last.unusedMinor + unusedMinor };
  } else list.push({ batchId, from: index, to: index + 1, disclosed, unusedMinor });
};

/** When a unit's right is gone for good: past its end and past the last reversal. Cards under prepaid rules never lapse. */
export const lapsesAt = (grant: Activation, endsAt: Instant | undefined): Instant | undefined =>
  grant.kind !== 'own_voucher' || grant.terms.ownClass === 'prepaid_untaxed' || endsAt === undefined
    ? undefined
    : plusMs(endsAt, grant.terms.reversalWindowMs + 1);

/** Ends the rights that lapsed by `at` (being frozen does not stop the time, an extension does); what they were still worth is breakage, one fact per chunk and occasion. */
export const lapse = ({ due: deadline, at }: Of<GrantCommand, 'Lapse'>, chunk: Chunk): Answer => {
  const { grant } = chunk;
  if (!grant) return reject('GRANT_UNKNOWN');
  const due = allPlaces(chunk).filter((place) => isDue(grant, chunk, place, at));
  if (due.length === 0) return (chunk.lapsedUpTo ?? -1) >= deadline ? accept() : accept({ type: 'UnitsLapsed', ranges: [], at });
  const rests = due.map((place) => restOf(grant, place, unitOf(chunk, place)));
  const gross = rests.reduce((sum, rest) => sum + rest.gross.minor, 0n);
  const tax = rests.reduce((sum, rest) => sum + rest.tax.minor, 0n);
  const lapsed: GrantEvent = { type: 'UnitsLapsed', ranges: rangesAt(grant, due), at };
  if (gross === 0n) return accept(lapsed);
  const { currency } = grant.lineGross;
  return accept<GrantEvent>(lapsed, {
    type: 'RightLapsed', factId: `lapsed/${grant.orderId}/${grant.lineId}/${due[0]}`, dims: grant.dims, kind: grant.kind, ownClass: grant.terms.ownClass,
    gross: money(gross, currency), tax: money(tax, currency),
  });
};
const isDue = (grant: Activation, chunk: Chunk, place: Place, at: Instant): boolean => {
  const unit = unitOf(chunk, place);
  const due = lapsesAt(grant, endOf(grant, unit));
  return !unit.end && unit.used < capacityOf(grant) && due !== undefined && at >= due;
};
