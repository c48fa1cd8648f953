import type { Money } from '@vouchsafe/kernel';
import { captionOf, isPathPart, type LimitedMode } from './chart.js';
import { imbalance } from './entry.js';
import { type Delivery, dimensionsOf, type Fact, type ReturnedStock, type Settlement } from './fact.js';

/** The limited account in whose stream a fact is to be booked. */
export type Owner = { readonly mode: LimitedMode; readonly channelId: string; readonly bookId: string; readonly currency: string };

/**
 * Why a fact cannot be booked (a sentence for a developer), undefined if it can. With `owner` it is to be booked in that
 * limited account's stream, without in a journal.
 */
export const flawOf = (fact: Fact, owner: Owner | undefined): string | undefined =>
  dimsFlaw(fact, owner) ?? bodyFlaw(fact) ?? ownerFlaw(fact, owner);

const dimsFlaw = (fact: Fact, owner: Owner | undefined): string | undefined => {
  const { bookId, productId, supplierId } = dimensionsOf(fact);
  if (!isPathPart(bookId)) return 'dims.bookId is no id';
  if (owner && owner.bookId !== bookId) return 'the account belongs to another book';
  if (productId !== undefined && !isPathPart(productId)) return 'dims.productId is no id';
  return supplierId !== undefined && !isPathPart(supplierId) ? 'dims.supplierId is no id' : undefined;
};

const bodyFlaw = (fact: Fact): string | undefined => {
  switch (fact.type) {
    case 'BatchCompleted':
    case 'StockLost': return amountsFlaw(fact.cost, fact.inputTax) ?? stockFlaw(fact.dims);
    case 'Delivered': return deliveryFlaw(fact);
    case 'RefundDelivered': return deliveryFlaw(fact.delivered);
    case 'ConsumerPaid': return amountsFlaw(fact.received, fact.fee, fact.feeTax) ?? partFlaw(fact.provider);
    case 'RefundUndelivered': return amountsFlaw(fact.amount);
    case 'RefundConfirmed':
    case 'ChargebackWon': return amountsFlaw(fact.amount) ?? partFlaw(fact.provider);
    case 'ChargebackOpened': return amountsFlaw(fact.amount, fact.fee) ?? partFlaw(fact.provider);
    case 'ProviderPaidOut': return amountsFlaw(fact.amount) ?? partFlaw(fact.provider, fact.bank);
    case 'Redeemed': return redeemedFlaw(fact);
    case 'Breakage': return amountsFlaw(fact.gross, fact.tax) ?? withinFlaw(fact.tax, fact.gross, 'tax');
    case 'ChargebackLost': return chargebackLostFlaw(fact);
    case 'Deposited':
    case 'Withdrawn':
    case 'ReceiptUnidentified': return amountsFlaw(fact.amount) ?? partFlaw(fact.bank);
    case 'ReceiptIdentified': return amountsFlaw(fact.amount);
    case 'CreditSettled': return amountsFlaw(fact.received, fact.writtenOff) ?? partFlaw(fact.bank);
    case 'CommissionPaid': return amountsFlaw(fact.amount) ?? partFlaw(fact.bank, fact.channelId);
    case 'RedemptionReversed':
    case 'Mirrored': return undefined;
    case 'Adjusted': return adjustedFlaw(fact.postings);
  }
};

/** No amount below zero, all of one currency. */
const amountsFlaw = (first: Money, second = first, third = first, fourth = first): string | undefined => {
  if (first.minor < 0n || second.minor < 0n || third.minor < 0n || fourth.minor < 0n) return 'an amount is below zero';
  const { currency } = first;
  return second.currency === currency && third.currency === currency && fourth.currency === currency ? undefined : 'the amounts are of several currencies';
};
const withinFlaw = (part: Money, whole: Money, name: string): string | undefined =>
  part.minor > whole.minor ? `${name} is more than the whole` : undefined;
const partFlaw = (id: string, other = id): string | undefined => (isPathPart(id) && isPathPart(other) ? undefined : 'a provider, bank or channel is no id');
const stockFlaw = ({ productId, supplierId }: { readonly productId?: string; readonly supplierId?: string }): string | undefined =>
  productId === undefined || supplierId === undefined ? 'dims name no product and supplier' : undefined;

const deliveryFlaw = (delivery: Delivery): string | undefined => {
  const { gross, taxRateBp, dims, kind, tax } = delivery;
  if (gross.minor < 0n) return 'gross is below zero';
  if (!Number.isSafeInteger(taxRateBp) || taxRateBp < 0) return 'taxRateBp is no rate';
  if (tax && tax.currency !== gross.currency) return 'tax is of another currency than gross';
  if (kind !== 'own_voucher' && kind !== 'top_up' && dims.productId === undefined) return 'dims name no product';
  return sharesFlaw(delivery);
};

