import type { Details, Instant } from '@vouchsafe/kernel';

export type ProductKind = 'code' | 'link' | 'top_up' | 'own_voucher';
export type SettlementMode = 'prepaid' | 'credit' | 'consumer_pay';
export type SupplierTerms = 'purchased' | 'consignment' | 'postpaid';

/** How a unit may be used, as catalog said when the order was placed; epoch milliseconds, minor units. */
export type UsageTerms = {
  readonly usage: 'single' | 'times' | 'balance';
  readonly times: number;
  readonly faceMinor: bigint;
  readonly validFrom?: Instant;
  readonly validUntil?: Instant;
  readonly validDays?: number;
  readonly zone: string;
  readonly weekdays?: readonly number[];
  readonly fromMinute?: number;
  readonly toMinute?: number;
  readonly storeIds?: readonly string[];
  readonly scenes?: readonly string[];
  readonly reversalWindowMs: number;
  readonly rediscloseForMs: number;
  readonly rediscloseTimes: number;
  readonly prepaidUntaxed: boolean;
};

/** One level of the price chain; `marginMinor` is what it earns on the whole line. */
export type ChainLevel = { readonly channelId: string; readonly unitMicros: bigint; readonly marginMinor: bigint };

/** A top-up's terms, and the account it goes to as reference and token (the account itself lies in the vault). */
export type TopUpTerms = {
  readonly provider: string;
  readonly providerSku?: string;
  readonly faceMinor: bigint;
  /** Agreed cost of a unit without recoverable tax, where the provider names no charge. */
  readonly costMicros: bigint;
  readonly inputTaxRateBp: number;
  readonly guardMs: number;
  readonly giveUpMs: number;
  readonly accountRef: string;
  readonly accountToken: string;
  readonly allowRepeat: boolean;
};

/** One line with everything that was agreed: later changes of the catalogue do not touch it. */
export type OrderLine = {
  readonly lineId: string;
  readonly productId: string;
  readonly productVersion: number;
  readonly kind: ProductKind;
  readonly listingId: string;
  readonly priceListId: string;
  readonly quantity: number;
  readonly unitMicros: bigint;
  readonly grossMinor: bigint;
  readonly taxRateBp: number;
  readonly taxClass?: string;
  /** Shown net: we sell for the issuer. */
  readonly agent: boolean;
  /** Agency stock that was paid ahead. */
  readonly stockPaid: boolean;
  readonly businessLine: string;
  readonly supplierId: string;
  /** Agency: what the issuer is owed for a unit. */
  readonly owedMicros: bigint;
  readonly quota?: number;
  readonly buyerLimit?: number;
  readonly minValidMs?: number;
  readonly usage: UsageTerms;
  readonly chain: readonly ChainLevel[];
  readonly topUp?: TopUpTerms;
};

/** The verdict acted on. `fallback`: risk was silent and this is the configured default. */
export type ActedVerdict = {
  readonly decision: 'allow' | 'review' | 'challenge' | 'deny';
  /** Where it is not the one that follows from the order and its fingerprint. */
  readonly verdictId?: string;
  readonly fallback: boolean;
};

/** The buyer as references into the vault (to reveal or erase), and where a listing limits units per buyer the token that is counted. */
export type Buyer = { readonly token?: string; readonly refs: readonly string[] };

/** How the consumer pays. `payBy` is when the provider stops taking money; stock is held longer. */
export type PaymentTerms = { readonly provider: string; readonly payBy: Instant; readonly fulfilLate: boolean };

/** What was agreed when the order was placed. All amounts in minor units of `currency`. The order's id is its stream's. */
export type OrderTerms = {
  readonly number: string;
  readonly channelId: string;
  readonly principal: string;
  /** Of the parsed business fields: tells a repeat from another order under the same number. */
  readonly fingerprint: string;
  readonly settlement: SettlementMode;
  /** Channel whose account pays, where it is not the seller's own. */
  readonly payerChannelId?: string;
  readonly bookId: string;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly whole: boolean;
  readonly verdict: ActedVerdict;
  readonly buyer?: Buyer;
  readonly payment?: PaymentTerms;
  /** Review is answered with deny after this. */
  readonly reviewUntil?: Instant;
  /** Reserve and hold lapse then; silence until then ends the order. */
  readonly answerBy: Instant;
  /** Stock is held until then unless committed. */
  readonly heldUntil: Instant;
  readonly placedAt: Instant;
  readonly lines: readonly OrderLine[];
};

/** Committed units and what they cost. */
export type CostedRange = {
  readonly batchId: string;
  readonly from: number;
  readonly to: number;
  readonly supplierId: string;
  readonly terms: SupplierTerms;
  readonly unitCostMicros: bigint;
  readonly unitTaxMicros: bigint;
  readonly currency: string;
  readonly validUntil?: Instant;
};

/** What another service answered to one command of this order; kept in memory, asked for again after a restart. */
export type Answer =
  /** `ranges`: committed units. `paid`: the payment could not be closed, for it was paid. `at`: when the delivery happened. */
  | { readonly ok: true; readonly ranges?: readonly CostedRange[]; readonly paid?: boolean; readonly at?: Instant }
  | { readonly ok: false; readonly code: string; readonly details: Details };
/** By the command's key, e.g. `reserve1`. */
export type Answers = ReadonlyMap<string, Answer>;

/** Why a line or an order ended as it did; a word of the catalogue of reasons (`api/reasons.ts`). */
export type Reason = string;

/** Units of one line by what became of them. */
export type LineCount = {
  readonly lineId: string;
  readonly productId: string;
  readonly ordered: number;
  readonly delivered: number;
  readonly failed: number;
};

export const isStocked = (line: OrderLine): boolean => line.kind !== 'top_up';
/** The buyer has to pay before anything is committed; what costs nothing needs no payment. */
export const needsPayment = ({ settlement, totalMinor }: OrderTerms): boolean => settlement === 'consumer_pay' && totalMinor > 0n;
export const usesHold = (terms: OrderTerms): terms is OrderTerms & { settlement: 'prepaid' | 'credit' } => terms.settlement !== 'consumer_pay';
