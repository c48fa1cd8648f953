import type { RecordedEvent } from '@vouchsafe/event-store';
import { monthEndInvariants } from '@vouchsafe/ledger';
import { ClearingCount } from './counts/clearing.js';
import { OwnVoucherCount } from './counts/own-vouchers.js';
import { PrepaidCount } from './counts/prepaid.js';
import type { Sums } from './counts/reading.js';
import { StockCount } from './counts/stock.js';
import type { Range } from './units.js';

type Balances = readonly (readonly [book: string, currency: string, account: string, minor: bigint])[];
/** One of ACCOUNTS.md's month-end invariants, per book and currency: what the books say, and what is counted without them. */
export type MonthEndResult = { readonly book: string; readonly name: string; readonly currency: string; readonly ok: boolean; readonly books: bigint; readonly counted: bigint };

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

  /** `inStock`: units unsold, or sold and not yet granted. */
  results(balances: Balances, inStock: Iterable<Range>): readonly MonthEndResult[] {
    const counts = { stockAtCost: this.#stock.sums(inStock), ownOutstanding: this.#own.sums, channelPrepaid: this.#prepaid.sums, notPaidOut: this.#clearing.sums };
    const books = new Set([...balances.map(([book]) => book), ...Object.values(counts).flatMap((sums) => sums.keys().map(([book]) => book))]);
    return [...books].sort().flatMap((book) => {
      const rows = balances.filter(([of]) => of === book).map(([, currency, account, minor]) => ({ account, currency, debit: minor > 0n ? minor : 0n, credit: minor < 0n ? -minor : 0n }));
      const currencies = [...new Set([...rows.map(({ currency }) => currency), ...Object.values(counts).flatMap((sums) => sums.keys().map(([, currency]) => currency))])];
      const inBook = (sums: Sums) => Object.fromEntries(currencies.map((currency) => [currency, sums.of(book, currency)]));
      const totals = currencies.map((currency) => rows.filter((row) => row.currency === currency).reduce((sum, row) => ({ currency, debit: sum.debit + row.debit, credit: sum.credit + row.credit }), { currency, debit: 0n, credit: 0n }));
      const told = { stockAtCost: inBook(counts.stockAtCost), ownOutstanding: inBook(counts.ownOutstanding), channelPrepaid: inBook(counts.channelPrepaid), notPaidOut: inBook(counts.notPaidOut) };
      return monthEndInvariants({ rows, totals }, told).map(({ name, currency, ok, ours, theirs }) => ({ book, name, currency, ok, books: ours, counted: theirs }));
    });
  }
}
