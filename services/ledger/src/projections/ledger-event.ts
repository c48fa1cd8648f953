import type { AccountEvent } from '../domain/account-types.js';
import type { BookEvent } from '../domain/book.js';
import type { JournalEvent } from '../domain/journal.js';
import type { AccountOpened, ReferenceClaimed } from '../domain/registers.js';

/** Everything this service stores. */
export type LedgerEvent = AccountEvent | JournalEvent | BookEvent | AccountOpened | ReferenceClaimed;
