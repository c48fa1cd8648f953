import type { EventStore } from '@vouchsafe/event-store';
import type { Journal } from './journal.js';
import type { JournalRecord } from './entry.js';

/** Whether the log holds the event that `record` names; entries that name none are never known to it. */
export const isInLog = async (store: EventStore, { entry }: JournalRecord): Promise<boolean> => {
  const place = 'inLog' in entry ? entry.inLog : undefined;
  if (!place) return false;
  const [event] = await store.readStream(place.stream, { from: place.revision, max: 1 });
  return event?.id === place.eventId;
};

/**
 * After a restore: the entries of one kind that the log does not know, because they happened after the backup. Streams the
 * journal; memory does not grow with it.
 */
export async function* entriesLogLacks<T extends JournalRecord['entry']['type']>(
  journal: Journal, store: EventStore, type: T,
): AsyncIterable<JournalRecord & { readonly entry: Extract<JournalRecord['entry'], { type: T }> }> {
  for await (const record of journal.read()) {
    if (isOf(record, type) && !(await isInLog(store, record))) yield record;
  }
}
const isOf = <T extends JournalRecord['entry']['type']>(
  record: JournalRecord, type: T,
): record is JournalRecord & { readonly entry: Extract<JournalRecord['entry'], { type: T }> } => record.entry.type === type;
