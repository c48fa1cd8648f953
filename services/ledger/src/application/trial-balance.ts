import type { Collection } from '@vouchsafe/read-store';
import type { BusinessDate } from '../domain/period.js';
import { type Balance, balanceAt } from '../projections/balances.js';

export type BalanceRow = { readonly account: string; readonly currency: string; readonly debit: bigint; readonly credit: bigint };
export type TrialBalance = {
  readonly bookId: string; readonly asOf: BusinessDate; readonly rows: readonly BalanceRow[];
  /** Sums per currency; debit and credit of each are equal. */
  readonly totals: readonly (Omit<BalanceRow, 'account'>)[];
};

const PAGE = 500;

/** Every account of a book with what was booked on it up to the end of a day. `undefined`: that day is too far back, ask for its month's end. */
export const trialBalance = async (
  balances: Collection<Balance>, bookId: string, asOf: BusinessDate, currency?: string,
): Promise<TrialBalance | undefined> => {
  const rows: BalanceRow[] = [];
  for await (const balance of allOf(balances, bookId)) {
    if (currency !== undefined && balance.currency !== currency) continue;
    const turnover = balanceAt(balance, asOf);
    if (!turnover) return undefined;
    const [debit, credit] = turnover;
    if (debit !== 0n || credit !== 0n) rows.push({ account: balance.account, currency: balance.currency, debit, credit });
  }
  return { bookId, asOf, rows, totals: totalsOf(rows) };
};

const totalsOf = (rows: readonly BalanceRow[]): TrialBalance['totals'] => {
  const totals = new Map<string, { debit: bigint; credit: bigint }>();
  for (const { currency, debit, credit } of rows) {
    const total = totals.get(currency) ?? { debit: 0n, credit: 0n };
    totals.set(currency, { debit: total.debit + debit, credit: total.credit + credit });
  }
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, total]) => ({ currency, ...total }));
};

/** All balances of a book, by account. */
export async function* allOf(balances: Collection<Balance>, bookId: string): AsyncGenerator<Balance> {
  let after: { readonly values: readonly [string]; readonly id: string } | undefined;
  for (;;) {
    const page = await balances.find({ where: { bookId }, orderBy: [['account', 'asc']], limit: PAGE, ...(after && { after }) });
    for (const { value } of page) yield value;
    const last = page[page.length - 1];
    if (!last || page.length < PAGE) return;
    after = { values: [last.value.account], id: last.id };
  }
}
