import type { Disk } from '@vouchsafe/runtime';
import type { JournalRecord } from './entry.js';
import { JOURNAL_FILE } from './journal.js';
import { readFile } from './reader.js';

/** Every entry of a journal that nobody writes to, oldest first, whoever's it is; nothing in the folder changes. A torn tail is passed over. Fault `JOURNAL_DAMAGED`. */
export async function* readJournal(disk: Disk): AsyncIterable<JournalRecord> {
  const file = await disk.open(JOURNAL_FILE, 'read');
  try {
    yield* readFile(file, { offset: 0, checksum: 0, entries: 0 });
  } finally {
    await file.close();
  }
}
