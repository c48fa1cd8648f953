import type { Instant, Message, Money, UnitRange } from '@vouchsafe/kernel';

/** How the units of a grant may be used; as the contract's `grantTerms`. */
export type UsageTerms = {
  readonly usage: 'single' | 'times' | 'balance';
  readonly times: number;
  readonly faceMinor: bigint; readonly currency: string;
  readonly validFrom?: Instant; readonly validUntil?: Instant; readonly validDays?: number;
  readonly zone: string;
  readonly weekdays?: readonly number[]; readonly fromMinute?: number; readonly toMinute?: number;
  readonly storeIds?: readonly string[]; readonly scenes?: readonly string[];
  readonly reversalWindowMs: number;
  readonly rediscloseForMs: number; readonly rediscloseTimes: number;
  readonly ownClass: 'prepaid_untaxed' | 'taxed';
};
export type ProductKind = 'code' | 'link' | 'top_up' | 'own_voucher';
export type Dims = {
  readonly bookId: string; readonly channelId?: string; readonly businessLine?: string; readonly productId?: string; readonly supplierId?: string;
  readonly batchId?: string; readonly orderId?: string; readonly lineId?: string;
};
/** A unit by its place in the line, from 0 over all chunks; places name units inside a grant. */
export type Place = number;
/** A unit by its batch, as events name it, so that anyone can tell a voucher's life from them. */
export type BatchUnit = { readonly batchId: string; readonly index: number };
/** Which till asked, and its own number for it. */
export type Claim = { readonly till: string; readonly key: string };
/** Partner's store: its merchant and our commission. */
export type Partner = { readonly merchantId: string; readonly commissionBp: number; readonly commissionTaxBp: number };
/** The wall clock of the store: weekday 1 (Monday) to 7, minutes since its midnight. */
export type LocalTime = { readonly weekday: number; readonly minute: number };
export type VoidReason = 'refund' | 'chargeback' | 'recall' | 'replace';
export type Refusal = BatchUnit & { readonly code: VoidRefusal };
export type VoidRefusal = 'ALREADY_REDEEMED' | 'PARTLY_REDEEMED' | 'VOUCHER_VOIDED' | 'VOUCHER_LAPSED';

/** What a chunk is told once, at its beginning. `first`: place of its first unit. `endsAt`: last instant of use, if there is one. */
export type Activation = {
  readonly orderId: string; readonly lineId: string; readonly chunk: number; readonly first: Place; readonly unitsInLine: number;
  readonly reservationId: string; readonly channelId: string; readonly ownerPrincipal: string; readonly productId: string; readonly kind: ProductKind;
  readonly ranges: readonly UnitRange[]; readonly terms: UsageTerms; readonly endsAt?: Instant;
  readonly lineGross: Money; readonly taxRateBp: number; readonly dims: Dims; readonly at: Instant;
};

export type GrantCommand =
  | Message<'Activate', Activation>
  /** `doubtful`: places that must not be given, though the chunk knows nothing against them (a restored log). */
  | Message<'Disclose', { disclosureId: string; principalId: string; reason?: string; approvalId?: string; doubtful?: readonly Place[]; at: Instant }>
  | Message<'Redeem', {
      redemptionId: string; place: Place; claim: Claim; terminalId: string; storeId: string; scene?: string; local: LocalTime; partner?: Partner;
      /** To take off a balance; absent otherwise. */
      amount?: Money;
      at: Instant;
    }>
  | Message<'Reverse', { redemptionId: string; place: Place; reason: string; at: Instant }>
  | Message<'Freeze', { place: Place; reason: string; at: Instant }>
  | Message<'Unfreeze', { place: Place; reason: string; at: Instant }>
  | Message<'Extend', { place: Place; endsAt: Instant; reason: string; at: Instant }>
  | Message<'Void', { refundId: string; places: readonly Place[]; reason: VoidReason; at: Instant }>
  /** `due`: the deadline that fired. */
  | Message<'Lapse', { due: Instant; at: Instant }>
  | Message<'NoteLookup', { place: Place; principalId: string; reason: string; at: Instant }>;

/** Integration event and stored fact in one; the contract's fields plus what the chunk needs to know again. */
export type Redeemed = {
  readonly factId: string; readonly redemptionId: string; readonly voucherUnit: BatchUnit;
  readonly orderId: string; readonly lineId: string; readonly dims: Dims; readonly kind: ProductKind; readonly ownClass: UsageTerms['ownClass'];
  readonly gross: Money; readonly tax: Money; readonly storeId: string; readonly terminalId: string; readonly scene?: string;
  readonly partnerMerchantId?: string; readonly partnerCommission?: Money; readonly partnerCommissionTax?: Money;
  /** Taken: 1 use, or minor units of a balance. */
  readonly used: bigint;
  readonly till: string; readonly key: string; readonly at: Instant;
};
export type Voided = UnitRange & { readonly disclosed: boolean; readonly unusedMinor: bigint };
export type GrantEvent =
  | Message<'GrantActivated', Activation>
  | Message<'UnitsDisclosed', {
      disclosureId: string; orderId: string; lineId: string; principalId: string; ranges: readonly UnitRange[]; at: Instant; reason?: string; approvalId?: string;
    }>
  | Message<'DisclosureRefused', { principalId: string; code: string; at: Instant }>
  | Message<'VoucherRedeemed', Redeemed>
  | Message<'RedemptionReversed', { factId: string; originalFactId: string; redemptionId: string; dims: Dims; kind: ProductKind; unit: BatchUnit; reason: string; at: Instant }>
  | Message<'VoucherFrozen', { unit: BatchUnit; reason: string; at: Instant }>
  | Message<'VoucherUnfrozen', { unit: BatchUnit; reason: string; at: Instant }>
  /** `lapsesAt`: when the right is gone for good, if it can lapse. */
  | Message<'VoucherExtended', { unit: BatchUnit; endsAt: Instant; lapsesAt?: Instant; reason: string; at: Instant }>
  | Message<'UnitsVoided', { refundId: string; reason: VoidReason; accepted: readonly Voided[]; refused: readonly Refusal[]; at: Instant }>
  /** Without ranges: the deadline passed and nothing was left to lapse. */
  | Message<'UnitsLapsed', { ranges: readonly UnitRange[]; at: Instant }>
  | Message<'RightLapsed', { factId: string; dims: Dims; kind: ProductKind; ownClass: UsageTerms['ownClass']; gross: Money; tax: Money }>
  | Message<'VoucherLookedUp', { unit: BatchUnit; principalId: string; reason: string; at: Instant }>;

export type RedeemRejection =
  | 'VOUCHER_VOIDED' | 'VOUCHER_FROZEN' | 'VOUCHER_EXPIRED' | 'NOT_YET_VALID' | 'NOT_AT_THIS_TIME' | 'NOT_AT_THIS_STORE' | 'NOT_IN_THIS_SCENE'
  | 'ALREADY_REDEEMED' | 'USES_SPENT' | 'VOUCHER_BALANCE_SHORT' | 'AMOUNT_REQUIRED' | 'AMOUNT_NOT_ALLOWED' | 'AMOUNT_CURRENCY' | 'NOT_REDEEMABLE';
export type GrantRejection =
  | RedeemRejection | 'GRANT_UNKNOWN' | 'GRANT_DIFFERS' | 'NOT_YOURS' | 'DISCLOSURE_ALLOWANCE_SPENT'
  | 'REDEMPTION_UNKNOWN' | 'REVERSAL_TOO_LATE' | 'EXTENSION_NOT_LATER';
