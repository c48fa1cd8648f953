export type { JournalEntry, JournalRecord } from './entry.js';
export type { Journal, JournalOptions } from './journal.js';
export { JOURNAL_FILE, openJournal } from './journal.js';
export { readJournal } from './read-journal.js';
export { entriesLogLacks, isInLog } from './reconcile.js';
