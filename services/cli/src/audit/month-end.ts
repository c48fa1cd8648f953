import type { RecordedEvent } from '@vouchsafe/event-store';
import { type InvariantName, monthEndInvariants } from '@vouchsafe/ledger';
import { ClearingCount } from './counts/clearing.js';
import { OwnVoucherCount } from './counts/own-vouchers.js';
import { PrepaidCount } from './counts/prepaid.js';
import type { Sums } from './counts/reading.js';
import { StockCount } from './counts/stock.js';
import type { Range } from './strict.js';

type Balance = readonly [book: string, currency: string, account: string, minor: bigint];
/** One of ACCOUNTS.md's month-end invariants, per book and currency: what the books say, and what is counted without them. */
export type MonthEndResult = { readonly book: string; readonly name: InvariantName; readonly currency: string; readonly ok: boolean; readonly books: bigint; readonly counted: bigint };

/**
 * Counts what the books must show at a month's end from the events of those who own the matter: stock at cost from pools and
 * grants, own vouchers' value from grants, channels' balances from orders and refunds, what providers owe from payments. Holds
 * where nothing is under way: an entry follows its fact.
 */
export class MonthEnd {
  readonly #stock = new StockCount();
  readonly #own = new OwnVoucherCount();
  readonly #prepaid = new PrepaidCount();
  readonly #clearing = new ClearingCount();

  see(event: RecordedEvent): void {
    for (const count of [this.#stock, this.#own, this.#prepaid, this.#clearing]) count.see(event);
  }

  /** `balances`: of all accounts, debit above zero. `inStock`: units unsold, or sold and not yet granted. */
  results(balances: readonly Balance[], inStock: Iterable<Range>): readonly MonthEndResult[] {
    const counts: Counts = { stockAtCost: this.#stock.sums(inStock), ownOutstanding: this.#own.sums, channelPrepaid: this.#prepaid.sums, notPaidOut: this.#clearing.sums };
    const counted = Object.values(counts).flatMap((sums) => sums.keys());
    const books = new Set([...balances.map(([book]) => book), ...counted.map(([book]) => book)]);
    const currencies = [...new Set([...balances.map(([, currency]) => currency), ...counted.map(([, currency]) => currency)])].sort();
    return [...books].sort().flatMap((book) => resultsOf(book, currencies, balances.filter(([of]) => of === book), counts));
  }
}

type Counts = Readonly<Record<'stockAtCost' | 'ownOutstanding' | 'channelPrepaid' | 'notPaidOut', Sums>>;

const resultsOf = (book: string, currencies: readonly string[], balances: readonly Balance[], counts: Counts): readonly MonthEndResult[] => {
  const rows = balances.map(([, currency, account, minor]) => ({ account, currency, debit: minor > 0n ? minor : 0n, credit: minor < 0n ? -minor : 0n }));
  const totals = currencies.map((currency) => {
    const own = rows.filter((row) => row.currency === currency);
    return { currency, debit: own.reduce((sum, { debit }) => sum + debit, 0n), credit: own.reduce((sum, { credit }) => sum + credit, 0n) };
  });
  const inBook = (sums: Sums) => Object.fromEntries(currencies.map((currency) => [currency, sums.of(book, currency)]));
  const { stockAtCost, ownOutstanding, channelPrepaid, notPaidOut } = counts;
  const told = { stockAtCost: inBook(stockAtCost), ownOutstanding: inBook(ownOutstanding), channelPrepaid: inBook(channelPrepaid), notPaidOut: inBook(notPaidOut) };
  return monthEndInvariants({ rows, totals }, told).map(({ name, currency, ok, ours, theirs }) => ({ book, name, currency, ok, books: ours, counted: theirs }));
};
