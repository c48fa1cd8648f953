import { minus, type Money, plus, taxWithin } from '@vouchsafe/kernel';
import type { Posting, PostingDimensions } from './entry.js';
import type { Delivery, FactDimensions } from './fact.js';

/** Collects the postings of one entry; an amount of zero leaves no posting. Lives within one call of `postingsFor`. */
export class Lines {
  readonly postings: Posting[] = [];
  constructor(readonly dims: PostingDimensions) {}

  debit(account: string, { minor, currency }: Money, dims = this.dims): this {
    if (minor !== 0n) this.postings.push({ account, minor, currency, dims });
    return this;
  }
  credit(account: string, { minor, currency }: Money, dims = this.dims): this {
    if (minor !== 0n) this.postings.push({ account, minor: -minor, currency, dims });
    return this;
  }
}
export const linesFor = (dims: PostingDimensions): Lines => new Lines(dims);

/** What of a fact's dimensions goes onto its postings. */
export const postingDims = ({ businessLine, productId, supplierId, batchId }: FactDimensions): PostingDimensions => ({ businessLine, productId, supplierId, batchId });

export const partDims = ({ businessLine, productId, batchId }: PostingDimensions, part: { readonly supplierId: string; readonly batchId?: string }): PostingDimensions =>
  ({ businessLine, productId, supplierId: part.supplierId, batchId: part.batchId ?? batchId });

/** K of the whole delivery. */
const owedIn = ({ gross, parts }: Delivery): Money =>
  parts.reduce((sum, { owed }) => plus(sum, owed), { minor: 0n, currency: gross.currency });

export type Shares = {
  /** Tax on what is ours: T of G, or Tm of M. */
  readonly tax: Money;
  /** What is ours without it: G − T, or M − Tm. */
  readonly net: Money;
};
/** How a delivery's gross is shared out between us and the tax office, by presentation. */
export const sharesOf = (delivery: Delivery): Shares => {
  const ours = isAgency(delivery) ? minus(delivery.gross, owedIn(delivery)) : delivery.gross;
  const tax = delivery.tax ?? taxWithin(ours, delivery.taxRateBp);
  return { tax, net: minus(ours, tax) };
};
/** An own voucher is ours whatever its terms say. */
export const isAgency = ({ kind, presentation }: Delivery): boolean => presentation === 'agent' && kind !== 'own_voucher';
