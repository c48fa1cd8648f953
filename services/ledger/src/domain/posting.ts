import { invariant, minus, type Of, plus } from '@vouchsafe/kernel';
import { bankPath, clearingPath, commissionPath, disputePath, inventoryPath, type LimitedMode, limitedPath, merchantPath, PATHS, supplierPayablePath, supplierPrepaidPath } from './chart.js';
import { deliveryPostings } from './delivery-postings.js';
import { balanced, type Entry, type EntryHead, mirrored, type Posting } from './entry.js';
import { dimensionsOf, type Fact, type Settlement } from './fact.js';
import { linesFor, postingDims } from './lines.js';
import { refundPostings, stockBack } from './refund-postings.js';

/** What the ledger adds to a fact. */
export type Booking = Pick<EntryHead, 'factId' | 'occurredAt' | 'businessDate' | 'note'> & {
  /** The limited account in whose stream the entry will lie. */
  readonly own?: { readonly mode: LimitedMode; readonly channelId: string };
  /** Postings of the entry that this one takes back. */
  readonly original?: readonly Posting[];
};

/**
 * The one entry of a fact: a row of ACCOUNTS.md. The fact must be free of flaws (`flawOf`); what it cannot balance is a
 * Bug. An entry without postings is a memo.
 */
export const entryFor = (fact: Fact, booking: Booking): Entry => {
  const { bookId, channelId, orderId, lineId } = dimensionsOf(fact);
  const mirrors = fact.type === 'RedemptionReversed' || fact.type === 'Mirrored' ? fact.originalFactId : undefined;
  const note = booking.note ?? ('reason' in fact ? fact.reason : undefined);
  const { factId, occurredAt, businessDate } = booking;
  return { factId, kind: fact.type, bookId, channelId, orderId, lineId, occurredAt, businessDate, mirrors, note, postings: balanced(postingsFor(fact, booking)) };
};

const postingsFor = (fact: Fact, booking: Booking): readonly Posting[] => {
  switch (fact.type) {
    case 'BatchCompleted': return batchCompleted(fact);
    case 'Delivered': return deliveryPostings(fact, payPath(fact.settlement, booking));
    case 'ConsumerPaid': return consumerPaid(fact);
    case 'RefundUndelivered': return refundUndelivered(fact);
    case 'RefundDelivered': return refundPostings(fact, payBackPath(fact.delivered.settlement, booking));
    case 'RefundConfirmed':
      return linesFor(postingDims(fact.dims)).debit(PATHS.refund, fact.amount).credit(clearingPath(fact.provider), fact.amount).postings;
    case 'Redeemed': return redeemed(fact);
    case 'Breakage': return breakage(fact);
    case 'StockLost': return stockLost(fact);
    case 'ChargebackOpened': return chargebackOpened(fact);
    case 'ChargebackWon':
      return linesFor(postingDims(fact.dims)).debit(clearingPath(fact.provider), fact.amount).credit(disputePath(fact.provider), fact.amount).postings;
    case 'ChargebackLost': return chargebackLost(fact);
    case 'ProviderPaidOut':
      return linesFor(postingDims(fact.dims)).debit(bankPath(fact.bank), fact.amount).credit(clearingPath(fact.provider), fact.amount).postings;
    case 'Deposited': return linesFor(postingDims(fact.dims)).debit(bankPath(fact.bank), fact.amount).credit(ownPath(booking), fact.amount).postings;
    case 'Withdrawn': return linesFor(postingDims(fact.dims)).debit(ownPath(booking), fact.amount).credit(bankPath(fact.bank), fact.amount).postings;
    case 'CreditSettled': return creditSettled(fact, ownPath(booking));
    case 'ReceiptUnidentified':
      return linesFor(postingDims(fact.dims)).debit(bankPath(fact.bank), fact.amount).credit(PATHS.unidentified, fact.amount).postings;
    case 'ReceiptIdentified':
      return linesFor(postingDims(fact.dims)).debit(PATHS.unidentified, fact.amount).credit(ownPath(booking), fact.amount).postings;
    case 'CommissionPaid':
      return linesFor(postingDims(fact.dims)).debit(commissionPath(fact.channelId), fact.amount).credit(bankPath(fact.bank), fact.amount).postings;
    case 'RedemptionReversed':
    case 'Mirrored': return mirrored(booking.original ?? []);
    case 'Adjusted': return fact.postings;
  }
};

const ownPath = ({ own }: Booking): string => {
  invariant(own, 'a fact about a limited account is booked in its stream');
  return limitedPath(own.mode, own.channelId);
};
/** PAY of ACCOUNTS.md. */
const payPath = (settlement: Settlement, booking: Booking): string => (settlement === 'consumer_pay' ? PATHS.undelivered : ownPath(booking));
const payBackPath = (settlement: Settlement, booking: Booking): string => (settlement === 'consumer_pay' ? PATHS.refund : ownPath(booking));

