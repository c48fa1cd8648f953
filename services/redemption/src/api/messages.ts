import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { displayMoney, type Instant, type Money, money } from '@vouchsafe/kernel';
import { ProductKind, UsageTerms_Usage } from '@vouchsafe/proto/common/v1/types';
import { type RedemptionSchema, Redemption_State, type VoucherSchema, VoucherState } from '@vouchsafe/proto/redemption/v1/redemption';
import { capacityOf, type Chunk, endOf, isDisclosed, type UnitState, type Use, unitOf } from '../domain/chunk.js';
import type { Activation, Place } from '../domain/grant-messages.js';

const KINDS = { code: ProductKind.CODE, link: ProductKind.LINK, top_up: ProductKind.TOP_UP, own_voucher: ProductKind.OWN_VOUCHER };
const USAGES = { single: UsageTerms_Usage.SINGLE, times: UsageTerms_Usage.TIMES, balance: UsageTerms_Usage.BALANCE };

export const moneyMessage = (amount: Money) => ({ currency: amount.currency, minor: amount.minor, display: displayMoney(amount) });

/** What is left of a unit, in the words of its usage. */
export const leftOf = (grant: Activation, unit: UnitState) => {
  const left = unit.end ? 0n : capacityOf(grant) - unit.used;
  return grant.terms.usage === 'balance' ? { balanceLeft: moneyMessage(money(left, grant.terms.currency)) } : { usesLeft: left };
};

export const stateOf = (grant: Activation, unit: UnitState, at: Instant): VoucherState => {
  if (unit.end?.by === 'voided') return VoucherState.VOIDED;
  if (unit.frozen !== undefined) return VoucherState.FROZEN;
  if (unit.used >= capacityOf(grant)) return VoucherState.EXHAUSTED;
  const endsAt = endOf(grant, unit);
  return unit.end || (endsAt !== undefined && at > endsAt) ? VoucherState.EXPIRED : VoucherState.ACTIVE;
};

export type NamedUnit = { readonly voucherId: string; readonly place: Place };
export const voucherMessage = (chunk: Chunk, { voucherId, place }: NamedUnit, at: Instant, etag: string): MessageInitShape<typeof VoucherSchema> => {
  const grant = chunk.grant!;
  const unit = unitOf(chunk, place);
  const endsAt = endOf(grant, unit);
  return {
    voucherId, state: stateOf(grant, unit, at), productId: grant.productId, kind: KINDS[grant.kind], channelId: grant.channelId,
    orderId: grant.orderId, lineId: grant.lineId, usage: USAGES[grant.terms.usage], ...leftOf(grant, unit), activatedAt: timestampFromMs(grant.at),
    ...(grant.terms.validFrom !== undefined && { validFrom: timestampFromMs(grant.terms.validFrom) }),
    ...(endsAt !== undefined && { validUntil: timestampFromMs(endsAt) }),
    disclosed: isDisclosed(chunk, place), reason: unit.frozen ?? (unit.end?.by === 'voided' ? unit.end.reason : ''), etag,
    redemptions: unit.uses.map((use) => redemptionMessage(grant, voucherId, use)),
  };
};

export const redemptionMessage = (grant: Activation, voucherId: string, use: Use): MessageInitShape<typeof RedemptionSchema> => ({
  redemptionId: use.redemptionId, state: use.reversedAt === undefined ? Redemption_State.REDEEMED : Redemption_State.REVERSED, voucherId,
  productId: grant.productId, terminalId: use.terminalId, storeId: use.storeId, scene: use.scene ?? '', sequence: sequenceOf(use.key),
  ...(grant.terms.usage === 'balance' && { amount: moneyMessage(money(use.used, grant.terms.currency)) }),
  redeemedAt: timestampFromMs(use.at), ...(use.reversedAt !== undefined && { reversedAt: timestampFromMs(use.reversedAt) }),
});
/** Keys of request ids have no sequence. */
export const sequenceOf = (key: string): bigint => (/^\d+$/.test(key) ? BigInt(key) : 0n);
