import type { RecordedEvent } from '@vouchsafe/event-store';
import { csvHead, csvRows } from '../application/export-csv.js';
import type { LocatedEntry } from '../application/entries.js';
import type { JournalFormat } from '../application/export-journal.js';
import { hledgerHead, hledgerTransaction } from '../application/export-hledger.js';
import { accountIdOf, entryIn } from '../projections/entries-of.js';
import { ledgerCodec } from './codecs.js';

/** Events of the log that may be entries, from its beginning; asked for once per reading. */
export type LogEvents = () => AsyncIterable<Pick<RecordedEvent, 'stream' | 'revision' | 'type' | 'data'>>;
/** Categories of the streams in which entries lie. */
export const ENTRY_CATEGORIES = ['account', 'journal'] as const;

/** Books that have an entry in the log, by id. */
export const booksInLog = async (events: LogEvents): Promise<readonly string[]> => {
  const books = new Set<string>();
  for await (const { entry } of entriesIn(events)) books.add(entry.bookId);
  return [...books].sort();
};

/** All entries of a book as `ExportJournal` writes them, from the log alone, in its order: for a stopped directory. */
export async function* journalOfLog(events: LogEvents, { bookId, format }: { readonly bookId: string; readonly format: JournalFormat }): AsyncGenerator<string> {
  yield format === 'csv' ? csvHead() : hledgerHead(await headOf(events, bookId));
  for await (const located of entriesIn(events)) {
    if (located.entry.bookId !== bookId) continue;
    const text = format === 'csv' ? csvRows(located) : hledgerTransaction(located);
    if (text !== '') yield text; // a memo has no rows
  }
}

async function* entriesIn(events: LogEvents): AsyncGenerator<LocatedEntry> {
  for await (const { stream, revision, type, data } of events()) {
    const event = ledgerCodec.decode(type, data);
    const entry = event && entryIn(event);
    if (!entry) continue;
    const accountId = accountIdOf(stream);
    yield { entry, stream, revision, ...(accountId !== undefined && { accountId }) };
  }
}

const headOf = async (events: LogEvents, bookId: string) => {
  const accounts = new Set<string>();
  const currencies = new Set<string>();
  for await (const { entry } of entriesIn(events)) {
    if (entry.bookId !== bookId) continue;
    for (const { account, currency } of entry.postings) {
      accounts.add(account);
      currencies.add(currency);
    }
  }
  return { bookId, accounts: [...accounts].sort(), currencies: [...currencies].sort() };
};
