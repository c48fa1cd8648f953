import { type Currency, type Instant, invariant } from '@vouchsafe/kernel';
import { isLimitedPath } from './chart.js';
import type { BusinessDate } from './period.js';

/** What a movement of money was for. */
export type PostingDimensions = {
  readonly businessLine?: string; readonly productId?: string; readonly supplierId?: string; readonly batchId?: string;
};

/** One line of an entry. `minor` is signed: debit above zero, credit below. */
export type Posting = { readonly account: string; readonly minor: bigint; readonly currency: Currency; readonly dims: PostingDimensions };

/** What an entry says besides its postings. */
export type EntryHead = {
  /** Id of the fact it books; the entry's own id follows from it. */
  readonly factId: string;
  /** The kind of fact, e.g. `Delivered`. */
  readonly kind: string;
  readonly bookId: string;
  readonly channelId?: string; readonly orderId?: string; readonly lineId?: string;
  readonly occurredAt: Instant;
  /** The day it belongs to by its book's zone and cut-off. */
  readonly businessDate: BusinessDate;
  /** Fact whose entry this one takes back. */
  readonly mirrors?: string;
  /** The bank's reference, or a person's reason. */
  readonly note?: string;
};

/** One balanced entry. Without postings it is a memo: the fact is noted, no money moved. */
export type Entry = EntryHead & {
  readonly postings: readonly Posting[];
  /** First open day, where the month of `businessDate` was closed already. */
  readonly bookedOn?: BusinessDate;
};

/** The day the entry counts. */
export const dayOf = (entry: Entry): BusinessDate => entry.bookedOn ?? entry.businessDate;

/** Sum of signed amounts per currency; only those that are not zero. */
export const imbalance = (postings: readonly Posting[]): ReadonlyMap<Currency, bigint> => {
  const sums = new Map<Currency, bigint>();
  for (const { currency, minor } of postings) {
    const sum = (sums.get(currency) ?? 0n) + minor;
    if (sum === 0n) sums.delete(currency);
    else sums.set(currency, sum);
  }
  return sums;
};

/** Bug unless `postings` are zero per currency and each is of an amount. */
export const balanced = (postings: readonly Posting[]): readonly Posting[] => {
  const first = postings[0]?.currency;
  let sum = 0n;
  let mixed = false;
  for (const { minor, currency } of postings) {
    invariant(minor !== 0n, 'a posting has an amount');
    sum += minor;
    mixed ||= currency !== first;
  }
  // Nearly every entry is of one currency, and then one sum says it.
  invariant(mixed ? imbalance(postings).size === 0 : sum === 0n, 'an entry sums to zero per currency');
  return postings;
};

/** The same postings with the sides exchanged. */
export const mirrored = (postings: readonly Posting[]): readonly Posting[] => postings.map((posting) => ({ ...posting, minor: -posting.minor }));

/** Signed sum on one account in one currency. */
export const sumOn = (postings: readonly Posting[], account: string, currency: Currency): bigint => {
  let sum = 0n;
  for (const posting of postings) if (posting.account === account && posting.currency === currency) sum += posting.minor;
  return sum;
};

/** Whether postings move a limited account, other than `own`. */
export const movesLimited = (postings: readonly Posting[], own?: string): boolean =>
  postings.some(({ account }) => account !== own && isLimitedPath(account));
