import { amount, bool, int, list, oneOf, optional, record, tagged, text, time, type TypeOf } from '@vouchsafe/codec';
import { commandContract } from './command.js';
import { dimensions, ownVoucherClass, presentation, productKind, settlementMode, supplierTerms } from './common.js';

const target = 'ledger';

/** The account a channel settles on: one per channel, mode and currency. */
export const settlementAccountId = (channelId: string, mode: 'prepaid' | 'credit', currency: string): string =>
  `acc_${mode}.${channelId.replace(/^chn_/, '')}.${currency}`;

/** A share of a delivery that came from one batch (or, for a top-up, one provider). Amounts are totals of the share. */
const deliveredPart = record({
  batchId: optional(text()), supplierId: text(), terms: supplierTerms, quantity: int,
  /** C: cost without recoverable tax; Ti: that tax; K: owed to the issuer (agency). ACCOUNTS' letters. */
  cost: amount, inputTax: amount, owed: amount,
  /** Paid out of an advance to the supplier (top-ups; for stock the batch said so). */
  fromPrepayment: optional(bool),
});
const commissionShare = record({ channelId: text(), amount });
const deliveryFields = {
  dims: dimensions, settlement: settlementMode, kind: productKind, presentation,
  /** Agency stock we already paid for (credit inventory instead of the issuer). */
  stockPaid: bool,
  gross: amount, taxRateBp: int, parts: list(deliveredPart), commissions: list(commissionShare),
  ownClass: optional(ownVoucherClass),
  /** Provider the consumer paid through (consumer_pay). */
  provider: optional(text()),
  /** T (principal, own voucher) or Tm (agent) of this share, where a line is delivered or refunded in parts that must add up; else by the rate. */
  tax: optional(amount),
};
const delivery = record(deliveryFields);
/** Units of one line that went back on sale undisclosed: what their delivery took out of stock, or owed for them, is undone. */
const returnedStock = record({ productId: text(), businessLine: optional(text()), presentation, stockPaid: bool, parts: list(deliveredPart) });
export type DeliveryFact = TypeOf<typeof delivery>;

/** What happened, in the words of ACCOUNTS.md; the ledger makes the entry. One fact, one entry. */
export const ledgerFact = tagged({
  BatchCompleted: record({ dims: dimensions, terms: supplierTerms, presentation, cost: amount, inputTax: amount, fromPrepayment: bool }),
  Delivered: delivery,
  ConsumerPaid: record({ dims: dimensions, paymentId: text(), provider: text(), received: amount, fee: amount, feeTax: amount }),
  /** Money owed back that was never earned: over-payment, undelivered part. */
  RefundUndelivered: record({ dims: dimensions, refundId: text(), settlement: settlementMode, amount }),
  /** Part of a delivery taken back. `delivered` holds the shares being refunded, with their gross, cost and commissions. */
  RefundDelivered: record({ refundId: text(), disclosed: bool, issuerAccepts: bool, delivered: delivery }),
  RefundConfirmed: record({ dims: dimensions, refundId: text(), provider: text(), amount }),
  Redeemed: record({
    dims: dimensions, ownClass: ownVoucherClass, gross: amount,
    /** Tax in `gross`, computed by the grant so that all uses add up to the unit's. */
    tax: amount,
    partnerMerchantId: optional(text()), partnerCommission: optional(amount), partnerCommissionTax: optional(amount),
  }),
  RedemptionReversed: record({ dims: dimensions, originalFactId: text() }),
  Breakage: record({ dims: dimensions, ownClass: ownVoucherClass, gross: amount, tax: amount }),
  StockLost: record({ dims: dimensions, terms: supplierTerms, presentation, cost: amount, inputTax: amount, returnable: bool }),
  ChargebackOpened: record({ dims: dimensions, chargebackId: text(), provider: text(), amount, fee: amount }),
  ChargebackWon: record({ dims: dimensions, chargebackId: text(), provider: text(), amount }),
  /** `unused`: own vouchers voided (contract and tax); `returned`: undisclosed codes back in stock; the rest is loss. */
  ChargebackLost: record({
    dims: dimensions, chargebackId: text(), provider: text(), amount, unusedOwn: amount, unusedOwnTax: amount, ownClass: optional(ownVoucherClass),
    undelivered: amount, returned: list(returnedStock),
  }),
  ProviderPaidOut: record({ dims: dimensions, provider: text(), bank: text(), amount }),
});
export type LedgerFact = TypeOf<typeof ledgerFact>;

const forAccount = ({ accountId }: { readonly accountId: string }): string => accountId;
/** Sets money of a limited account aside for an order. Not a posting. Lapses at `notAfter`. */
export const holdFunds = commandContract({
  target, name: 'HoldFunds', keyOf: forAccount,
  command: record({ holdId: text(), accountId: text(), channelId: text(), orderId: text(), amount, notAfter: time, expiresAt: time }),
  result: record({}),
  rejections: ['BALANCE_SHORT', 'CREDIT_LIMIT_REACHED', 'ACCOUNT_UNKNOWN', 'ACCOUNT_CLOSED', 'TOO_LATE', 'HOLD_ID_REUSED', 'CURRENCY_MISMATCH'],
});
/**
 * Turns (part of) a hold into the entry of a delivery. Idempotent by `captureId`. `final` releases what is left of the hold.
 * `occurredAt` belongs to the fact: the same on every repeat (a late one is looked for from there on).
 */
export const captureHold = commandContract({
  target, name: 'CaptureHold', keyOf: forAccount,
  command: record({ holdId: text(), accountId: text(), captureId: text(), fact: delivery, final: bool, occurredAt: time }),
  result: record({ entryId: text() }),
  rejections: ['HOLD_UNKNOWN', 'HOLD_TOO_SMALL', 'CAPTURE_ID_REUSED', 'FACT_INVALID'],
});
/** Gives back what a hold still holds. Idempotent; an unknown hold is remembered until `notAfter`, so a late hold fails. */
export const releaseHold = commandContract({
  target, name: 'ReleaseHold', keyOf: forAccount,
  command: record({ holdId: text(), accountId: text(), notAfter: time, reason: text() }),
  result: record({}),
  rejections: [],
});
/**
 * Books a fact. Idempotent by `factId` (same content); the entry's id derives from it. `accountId` where a limited account is touched.
 * `occurredAt` belongs to the fact: the same on every repeat. A delivery on a limited account is a capture, not this.
 */
export const postFact = commandContract({
  target, name: 'PostFact', keyOf: ({ factId }: { readonly factId: string }) => factId,
  command: record({ factId: text(), accountId: optional(text()), fact: ledgerFact, occurredAt: time }),
  result: record({ entryId: text() }),
  rejections: ['FACT_ID_REUSED', 'FACT_INVALID', 'ORIGINAL_UNKNOWN', 'ACCOUNT_UNKNOWN', 'BALANCE_SHORT', 'CREDIT_LIMIT_REACHED'],
});
export const entrySide = oneOf('debit', 'credit');
