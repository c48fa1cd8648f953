import { amountOfRange, type Currency, lineAmount, type Money, money, plus, roundHalfUp, shareOf, taxWithin } from '@vouchsafe/kernel';
import type { TopUpEnd } from './order-events.js';
import type { CostedRange, OrderLine, OrderTerms, SupplierTerms } from './terms.js';

/** A share of a delivery that came from one batch or one provider, in ACCOUNTS' letters: cost C, inputTax Ti, owed K. */
export type DeliveredPart = {
  readonly batchId?: string; readonly supplierId: string; readonly terms: SupplierTerms; readonly quantity: number;
  readonly cost: Money; readonly inputTax: Money; readonly owed: Money; readonly fromPrepayment?: boolean;
};
export type CommissionShare = { readonly channelId: string; readonly amount: Money };

/** Gross of the first `units` of a line. */
export const deliveredMinor = ({ grossMinor, quantity }: OrderLine, currency: Currency, units: number): bigint =>
  shareOf(money(grossMinor, currency), 0, units, quantity).minor;

/** What the units of `ranges` cost, or what is owed for them. */
export const partsOf = (line: OrderLine, ranges: readonly CostedRange[]): readonly DeliveredPart[] =>
  ranges.map((range) => {
    const cost = amountOfRange(range.unitCostMicros, range.from, range.to, range.currency);
    const inputTax = amountOfRange(range.unitTaxMicros, range.from, range.to, range.currency);
    return { batchId: range.batchId, supplierId: range.supplierId, terms: range.terms, quantity: range.to - range.from, cost, inputTax, owed: owedFor(line, range, plus(cost, inputTax)) };
  });
/** An agent's K. Of stock paid ahead it is what the batch came in at, rounded as then, so that inventory empties to zero. */
const owedFor = ({ agent, stockPaid, owedMicros }: OrderLine, { from, to, currency, unitCostMicros, unitTaxMicros }: CostedRange, paid: Money): Money => {
  if (!agent) return money(0n, currency);
  if (stockPaid) return paid;
  return amountOfRange(owedMicros > 0n ? owedMicros : unitCostMicros + unitTaxMicros, from, to, currency);
};

/** A top-up's one part: the provider's own figures. */
export const topUpPart = (line: OrderLine, end: TopUpEnd, currency: Currency): DeliveredPart => {
  const [cost, inputTax] = [money(end.costMinor, currency), money(end.taxMinor, currency)];
  const issuer = line.owedMicros > 0n ? lineAmount(line.owedMicros, end.delivered, currency) : money(end.costMinor + end.taxMinor, currency);
  return { supplierId: end.supplierId, terms: 'postpaid', quantity: end.delivered, cost, inputTax, owed: line.agent ? issuer : money(0n, currency), ...(end.fromPrepayment && { fromPrepayment: true }) };
};

/**
 * Tax in `minor` of a line's gross after `before` of it, of the tax the whole line was delivered with: pro rata and cumulative,
 * so that what is taken back in parts takes exactly that tax back. `parts`: of the whole line.
 */
export const taxOn = (line: OrderLine, parts: readonly DeliveredPart[], currency: Currency, { before, minor }: { readonly before: bigint; readonly minor: bigint }): Money => {
  const owed = parts.reduce((sum, part) => sum + part.owed.minor, 0n);
  const tax = taxWithin(money(line.grossMinor - owed, currency), line.taxRateBp).minor;
  const upTo = (part: bigint): bigint => (line.grossMinor === 0n ? 0n : roundHalfUp(tax * part, line.grossMinor));
  return money(upTo(before + minor) - upTo(before), currency);
};

/** Ancestors' margins on `minor` of a line's gross after `before` of it: pro rata and cumulative, so that shares add up. */
export const commissionsOn = (terms: OrderTerms, line: OrderLine, before: bigint, minor: bigint): readonly CommissionShare[] =>
  line.chain
    .filter(({ marginMinor }) => marginMinor > 0n)
    .map(({ channelId, marginMinor }) => {
      const upTo = (part: bigint): bigint => (line.grossMinor === 0n ? 0n : roundHalfUp(marginMinor * part, line.grossMinor));
      return { channelId, amount: money(upTo(before + minor) - upTo(before), terms.currency) };
    });
