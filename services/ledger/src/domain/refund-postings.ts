import { type Of, plus } from '@vouchsafe/kernel';
import { commissionPath, inventoryPath, PATHS, supplierAgencyPath } from './chart.js';
import { costPath, isStock, supplierPath } from './delivery-postings.js';
import type { Posting, PostingDimensions } from './entry.js';
import type { Fact, ReturnedStock } from './fact.js';
import { isAgency, type Lines, linesFor, partDims, postingDims, sharesOf } from './lines.js';

type Refund = Of<Fact, 'RefundDelivered'>;

/** Part of a delivery taken back. `payBack` is where the money goes: the limited account, or refunds payable. */
export const refundPostings = (refund: Refund, payBack: string): readonly Posting[] => {
  const { delivered } = refund;
  const lines = linesFor(postingDims(delivered.dims));
  if (delivered.kind === 'own_voucher') ownTakenBack(lines, refund);
  else if (isAgency(delivered)) agencyTakenBack(lines, refund);
  else principalTakenBack(lines, refund);
  lines.credit(payBack, delivered.gross);
  for (const { channelId, amount } of delivered.commissions) {
    lines.debit(commissionPath(channelId), amount).credit(PATHS.commissionExpense, amount);
  }
  return lines.postings;
};

/**
 * Undisclosed units back on sale after a lost charge-back. What their delivery took out of stock or owed for them is undone: a
 * principal's cost becomes stock again (or is owed no more), an agent had no cost, so his loss is less.
 */
export const stockBack = (lines: Lines, dims: PostingDimensions, { productId, businessLine, presentation, stockPaid, parts }: ReturnedStock): void => {
  const ofLine = { ...dims, productId, ...(businessLine !== undefined && { businessLine }) };
  for (const part of parts) {
    const own = partDims(ofLine, part);
    if (presentation === 'agent') lines.debit(stockPaid ? inventoryPath(productId) : supplierAgencyPath(part.supplierId), part.owed, own).credit(PATHS.lossChargeback, part.owed, own);
    else if (part.terms !== 'consignment') lines.debit(inventoryPath(productId), part.cost, own).credit(PATHS.costOfCodes, part.cost, own);
    else lines.debit(supplierPath(part), plus(part.cost, part.inputTax), own).credit(PATHS.costOfCodes, part.cost, own).credit(PATHS.taxInput, part.inputTax, own);
  }
};

const ownTakenBack = (lines: Lines, { delivered }: Refund): void => {
  if (delivered.ownClass === 'prepaid_untaxed') {
    lines.debit(PATHS.contractOwn, delivered.gross);
    return;
  }
  const { net, tax } = sharesOf(delivered);
  lines.debit(PATHS.contractOwn, net).debit(PATHS.taxPending, tax);
};

const agencyTakenBack = (lines: Lines, { delivered, disclosed, issuerAccepts }: Refund): void => {
  const dims = postingDims(delivered.dims);
  for (const part of delivered.parts) lines.debit(bearer(part.supplierId), part.owed, partDims(dims, part));
  const { net, tax } = sharesOf(delivered);
  lines.debit(PATHS.agency, net).debit(PATHS.taxOutput, tax);

  /** Who bears K: our stock gets the unit back, the issuer waives it, or we lose it. */
  function bearer(supplierId: string): string {
    if (disclosed) return PATHS.lossGoodwill;
    if (delivered.stockPaid) return inventoryPath(delivered.dims.productId!); // back in stock needs nobody's consent
    return issuerAccepts ? supplierAgencyPath(supplierId) : PATHS.lossGoodwill;
  }
};

const principalTakenBack = (lines: Lines, { delivered, disclosed, issuerAccepts }: Refund): void => {
  const { net, tax } = sharesOf(delivered);
  lines.debit(PATHS.sales, net).debit(PATHS.taxOutput, tax);
  const dims = postingDims(delivered.dims);
  for (const part of delivered.parts) {
    const own = partDims(dims, part);
    lines.credit(costPath(delivered), part.cost, own);
    const goesBack = delivered.kind === 'top_up' ? issuerAccepts : !disclosed;
    if (!goesBack) lines.debit(PATHS.lossGoodwill, part.cost, own);
    else if (isStock(delivered, part)) lines.debit(inventoryPath(delivered.dims.productId!), part.cost, own);
    else lines.debit(supplierPath(part), plus(part.cost, part.inputTax), own).credit(PATHS.taxInput, part.inputTax, own);
  }
};
