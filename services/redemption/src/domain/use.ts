import { type Decision, accept, type Money, money, type Of, reject, roundHalfUp, taxWithin } from '@vouchsafe/kernel';
import { batchUnitAt, capacityOf, type Chunk, endOf, holds, type UnitState, unitOf, worthOf } from './chunk.js';
import type { Activation, GrantCommand, GrantEvent, GrantRejection, Partner } from './grant-messages.js';

type Redeem = Of<GrantCommand, 'Redeem'>;
type Answer = Decision<GrantEvent, GrantRejection>;

/** Uses a unit once. The same redemption id again is the same redemption, used or reversed since. */
export const redeem = (command: Redeem, chunk: Chunk): Answer => {
  const { grant } = chunk;
  if (!grant || !holds(grant, command.place)) return reject('GRANT_UNKNOWN');
  const unit = unitOf(chunk, command.place);
  if (unit.uses.length > 0 && unit.uses.some(({ redemptionId }) => redemptionId === command.redemptionId)) return accept();
  const used = takes(command, grant, unit);
  const refusal = standing(command, grant, unit) ?? (used.ok ? undefined : used);
  if (refusal) return refusal;
  return accept(redeemed(command, grant, unit, used.ok ? used.used : 0n));
};

type No = Extract<Answer, { ok: false }>;
/** Whether the unit may be used by anyone at this moment, at this place. */
const standing = (command: Redeem, grant: Activation, unit: UnitState): No | undefined => {
  if (grant.kind === 'link' || grant.kind === 'top_up') return reject('NOT_REDEEMABLE');
  if (unit.end?.by === 'voided') return reject('VOUCHER_VOIDED');
  if (unit.frozen !== undefined) return reject('VOUCHER_FROZEN');
  if (unit.used >= capacityOf(grant)) return reject(SPENT[grant.terms.usage], lastUse(unit));
  return inTime(command, grant, unit) ?? inPlace(command, grant);
};
const inTime = ({ at }: Redeem, grant: Activation, unit: UnitState): No | undefined => {
  const endsAt = endOf(grant, unit);
  if (unit.end || (endsAt !== undefined && at > endsAt)) return reject('VOUCHER_EXPIRED');
  return grant.terms.validFrom !== undefined && at < grant.terms.validFrom ? reject('NOT_YET_VALID') : undefined;
};
/** Empty lists allow everything. */
const inPlace = (command: Redeem, grant: Activation): No | undefined => {
  const { storeIds = [], scenes = [] } = grant.terms;
  if (storeIds.length > 0 && !storeIds.includes(command.storeId)) return reject('NOT_AT_THIS_STORE');
  if (scenes.length > 0 && !scenes.includes(command.scene ?? '')) return reject('NOT_IN_THIS_SCENE');
  return isOpen(command, grant) ? undefined : reject('NOT_AT_THIS_TIME');
};
const SPENT = { single: 'ALREADY_REDEEMED', times: 'USES_SPENT', balance: 'VOUCHER_BALANCE_SHORT' } as const;
const lastUse = ({ uses }: UnitState): Record<string, string> => {
  const last = uses.findLast(({ reversedAt }) => reversedAt === undefined);
  return last ? { redeemedAtMs: String(last.at), storeId: last.storeId } : {};
};
/** Weekday and hours, [from, to), in the store's zone; to = 0 or none: to the end of the day; from > to: over midnight. */
const isOpen = ({ local }: Redeem, { terms }: Activation): boolean => {
  if (terms.weekdays?.length && !terms.weekdays.includes(local.weekday)) return false;
  const { fromMinute: from = 0 } = terms;
  const to = terms.toMinute || MINUTES_OF_DAY;
  return from <= to ? local.minute >= from && local.minute < to : local.minute >= from || local.minute < to;
};
const MINUTES_OF_DAY = 24 * 60;

