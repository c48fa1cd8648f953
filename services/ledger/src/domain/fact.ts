import type { Message, Money } from '@vouchsafe/kernel';
import type { LimitedMode } from './chart.js';
import type { Posting } from './entry.js';

/** Where a movement of money belongs: book, channel, order and line of the entry; the rest goes onto its postings. */
export type FactDimensions = {
  readonly bookId: string; readonly channelId?: string; readonly businessLine?: string; readonly productId?: string;
  readonly supplierId?: string; readonly batchId?: string; readonly orderId?: string; readonly lineId?: string;
};
type WithDims = { readonly dims: FactDimensions };
export type Settlement = LimitedMode | 'consumer_pay';
export type Presentation = 'principal' | 'agent';
export type Terms = 'purchased' | 'consignment' | 'postpaid';
export type OwnClass = 'prepaid_untaxed' | 'taxed';

/** A share of a delivery from one batch or, for a top-up, one supplier. C, Ti and K of ACCOUNTS.md, as totals of the share. */
export type DeliveredPart = {
  readonly batchId?: string; readonly supplierId: string; readonly terms: Terms; readonly quantity: number;
  readonly cost: Money; readonly inputTax: Money; readonly owed: Money;
  /** Paid out of an advance to the supplier (top-ups). */
  readonly fromPrepayment?: boolean;
};
export type Delivery = WithDims & {
  readonly settlement: Settlement; readonly kind: 'code' | 'link' | 'top_up' | 'own_voucher'; readonly presentation: Presentation;
  readonly stockPaid: boolean; readonly gross: Money; readonly taxRateBp: number; readonly parts: readonly DeliveredPart[];
  readonly commissions: readonly { readonly channelId: string; readonly amount: Money }[];
  readonly ownClass?: OwnClass; readonly provider?: string;
  /** T (own voucher, principal) or Tm (agent) where the line's tax is shared out; else it follows from the rate. */
  readonly tax?: Money;
};

/** Units of one line that went back on sale undisclosed, with what their delivery took or owed for them. */
export type ReturnedStock = {
  readonly productId: string; readonly businessLine?: string; readonly presentation: Presentation; readonly stockPaid: boolean; readonly parts: readonly DeliveredPart[];
};

/** What others tell us, one for one the rows of ACCOUNTS.md (`@vouchsafe/contracts` has their wire form). */
export type ReportedFact =
  | Message<'BatchCompleted', WithDims & { readonly terms: Terms; readonly presentation: Presentation; readonly cost: Money; readonly inputTax: Money; readonly fromPrepayment: boolean }>
  | Message<'Delivered', Delivery>
  | Message<'ConsumerPaid', WithDims & { readonly paymentId: string; readonly provider: string; readonly received: Money; readonly fee: Money; readonly feeTax: Money }>
  | Message<'RefundUndelivered', WithDims & { readonly refundId: string; readonly settlement: Settlement; readonly amount: Money }>
  | Message<'RefundDelivered', { readonly refundId: string; readonly disclosed: boolean; readonly issuerAccepts: boolean; readonly delivered: Delivery }>
  | Message<'RefundConfirmed', WithDims & { readonly refundId: string; readonly provider: string; readonly amount: Money }>
  | Message<'Redeemed', WithDims & {
    readonly ownClass: OwnClass; readonly gross: Money; readonly tax: Money;
    readonly partnerMerchantId?: string; readonly partnerCommission?: Money; readonly partnerCommissionTax?: Money;
  }>
  | Message<'RedemptionReversed', WithDims & { readonly originalFactId: string }>
  | Message<'Breakage', WithDims & { readonly ownClass: OwnClass; readonly gross: Money; readonly tax: Money }>
  | Message<'StockLost', WithDims & { readonly terms: Terms; readonly presentation: Presentation; readonly cost: Money; readonly inputTax: Money; readonly returnable: boolean }>
  | Message<'ChargebackOpened', WithDims & { readonly chargebackId: string; readonly provider: string; readonly amount: Money; readonly fee: Money }>
  | Message<'ChargebackWon', WithDims & { readonly chargebackId: string; readonly provider: string; readonly amount: Money }>
  | Message<'ChargebackLost', WithDims & {
    readonly chargebackId: string; readonly provider: string; readonly amount: Money; readonly unusedOwn: Money; readonly unusedOwnTax: Money;
    readonly ownClass?: OwnClass; readonly undelivered: Money; readonly returned: readonly ReturnedStock[];
  }>
  | Message<'ProviderPaidOut', WithDims & { readonly provider: string; readonly bank: string; readonly amount: Money }>;

/** What people at the bank counter tell us. */
export type BankFact =
  | Message<'Deposited', WithDims & { readonly bank: string; readonly amount: Money }>
  | Message<'Withdrawn', WithDims & { readonly bank: string; readonly amount: Money }>
  | Message<'CreditSettled', WithDims & { readonly bank: string; readonly received: Money; readonly writtenOff: Money }>
  | Message<'ReceiptUnidentified', WithDims & { readonly bank: string; readonly amount: Money }>
  /** An unidentified receipt found its payer: it goes to the account whose stream books it. */
  | Message<'ReceiptIdentified', WithDims & { readonly amount: Money }>
  | Message<'CommissionPaid', WithDims & { readonly channelId: string; readonly bank: string; readonly amount: Money }>;

/** A correction: the mirror of an entry, or an entry in a person's own words (two persons, RULES). */
export type CorrectionFact =
  | Message<'Mirrored', WithDims & { readonly originalFactId: string; readonly reason: string }>
  | Message<'Adjusted', WithDims & { readonly reason: string; readonly postings: readonly Posting[] }>;

export type Fact = ReportedFact | BankFact | CorrectionFact;

export const dimensionsOf = (fact: Fact): FactDimensions => (fact.type === 'RefundDelivered' ? fact.delivered.dims : fact.dims);
