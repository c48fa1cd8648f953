import type { Collection } from '@vouchsafe/read-store';
import type { BusinessDate } from '../domain/period.js';
import type { Balance } from '../projections/balances.js';
import { csvHead, csvRows } from './export-csv.js';
import { hledgerHead, hledgerTransaction } from './export-hledger.js';
import type { Entries } from './entries.js';
import { allOf } from './trial-balance.js';

export type JournalFormat = 'hledger' | 'csv';
export type JournalAsked = { readonly bookId: string; readonly format: JournalFormat; readonly from?: BusinessDate; readonly until?: BusinessDate };

/** Characters gathered before a piece is handed over. */
const PIECE = 64 * 1024;

/** A book's entries as text, in pieces of whole lines. What is booked meanwhile may be in it or not. */
export async function* exportJournal(entries: Entries, balances: Collection<Balance>, asked: JournalAsked): AsyncGenerator<string> {
  const { bookId, format, from, until } = asked;
  let piece = format === 'csv' ? csvHead() : hledgerHead(await headOf(balances, bookId));
  const range = { ...(from !== undefined && { from }), ...(until !== undefined && { until }) };
  for await (const { located } of entries.ofBook(bookId, range, { descending: false })) {
    if (!located) continue;
    piece += format === 'csv' ? csvRows(located) : hledgerTransaction(located);
    if (piece.length >= PIECE) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

const headOf = async (balances: Collection<Balance>, bookId: string) => {
  const accounts = new Set<string>();
  const currencies = new Set<string>();
  for await (const { account, currency } of allOf(balances, bookId)) {
    accounts.add(account);
    currencies.add(currency);
  }
  return { bookId, accounts: [...accounts], currencies: [...currencies].sort() };
};
