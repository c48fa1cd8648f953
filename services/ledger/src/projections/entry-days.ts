import type { Projection } from '@vouchsafe/read-store';
import { dayOf } from '../domain/entry.js';
import type { BusinessDate } from '../domain/period.js';
import { entryIn } from './entries-of.js';
import type { LedgerEvent } from './ledger-event.js';

/** Where in one stream the entries of one day lie: between two revisions, among others. */
export type EntryDay = {
  readonly bookId: string; readonly day: BusinessDate; readonly stream: string; readonly from: number; readonly to: number; readonly entries: number;
};

/** Lists and exports by day: which streams to read, and from where to where. One document per stream and day. */
export const entryDays: Projection<LedgerEvent, EntryDay> = {
  collection: { name: 'ledger_days_v1', indexes: [{ fields: ['bookId', 'day', 'stream'] }] },
  idsOf: (event, { stream }) => {
    const entry = entryIn(event);
    return entry ? [`${stream}/${dayOf(entry)}`] : [];
  },
  apply: (known, event, { stream, revision }) => {
    const entry = entryIn(event);
    if (!entry) return known;
    if (known) return { ...known, to: revision, entries: known.entries + 1 };
    return { bookId: entry.bookId, day: dayOf(entry), stream, from: revision, to: revision, entries: 1 };
  },
};
