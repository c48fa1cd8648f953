import type { EventStore } from '@vouchsafe/event-store';
import type { JournalEntry, JournalRecord } from './entry.js';
import type { Journal } from './journal.js';

/** Whether the log holds the event that `record` names; entries that name none are never known to it. */
export const isInLog = async (store: EventStore, { entry }: JournalRecord): Promise<boolean> => {
  const place = 'inLog' in entry ? entry.inLog : undefined;
  if (!place) return false;
  const [event] = await store.readStream(place.stream, { from: place.revision, max: 1 });
  return event?.id === place.eventId;
};

type Kind = JournalEntry['type'];
export type RecordOf<K extends Kind> = JournalRecord & { readonly entry: Extract<JournalEntry, { type: K }> };

/**
 * After a restore: the entries of some kinds that the log does not know, because they happened after the backup, oldest
 * first. Streams the journal; memory does not grow with it.
 */
export async function* entriesLogLacks<const K extends Kind>(journal: Journal, store: EventStore, kinds: readonly K[]): AsyncIterable<RecordOf<K>> {
  for await (const record of journal.read()) {
    if (isOf(record, kinds) && !(await isInLog(store, record))) yield record;
  }
}
const isOf = <K extends Kind>(record: JournalRecord, kinds: readonly K[]): record is RecordOf<K> => (kinds as readonly Kind[]).includes(record.entry.type);
