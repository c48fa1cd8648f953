import type { Details, Instant, Message, Of } from '@vouchsafe/kernel';
import type { Answers, CostedRange, LineCount, OrderTerms, Reason } from './terms.js';

/** An order that ended, as others hear of it. */
export type Ending = {
  readonly number: string;
  readonly channelId: string;
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly placedAt: Instant;
  readonly lines: readonly LineCount[];
};
export type CommittedLine = { readonly lineId: string; readonly ranges: readonly CostedRange[] };
/** How a top-up ended; costs are totals of the delivered part, without and with recoverable tax apart. */
export type TopUpEnd = {
  readonly lineId: string;
  readonly delivered: number;
  readonly reason?: Reason;
  readonly supplierId: string;
  readonly costMinor: bigint;
  readonly taxMinor: bigint;
  /** Paid out of an advance to the supplier. */
  readonly fromPrepayment?: boolean;
  readonly at: Instant;
};

/** Facts of one order, in `order-<id>`. They are intentions: the course follows from them (ARCHITECTURE §3). */
export type OrderEvent =
  | Message<'OrderPlaced', OrderTerms>
  /** Decided at once (price, risk): nothing was asked of others. The number is used. */
  | Message<'OrderRefused', Ending & { readonly principal: string; readonly fingerprint: string; readonly reason: Reason; readonly details: Details; readonly challengeToken?: string }>
  /** Stock and money stand; a person decides until `until`. */
  | Message<'ReviewBegun', { readonly until: Instant; readonly at: Instant }>
  | Message<'ReviewResolved', { readonly decision: 'allow' | 'deny'; readonly by: string; readonly at: Instant }>
  | Message<'PaymentAwaited', { readonly at: Instant }>
  | Message<'PaymentReceived', { readonly at: Instant }>
  /** The pivot: every pool committed and the funds stand. From here everything is retried to its end. */
  | Message<'OrderConfirmed', { readonly lines: readonly CommittedLine[]; readonly at: Instant }>
  | Message<'TopUpSettled', TopUpEnd>
  /** A stocked line whose grant is active while a top-up of the order goes on. */
  | Message<'LineDelivered', { readonly lineId: string; readonly at: Instant }>
  | Message<'OrderCompleted', Ending & { readonly at: Instant }>
  | Message<'OrderRejected', Ending & { readonly reason: Reason; readonly details: Details; readonly at: Instant }>
  | Message<'OrderCancelled', Ending & { readonly reason: Reason; readonly by?: string; readonly at: Instant }>
  /** Everything asked for before the end was handed back. */
  | Message<'OrderUndone', { readonly at: Instant }>
  /** Money came after the time-out: try once more at the old price. */
  | Message<'RevivalBegun', { readonly answerBy: Instant; readonly heldUntil: Instant; readonly at: Instant }>
  | Message<'OrderRevived', { readonly lines: readonly CommittedLine[]; readonly at: Instant }>
  | Message<'RevivalFailed', { readonly reason: Reason; readonly at: Instant }>
  /** Units taken back by a refund or charge-back, valued by cumulative allocation of their lines. */
  | Message<'RefundAllocated', { readonly refundId: string; readonly cause: RefundCause; readonly shares: readonly RefundShare[]; readonly at: Instant }>;
export type RefundCause = 'refund' | 'chargeback';
/** Units to take back of one line; own vouchers say what of their value is unused. */
export type RefundAsk = { readonly lineId: string; readonly units: number; readonly unusedMinor?: bigint };
/** Units and money taken back of one line, and how much of it was taken back before: the basis of pro-rata shares. */
export type RefundShare = {
  readonly lineId: string;
  readonly units: number;
  readonly minor: bigint;
  readonly unitsBefore: number;
  readonly minorBefore: bigint;
};

export type OrderCommand =
  | Message<'PlaceOrder', { readonly terms: OrderTerms }>
  | Message<'RefuseOrder', { readonly refusal: Of<OrderEvent, 'OrderRefused'> }>
  /** Goes on with the course, given what others answered so far. */
  | Message<'Proceed', { readonly answers: Answers; readonly at: Instant }>
  | Message<'CancelOrder', { readonly by: string; readonly at: Instant }>
  | Message<'ResolveReview', { readonly decision: 'allow' | 'deny'; readonly by: string; readonly at: Instant }>
  | Message<'ReceivePayment', { readonly reviveAnswerBy: Instant; readonly reviveHeldUntil: Instant; readonly at: Instant }>
  /** The provider says that the buyer's payment failed or was closed. */
  | Message<'FailPayment', { readonly reason: Reason; readonly at: Instant }>
  | Message<'SettleTopUp', TopUpEnd>
  /** The ledger asks before it lets a hold lapse; an order not past the pivot ends here. */
  | Message<'EndUnlessConfirmed', { readonly reason: Reason; readonly at: Instant }>
  | Message<'AllocateRefund', { readonly refundId: string; readonly cause: RefundCause; readonly asks: readonly RefundAsk[]; readonly at: Instant }>;

export type OrderRejection =
  | 'ORDER_UNKNOWN' | 'ORDER_NUMBER_REUSED' | 'ORDER_NOT_CANCELLABLE' | 'REVIEW_NOT_OPEN' | 'PAYMENT_NOT_WANTED' | 'UNDO_PENDING'
  | 'TOP_UP_NOT_OPEN' | 'LINE_UNKNOWN' | 'REFUND_EXCEEDS_LINE';
