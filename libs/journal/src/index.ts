export type { JournalEntry, JournalRecord } from './entry.js';
export type { Journal, JournalOptions } from './journal.js';
export { openJournal } from './journal.js';
export { entriesLogLacks, isInLog } from './reconcile.js';
