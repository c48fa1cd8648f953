import type { Period } from '../domain/period.js';
import type { Books, Closing } from './books.js';
import type { AccountChain, JournalChain } from './chains.js';
import { accountRootOf, journalRootOf } from './streams.js';

/**
 * Closes a month of a book, and all before it: announced in the book, then fenced off in every journal and account (each
 * turns to a new segment), then recorded as done. Interrupted, it is gone on with by asking again: every step is idempotent.
 */
export const closePeriod = async (
  { books, accounts, journals }: { readonly books: Books; readonly accounts: AccountChain; readonly journals: JournalChain }, bookId: string, period: Period,
): Promise<Closing> => {
  const begun = await books.beginClose(bookId, period);
  if (!begun.ok || begun.book.closing !== period) return begun; // refused, or closed before
  for (let shard = 0; shard < begun.book.shards; shard++) await journals.close(journalRootOf(bookId, shard), period);
  for (const account of begun.book.accounts.values()) {
    await books.completeAccount(account); // one whose opening was interrupted must be fenced off too
    await accounts.close(accountRootOf(account.accountId), period);
  }
  return books.endClose(bookId, period);
};
