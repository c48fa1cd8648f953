import { plus } from '@vouchsafe/kernel';
import { commissionPath, inventoryPath, PATHS, supplierAgencyPath, supplierPayablePath, supplierPrepaidPath } from './chart.js';
import type { Posting } from './entry.js';
import type { DeliveredPart, Delivery } from './fact.js';
import { isAgency, type Lines, linesFor, partDims, postingDims, sharesOf } from './lines.js';

/** A delivery: revenue for others' codes and top-ups, a promise for own vouchers. `pay` is PAY of ACCOUNTS.md. */
export const deliveryPostings = (delivery: Delivery, pay: string): readonly Posting[] => {
  const lines = linesFor(postingDims(delivery.dims)).debit(pay, delivery.gross);
  if (delivery.kind === 'own_voucher') ownDelivered(lines, delivery);
  else if (isAgency(delivery)) agencyDelivered(lines, delivery);
  else principalDelivered(lines, delivery);
  for (const { channelId, amount } of delivery.commissions) {
    lines.debit(PATHS.commissionExpense, amount).credit(commissionPath(channelId), amount);
  }
  return lines.postings;
};

const ownDelivered = (lines: Lines, delivery: Delivery): void => {
  if (delivery.ownClass === 'prepaid_untaxed') {
    lines.credit(PATHS.contractOwn, delivery.gross);
    return;
  }
  const { net, tax } = sharesOf(delivery);
  lines.credit(PATHS.contractOwn, net).credit(PATHS.taxPending, tax);
};

const agencyDelivered = (lines: Lines, delivery: Delivery): void => {
  for (const part of delivery.parts) {
    const issuer = delivery.stockPaid ? inventoryPath(delivery.dims.productId!) : supplierAgencyPath(part.supplierId);
    lines.credit(issuer, part.owed, partDims(lines.dims, part));
  }
  const { net, tax } = sharesOf(delivery);
  lines.credit(PATHS.agency, net).credit(PATHS.taxOutput, tax);
};

const principalDelivered = (lines: Lines, delivery: Delivery): void => {
  const { net, tax } = sharesOf(delivery);
  lines.credit(PATHS.sales, net).credit(PATHS.taxOutput, tax);
  for (const part of delivery.parts) {
    const own = partDims(lines.dims, part);
    lines.debit(costPath(delivery), part.cost, own);
    // What we hold was bought before; what is bought by being sold (a top-up, a consigned code) arises as a debt now.
    if (isStock(delivery, part)) lines.credit(inventoryPath(delivery.dims.productId!), part.cost, own);
    else lines.debit(PATHS.taxInput, part.inputTax, own).credit(supplierPath(part), plus(part.cost, part.inputTax), own);
  }
};

export const costPath = ({ kind }: Delivery): string => (kind === 'top_up' ? PATHS.costOfTopUps : PATHS.costOfCodes);
/** Whether the units lay in our own inventory. */
export const isStock = ({ kind }: Delivery, { terms }: DeliveredPart): boolean => kind !== 'top_up' && terms !== 'consignment';
export const supplierPath = ({ supplierId, fromPrepayment }: DeliveredPart): string =>
  fromPrepayment ? supplierPrepaidPath(supplierId) : supplierPayablePath(supplierId);
