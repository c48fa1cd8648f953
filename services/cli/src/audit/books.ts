import type { Json } from '@vouchsafe/codec';

type Line = readonly [account: string, minor: string, dims: number, currency?: string];
type StoredEntry = { readonly id: string; readonly book: string; readonly currency?: string; readonly postings?: readonly Line[] };

/** Adds up every posting ever made, per book, currency and account, and tells each entry that is not balanced. */
export class TrialBalance {
  readonly #balances = new Map<string, bigint>();
  readonly violations: string[] = [];
  entries = 0;

  post(data: Json): void {
    const entry = (data as unknown as { readonly entry: StoredEntry }).entry;
    const sums = new Map<string, bigint>();
    for (const [account, minor, , other] of entry.postings ?? []) {
      const currency = other ?? entry.currency ?? 'CNY';
      const key = `${entry.book}\t${currency}\t${account}`;
      this.#balances.set(key, (this.#balances.get(key) ?? 0n) + BigInt(minor));
      sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(minor));
    }
    this.entries++;
    for (const [currency, sum] of sums) if (sum !== 0n) this.violations.push(`entry ${entry.id}: ${sum} ${currency} out of balance`);
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