/** Codes came in: ours if we bear the stock risk or paid for them; those on consignment are only noted. */
const batchCompleted = (fact: Of<Fact, 'BatchCompleted'>): readonly Posting[] => {
  const { dims, terms, presentation, cost, inputTax, fromPrepayment } = fact;
  if (terms === 'consignment' || (presentation === 'agent' && terms !== 'purchased')) return [];
  const whole = plus(cost, inputTax);
  const supplier = fromPrepayment ? supplierPrepaidPath(dims.supplierId!) : supplierPayablePath(dims.supplierId!);
  const lines = linesFor(postingDims(dims));
  // An agent owes K for the unit, tax and all: none of it is his input tax.
  if (presentation === 'agent') lines.debit(inventoryPath(dims.productId!), whole);
  else lines.debit(inventoryPath(dims.productId!), cost).debit(PATHS.taxInput, inputTax);
  return lines.credit(supplier, whole).postings;
};

const stockLost = (fact: Of<Fact, 'StockLost'>): readonly Posting[] => {
  const { dims, terms, presentation, cost, inputTax, returnable } = fact;
  if (terms === 'consignment' || (presentation === 'agent' && terms !== 'purchased')) return [];
  const lines = linesFor(postingDims(dims));
  const whole = plus(cost, inputTax);
  const [value, tax] = presentation === 'agent' ? [whole, { ...inputTax, minor: 0n }] : [cost, inputTax];
  if (returnable) return lines.debit(supplierPayablePath(dims.supplierId!), whole).credit(inventoryPath(dims.productId!), value).credit(PATHS.taxInput, tax).postings;
  return lines.debit(PATHS.lossStock, value).credit(inventoryPath(dims.productId!), value).postings;
};

const consumerPaid = ({ dims, provider, received, fee, feeTax }: Of<Fact, 'ConsumerPaid'>): readonly Posting[] =>
  linesFor(postingDims(dims))
    .debit(clearingPath(provider), received).credit(PATHS.undelivered, received)
    .debit(PATHS.providerFee, fee).debit(PATHS.taxInput, feeTax).credit(clearingPath(provider), plus(fee, feeTax)).postings;

/** Prepaid and credit never moved for what was not delivered: their hold is released, nothing is booked. */
const refundUndelivered = ({ dims, settlement, amount }: Of<Fact, 'RefundUndelivered'>): readonly Posting[] =>
  settlement === 'consumer_pay' ? linesFor(postingDims(dims)).debit(PATHS.undelivered, amount).credit(PATHS.refund, amount).postings : [];

const redeemed = (fact: Of<Fact, 'Redeemed'>): readonly Posting[] => {
  const { dims, ownClass, gross, tax, partnerMerchantId } = fact;
  const lines = linesFor(postingDims(dims));
  if (ownClass === 'prepaid_untaxed') lines.debit(PATHS.contractOwn, gross);
  else lines.debit(PATHS.contractOwn, minus(gross, tax)).debit(PATHS.taxPending, tax);
  if (partnerMerchantId === undefined) return lines.credit(PATHS.sales, minus(gross, tax)).credit(PATHS.taxOutput, tax).postings;
  const none = { ...gross, minor: 0n };
  const commission = fact.partnerCommission ?? none;
  const commissionTax = fact.partnerCommissionTax ?? none;
  return lines.credit(merchantPath(partnerMerchantId), minus(gross, commission))
    .credit(PATHS.agency, minus(commission, commissionTax)).credit(PATHS.taxOutput, commissionTax).postings;
};

const breakage = ({ dims, ownClass, gross, tax }: Of<Fact, 'Breakage'>): readonly Posting[] => {
  const lines = linesFor(postingDims(dims));
  if (ownClass === 'prepaid_untaxed') lines.debit(PATHS.contractOwn, gross);
  else lines.debit(PATHS.contractOwn, minus(gross, tax)).debit(PATHS.taxPending, tax);
  return lines.credit(PATHS.breakage, minus(gross, tax)).credit(PATHS.taxOutput, tax).postings;
};

const chargebackOpened = ({ dims, provider, amount, fee }: Of<Fact, 'ChargebackOpened'>): readonly Posting[] =>
  linesFor(postingDims(dims)).debit(disputePath(provider), amount).debit(PATHS.providerFee, fee)
    .credit(clearingPath(provider), plus(amount, fee)).postings;

const chargebackLost = (fact: Of<Fact, 'ChargebackLost'>): readonly Posting[] => {
  const { dims, provider, amount, undelivered, unusedOwn, unusedOwnTax, returned } = fact;
  const lines = linesFor(postingDims(dims)).credit(disputePath(provider), amount).debit(PATHS.undelivered, undelivered);
  if (fact.ownClass === 'prepaid_untaxed') lines.debit(PATHS.contractOwn, unusedOwn);
  else lines.debit(PATHS.contractOwn, minus(unusedOwn, unusedOwnTax)).debit(PATHS.taxPending, unusedOwnTax);
  lines.debit(PATHS.lossChargeback, minus(minus(amount, undelivered), unusedOwn));
  for (const stock of returned) stockBack(lines, postingDims(dims), stock);
  return lines.postings;
};

const creditSettled = ({ dims, bank, received, writtenOff }: Of<Fact, 'CreditSettled'>, receivable: string): readonly Posting[] =>
  linesFor(postingDims(dims)).debit(bankPath(bank), received).debit(PATHS.lossBadDebt, writtenOff)
    .credit(receivable, plus(received, writtenOff)).postings;
