import { type Fields, fieldsAt, listAt, maybeTextAt, minorOf, tellIn, textAt, textOf, Unreadable } from './strict.js';

const USUAL_CURRENCY = 'CNY';

/** Adds up every posting ever made, per book, currency and account, and tells each entry that is not balanced or was posted before. */
export class TrialBalance {
  readonly #balances = new Map<string, bigint>();
  readonly #posted = new Set<string>();
  readonly violations: string[] = [];
  entries = 0;

  /** An entry in the event of a stream; the order it is about, if it names one. */
  post(stream: string, data: Fields): string | undefined {
    const entry = fieldsAt(data, 'entry');
    const [id, book, order] = [textAt(entry, 'id'), textAt(entry, 'book'), maybeTextAt(entry, 'order')];
    this.entries++;
    this.#once(`${ownerOf(stream, book)} ${id} ${order ?? ''}`);
    const sums = new Map<string, bigint>();
    for (const [account, minor, currency] of postingsIn(entry)) {
      const key = `${book}\t${currency}\t${account}`;
      this.#balances.set(key, (this.#balances.get(key) ?? 0n) + minor);
      sums.set(currency, (sums.get(currency) ?? 0n) + minor);
    }
    for (const [currency, sum] of sums) if (sum !== 0n) tellIn(this.violations, `entry ${id}: ${sum} ${currency} out of balance`);
    return order;
  }
  #once(fact: string): void {
    if (this.#posted.has(fact)) tellIn(this.violations, `entry ${fact}: posted twice`);
    this.#posted.add(fact);
  }

  /** `[book, currency, account, minor units]`, debit positive, sorted. */
  rows(): readonly (readonly [string, string, string, bigint])[] {
    return [...this.#balances]
      .filter(([, minor]) => minor !== 0n)
      .map(([key, minor]) => [...(key.split('\t') as [string, string, string]), minor] as const)
      .sort(([a, b, c], [x, y, z]) => (a + b + c < x + y + z ? -1 : 1));
  }

  /** The sum over all accounts, per book and currency: zero, or the books do not balance. */
  sums(): Readonly<Record<string, bigint>> {
    const sums: Record<string, bigint> = {};
    for (const [key, minor] of this.#balances) {
      const [book, currency] = key.split('\t');
      sums[`${book} ${currency}`] = (sums[`${book} ${currency}`] ?? 0n) + minor;
    }
    return sums;
  }
}

/** Whose entries must differ: an account's over all its segments, else the book's over all its journals. */
const ownerOf = (stream: string, book: string): string => (stream.startsWith('account-') ? stream.replace(/_[^_]*$/, '') : book);

/** Account, signed minor units, currency. A memo has neither postings nor the dimensions of any. */
const postingsIn = (entry: Fields): readonly (readonly [account: string, minor: bigint, currency: string])[] => {
  if (entry.postings === undefined && entry.dims === undefined) return [];
  if (listAt(entry, 'postings').length === 0) throw new Unreadable('postings are none although there are dims: this audit cannot prove it');
  const usual = maybeTextAt(entry, 'currency') ?? USUAL_CURRENCY;
  return listAt(entry, 'postings').map((posting) => {
    const [account, minor, , other] = listAt({ posting }, 'posting');
    return [textOf(account, 'postings: account'), minorOf(minor, 'postings: minor'), other === undefined ? usual : textOf(other, 'postings: currency')];
  });
};