/** How much of the unit's capacity this use takes. */
const takes = ({ amount }: Redeem, grant: Activation, unit: UnitState): { readonly ok: true; readonly used: bigint } | No => {
  if (grant.terms.usage !== 'balance') return amount ? reject('AMOUNT_NOT_ALLOWED') : { ok: true, used: 1n };
  if (!amount || amount.minor <= 0n) return reject('AMOUNT_REQUIRED');
  if (amount.currency !== grant.terms.currency) return reject('AMOUNT_CURRENCY', { currency: grant.terms.currency });
  const left = capacityOf(grant) - unit.used;
  return amount.minor > left ? reject('VOUCHER_BALANCE_SHORT', { leftMinor: String(left), currency: grant.terms.currency }) : { ok: true, used: amount.minor };
};

const redeemed = (command: Redeem, grant: Activation, unit: UnitState, used: bigint): GrantEvent => {
  const { redemptionId, place, claim, terminalId, storeId, scene, partner, at } = command;
  const { gross, tax } = worthOfUse(grant, place, unit, used);
  const voucherUnit = batchUnitAt(grant, place)!;
  return {
    type: 'VoucherRedeemed', factId: `redeemed/${redemptionId}`, redemptionId, voucherUnit, orderId: grant.orderId, lineId: grant.lineId,
    dims: { ...grant.dims, batchId: voucherUnit.batchId }, kind: grant.kind, ownClass: grant.terms.ownClass, gross, tax, storeId, terminalId,
    scene, ...(partner && commission(partner, gross)), used, till: claim.till, key: claim.key, at,
  };
};
const commission = ({ merchantId, commissionBp, commissionTaxBp }: Partner, gross: Money) => {
  const partnerCommission = money(roundHalfUp(gross.minor * BigInt(commissionBp), 10_000n), gross.currency);
  return { partnerMerchantId: merchantId, partnerCommission, partnerCommissionTax: taxWithin(partnerCommission, commissionTaxBp) };
};

/**
 * What a use of `used` is worth, by face: uses so far and this one together get their share of the unit, so that the last one
 * takes the rest (ACCOUNTS) and all uses add up to the unit exactly, whatever was reversed in between. Never negative.
 */
export const worthOfUse = (grant: Activation, place: number, unit: UnitState, used: bigint): { readonly gross: Money; readonly tax: Money } => {
  const { gross, tax } = worthOf(grant, place);
  const upTo = share(gross, unit.used + used, capacityOf(grant));
  const ofUse = atLeastZero(upTo - unit.gross);
  // tax follows the gross it lies in, so that a use of no gross has none
  const taxUpTo = share(tax, unit.gross + ofUse, gross.minor);
  return { gross: money(ofUse, gross.currency), tax: money(atLeastZero(taxUpTo - unit.tax), gross.currency) };
};
const share = (whole: Money, part: bigint, of: bigint): bigint => (of === 0n ? 0n : roundHalfUp(whole.minor * part, of));
const atLeastZero = (n: bigint): bigint => (n < 0n ? 0n : n);

/** Takes a use back: within the window, while the unit lives. Repeated: already so. */
export const reverse = ({ redemptionId, place, reason, at }: Of<GrantCommand, 'Reverse'>, chunk: Chunk): Answer => {
  const { grant } = chunk;
  const use = grant && unitOf(chunk, place).uses.find((candidate) => candidate.redemptionId === redemptionId);
  if (!grant || !use) return reject('REDEMPTION_UNKNOWN');
  if (use.reversedAt !== undefined) return accept();
  if (unitOf(chunk, place).end || at > use.at + grant.terms.reversalWindowMs) return reject('REVERSAL_TOO_LATE');
  const unit = batchUnitAt(grant, place)!;
  return accept({
    type: 'RedemptionReversed', factId: `reversed/${redemptionId}`, originalFactId: `redeemed/${redemptionId}`, redemptionId,
    dims: { ...grant.dims, batchId: unit.batchId }, kind: grant.kind, unit, reason, at,
  });
};
