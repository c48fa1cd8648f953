import type { Collection } from '@vouchsafe/read-store';
import { type Figures, type Log, noFigures, type Stop, type Timers } from '@vouchsafe/runtime';
import { type Balance, totalOf } from '../projections/balances.js';

/** Every account is added up: once a minute. */
const EVERY_MS = 60_000;
const PAGE = 500;

export type BookFigures = { readonly figures?: Figures; readonly balances: Collection<Balance>; readonly timers: Timers; readonly log: Log };

/**
 * Tells how many books there are (per currency), and how many of them do not balance, until stopped. Accounts are read page by page while
 * entries are booked, so a book counts as unbalanced when it is so by the same amount twice in a row.
 */
export const startBookFigures = ({ figures = noFigures, balances, timers, log }: BookFigures): Stop => {
  if (figures === noFigures) return async () => {};
  let before: ReadonlyMap<string, bigint> = new Map();
  let told: readonly (readonly [books: number, unbalanced: number])[] = [];
  const look = async (): Promise<void> => {
    const now = await differences(balances);
    const lasting = [...now].filter(([book, difference]) => difference !== 0n && before.get(book) === difference);
    if (lasting.length > 0) log.error({ books: lasting.map(([book]) => book).slice(0, 10) }, 'books do not balance');
    told = [[now.size, lasting.length]];
    before = now;
  };
  const onError = (error: unknown): void => log.warn({ error: String(error) }, 'the books cannot be added up');
  figures.read('vouchsafe_books', 'Books, one per currency, that were added up last', { labels: [], values: () => told.map(([value]) => ({ labels: [], value })) });
  figures.read('vouchsafe_unbalanced_books', 'Books whose debits and credits differ: must be 0', { labels: [], values: () => told.map(([, value]) => ({ labels: [], value })) });
  look().catch(onError);
  return timers.every(EVERY_MS, look, onError);
};

/** Debit minus credit of each book and currency. */
const differences = async (balances: Collection<Balance>): Promise<ReadonlyMap<string, bigint>> => {
  const sums = new Map<string, bigint>();
  for (let after: { readonly values: readonly []; readonly id: string } | undefined; ; ) {
    const page = await balances.find({ limit: PAGE, ...(after && { after }) });
    for (const { value } of page) {
      const book = `${value.bookId} ${value.currency}`;
      const [debit, credit] = totalOf(value);
      sums.set(book, (sums.get(book) ?? 0n) + debit - credit);
    }
    const last = page[page.length - 1];
    if (!last || page.length < PAGE) return sums;
    after = { values: [], id: last.id };
  }
};