const sharesFlaw = ({ gross, parts, commissions, presentation }: Delivery): string | undefined => {
  const partly = partsFlaw(parts);
  if (partly) return partly;
  if (presentation === 'agent' && parts.some(({ owed }) => owed.currency !== gross.currency)) return 'owed is of another currency than gross';
  for (const { channelId, amount } of commissions) {
    const flaw = amountsFlaw(amount) ?? partFlaw(channelId);
    if (flaw) return flaw;
  }
  return undefined;
};

const partsFlaw = (parts: Delivery['parts']): string | undefined => {
  for (const { supplierId, cost, inputTax, owed } of parts) {
    const flaw = amountsFlaw(cost, inputTax) ?? amountsFlaw(owed) ?? partFlaw(supplierId);
    if (flaw) return flaw;
  }
  return undefined;
};

const redeemedFlaw = (fact: Extract<Fact, { readonly type: 'Redeemed' }>): string | undefined => {
  const { gross, tax, partnerMerchantId, partnerCommission, partnerCommissionTax } = fact;
  const commission = partnerCommission ?? { ...gross, minor: 0n };
  const commissionTax = partnerCommissionTax ?? { ...gross, minor: 0n };
  return amountsFlaw(gross, tax, commission, commissionTax) ?? withinFlaw(tax, gross, 'tax') ?? withinFlaw(commission, gross, 'commission')
    ?? withinFlaw(commissionTax, commission, 'its tax') ?? (partnerMerchantId === undefined ? undefined : partFlaw(partnerMerchantId));
};

const chargebackLostFlaw = (fact: Extract<Fact, { readonly type: 'ChargebackLost' }>): string | undefined => {
  const { amount, undelivered, unusedOwn, unusedOwnTax, returned } = fact;
  const flaw = amountsFlaw(amount, undelivered, unusedOwn, unusedOwnTax) ?? partFlaw(fact.provider) ?? returnedFlaw(returned)
    ?? partsFlaw(returned.flatMap(({ parts }) => parts));
  if (flaw) return flaw;
  if (undelivered.minor + unusedOwn.minor > amount.minor) return 'the parts are more than the whole';
  return withinFlaw(unusedOwnTax, unusedOwn, 'tax');
};

const returnedFlaw = (returned: readonly ReturnedStock[]): string | undefined =>
  returned.every(({ productId }) => isPathPart(productId)) ? undefined : 'a product that came back is no id';

const adjustedFlaw = (postings: Extract<Fact, { readonly type: 'Adjusted' }>['postings']): string | undefined => {
  if (postings.length < 2) return 'an entry has two postings at least';
  if (postings.some(({ minor }) => minor === 0n)) return 'a posting has no amount';
  if (postings.some(({ account }) => !captionOf(account))) return 'an account is not in the chart';
  return imbalance(postings).size > 0 ? 'debits and credits differ' : undefined;
};

const limited = (settlement: Settlement): settlement is LimitedMode => settlement !== 'consumer_pay';

/** Money of a limited account moves in its own stream only, and nowhere else. */
const ownerFlaw = (fact: Fact, owner: Owner | undefined): string | undefined => {
  switch (fact.type) {
    case 'Delivered': return settlementFlaw(fact.settlement, fact.gross, owner);
    case 'RefundDelivered': return settlementFlaw(fact.delivered.settlement, fact.delivered.gross, owner);
    case 'Deposited':
    case 'Withdrawn':
    case 'ReceiptIdentified': return owner ? currencyFlaw(fact.amount, owner) : 'no account is named';
    case 'CreditSettled':
      if (!owner || owner.mode !== 'credit') return 'a credit account is to be named';
      return currencyFlaw(fact.received, owner);
    case 'BatchCompleted':
    case 'ConsumerPaid':
    case 'RefundUndelivered':
    case 'RefundConfirmed':
    case 'Redeemed':
    case 'RedemptionReversed':
    case 'Breakage':
    case 'StockLost':
    case 'ChargebackOpened':
    case 'ChargebackWon':
    case 'ChargebackLost':
    case 'ProviderPaidOut':
    case 'ReceiptUnidentified':
    case 'CommissionPaid':
    case 'Mirrored':
    case 'Adjusted': return undefined; // which limited accounts their postings touch is looked at when they are made
  }
};
const currencyFlaw = (amount: Money, owner: Owner): string | undefined =>
  amount.currency === owner.currency ? undefined : 'the account is of another currency';
const settlementFlaw = (settlement: Settlement, amount: Money, owner: Owner | undefined): string | undefined => {
  if (!limited(settlement)) return owner ? 'what a consumer pays touches no limited account' : undefined;
  if (!owner) return 'no account is named';
  return owner.mode === settlement ? currencyFlaw(amount, owner) : 'the account is of another settlement mode';
};
