import type { Currency } from '@vouchsafe/kernel';
import type { BalanceRow, TrialBalance } from './trial-balance.js';

/** Sums per currency, in minor units, as the owner of the matter counts them. */
export type Counted = Readonly<Record<Currency, bigint>>;
/** What other services count at the month's end; a count that is not handed in is not checked. */
export type MonthEndCounts = {
  /** Inventory: (unsold, or committed and not yet activated) × cost, of stock that is ours. */
  readonly stockAtCost?: Counted;
  /** Redemption: outstanding value of own vouchers, gross. */
  readonly ownOutstanding?: Counted;
  /** Channels' prepaid balances, by their statements. */
  readonly channelPrepaid?: Counted;
  /** Payment providers: collected and not yet paid out. */
  readonly notPaidOut?: Counted;
};
export type InvariantName = 'zero-sum' | 'inventory' | 'own-vouchers' | 'channel-prepaid' | 'clearing';
/** `ours` by the books, `theirs` by who owns the matter. */
export type InvariantResult = { readonly name: InvariantName; readonly currency: Currency; readonly ok: boolean; readonly ours: bigint; readonly theirs: bigint };

type Sum = { readonly name: InvariantName; readonly paths: readonly string[]; readonly side: 'debit' | 'credit'; readonly theirs: Counted | undefined };

/** ACCOUNTS.md, month-end: each account equal to the other service's own count, every book zero per currency. */
export const monthEndInvariants = (books: Pick<TrialBalance, 'rows' | 'totals'>, counts: MonthEndCounts): readonly InvariantResult[] => {
  const sums: readonly Sum[] = [
    { name: 'inventory', paths: ['assets:inventory:codes:'], side: 'debit', theirs: counts.stockAtCost },
    { name: 'own-vouchers', paths: ['liabilities:contract:own', 'liabilities:tax:pending'], side: 'credit', theirs: counts.ownOutstanding },
    { name: 'channel-prepaid', paths: ['liabilities:channel:prepaid:'], side: 'credit', theirs: counts.channelPrepaid },
    { name: 'clearing', paths: ['assets:clearing:psp:'], side: 'debit', theirs: counts.notPaidOut },
  ];
  const zero = books.totals.map(({ currency, debit, credit }): InvariantResult => ({ name: 'zero-sum', currency, ok: debit === credit, ours: debit, theirs: credit }));
  return [...zero, ...sums.flatMap((sum) => (sum.theirs ? compared(books.rows, sum, sum.theirs) : []))];
};

const compared = (rows: readonly BalanceRow[], { name, paths, side }: Sum, theirs: Counted): readonly InvariantResult[] => {
  const ours = new Map<Currency, bigint>();
  for (const { account, currency, debit, credit } of rows) {
    if (!paths.some((path) => (path.endsWith(':') ? account.startsWith(path) : account === path))) continue;
    ours.set(currency, (ours.get(currency) ?? 0n) + (side === 'debit' ? debit - credit : credit - debit));
  }
  const currencies = [...new Set([...ours.keys(), ...Object.keys(theirs)])].sort();
  return currencies.map((currency) => {
    const [mine, other] = [ours.get(currency) ?? 0n, theirs[currency] ?? 0n];
    return { name, currency, ok: mine === other, ours: mine, theirs: other };
  });
};
