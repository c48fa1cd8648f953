import type { Projection } from '@vouchsafe/read-store';
import { entryIdOf } from './entry-id.js';
import { accountIdOf, entryIn } from './entries-of.js';
import type { LedgerEvent } from './ledger-event.js';

/** Where an entry lies in the log; the log has the rest. */
export type EntryPlace = { readonly stream: string; readonly revision: number; readonly orderId?: string };

/** Finds an entry by its id, and the entries of an order. One small document per entry. */
export const entryPlaces: Projection<LedgerEvent, EntryPlace> = {
  collection: { name: 'ledger_entries_v1', indexes: [{ fields: ['orderId'] }] },
  idsOf: (event, { stream }) => {
    const entry = entryIn(event);
    return entry ? [entryIdOf(accountIdOf(stream) ?? entry.bookId, entry.factId)] : [];
  },
  apply: (_place, event, { stream, revision }) => {
    const orderId = entryIn(event)?.orderId;
    return { stream, revision, ...(orderId !== undefined && { orderId }) };
  },
};
