import type { Json } from '@vouchsafe/codec';
import type { RecordedEvent } from '@vouchsafe/event-store';

/** Data of a stored event, read without the codecs of the service that wrote it: the audit trusts none of their code. */
export type Fields = Readonly<Record<string, Json>>;
export const fields = (json: Json | undefined): Fields => (json ?? {}) as Fields;
export const list = (json: Json | undefined): readonly Fields[] => (json ?? []) as readonly Fields[];
export const text = (json: Json | undefined, otherwise = ''): string => (typeof json === 'string' ? json : otherwise);
export const whole = (json: Json | undefined, otherwise = 0): number => (typeof json === 'number' ? json : otherwise);
/** Minor units as they are stored: decimal text, or money with its currency. */
export const minorOf = (json: Json | undefined): bigint => BigInt(typeof json === 'string' ? json : text(fields(json).minor, '0'));
/** `EntryPosted` of `ledger.EntryPosted.v1`. */
export const nameOf = ({ type }: RecordedEvent): string => type.split('.')[1] ?? '';
/** `total` × `part` / `of`, half up; none is negative. */
export const ratio = (total: bigint, part: bigint, of: bigint): bigint => (total * part * 2n + of) / (of * 2n);

/** Left out of events where it is so. */
const USUAL_CURRENCY = 'CNY';
export const currencyOf = (data: Fields): string => text(data.currency, USUAL_CURRENCY);
/** Whose money it is. */
export type Owed = { readonly book: string; readonly currency: string };
/** Book and currency of a request that names them. */
export const owedOf = (data: Fields): Owed => ({ book: text(data.bookId), currency: currencyOf(data) });
type Posting = readonly [account: string, minor: string, dims: number, currency?: string];
/** Postings of a stored entry: account, signed minor units, currency. */
export const postingsOf = (entry: Fields): readonly (readonly [account: string, minor: bigint, currency: string])[] =>
  ((entry.postings ?? []) as unknown as readonly Posting[]).map(([account, minor, , other]) => [account, BigInt(minor), other ?? currencyOf(entry)]);

/** Sums by book and currency. */
export class Sums {
  readonly #sums = new Map<string, bigint>();
  add(book: string, currency: string, minor: bigint): void {
    const key = `${book}\t${currency}`;
    this.#sums.set(key, (this.#sums.get(key) ?? 0n) + minor);
  }
  of(book: string, currency: string): bigint {
    return this.#sums.get(`${book}\t${currency}`) ?? 0n;
  }
  /** `[book, currency]` of all that was added. */
  keys(): readonly (readonly [string, string])[] {
    return [...this.#sums.keys()].map((key) => key.split('\t') as [string, string]);
  }
}
