import type { DeliveryFact, Dimensions } from '@vouchsafe/contracts';
import { type Money, money } from '@vouchsafe/kernel';
import { commissionsOn, type DeliveredPart, deliveredMinor, partsOf, topUpPart } from '../domain/delivery.js';
import type { TopUpEnd } from '../domain/order-events.js';
import type { CostedRange, OrderLine, OrderTerms } from '../domain/terms.js';

/** Where the money of a line belongs. */
export const dimsOf = (orderId: string, terms: OrderTerms, line: OrderLine): Dimensions => ({
  bookId: terms.bookId, channelId: terms.channelId, businessLine: line.businessLine, productId: line.productId, supplierId: line.supplierId,
  orderId, lineId: line.lineId,
});

/** What was delivered: whole ranges of stock, or a top-up's units. */
export type DeliveredSource = { readonly units: number } & ({ readonly ranges: readonly CostedRange[] } | { readonly topUp: TopUpEnd });

/** The delivery of a line as the ledger books it. */
export const deliveryFact = (orderId: string, terms: OrderTerms, line: OrderLine, source: DeliveredSource): DeliveryFact => {
  const parts = 'topUp' in source ? [topUpPart(line, source.topUp, terms.currency)] : partsOf(line, source.ranges);
  return factOf({ orderId, terms, line }, { minorBefore: 0n, minor: deliveredMinor(line, terms.currency, source.units), parts });
};

export type OfLine = { readonly orderId: string; readonly terms: OrderTerms; readonly line: OrderLine };
/** `tax`: given where parts must add up; else the ledger takes it by the rate. */
type Share = { readonly minorBefore: bigint; readonly minor: bigint; readonly parts: readonly DeliveredPart[]; readonly tax?: Money };
/** A share of a line's delivery: `minor` of its gross after `minorBefore`, and the parts it consists of. */
export const factOf = ({ orderId, terms, line }: OfLine, { minorBefore, minor, parts, tax }: Share): DeliveryFact => ({
  dims: dimsOf(orderId, terms, line), settlement: terms.settlement, kind: line.kind, presentation: line.agent ? 'agent' : 'principal',
  stockPaid: line.stockPaid, gross: money(minor, terms.currency), taxRateBp: line.taxRateBp, parts,
  commissions: commissionsOn(terms, line, minorBefore, minor), ...(tax && { tax }),
  ...(line.kind === 'own_voucher' && { ownClass: line.usage.prepaidUntaxed ? 'prepaid_untaxed' as const : 'taxed' as const }),
  ...(terms.payment && { provider: terms.payment.provider }),
});
