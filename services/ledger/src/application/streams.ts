import type { DeciderHost, Envelope } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import type { Account, AccountCommand, AccountEvent, AccountRejection } from '../domain/account-types.js';
import type { Book, BookCommand, BookEvent, BookRejection } from '../domain/book.js';
import type { Journal, JournalCommand, JournalEvent, JournalRejection } from '../domain/journal.js';
import type { Segment } from '../domain/period.js';
import type { AccountOpened, AccountRoot, ClaimReference, OpenAccountRoot, Reference, ReferenceClaimed } from '../domain/registers.js';

/** The ledger's deciders on their streams. */
export type Streams = {
  readonly accounts: DeciderHost<Account, AccountCommand, AccountEvent, AccountRejection>;
  readonly journals: DeciderHost<Journal, JournalCommand, JournalEvent, JournalRejection>;
  readonly books: DeciderHost<Book, BookCommand, BookEvent, BookRejection>;
  readonly accountRoots: DeciderHost<AccountRoot, OpenAccountRoot, AccountOpened, never>;
  readonly references: DeciderHost<Reference, ClaimReference, ReferenceClaimed, 'REFERENCE_USED'>;
  /** The segment that a stored event of closing names. */
  readonly nextNamedBy: (type: string, data: unknown) => Segment | undefined;
};

export const accountRootOf = (accountId: string): string => `account-${accountId}`;
export const journalRootOf = (bookId: string, shard: number): string => `journal-${bookId}_${shard}`;
export const bookStreamOf = (bookId: string): string => `ledgerbook-${bookId}`;

/** The ledger acting for itself, under an id that is the same whenever it does the same. */
export const ownEnvelope = (commandId: string, correlation: string, at: Instant): Envelope => ({ commandId, correlation, principal: 'svc_ledger', at });
