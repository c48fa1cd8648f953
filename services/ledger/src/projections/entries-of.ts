import type { Entry } from '../domain/entry.js';
import type { LedgerEvent } from './ledger-event.js';

/** The entry an event is, if it is one. */
export const entryIn = (event: LedgerEvent): Entry | undefined =>
  event.type === 'EntryPosted' || event.type === 'FundsCaptured' ? event.entry : undefined;

const ACCOUNT_STREAM = /^account-(.+)_[^_]+$/;
/** The limited account in whose segment an event lies; undefined for journals, roots and books. */
export const accountIdOf = (stream: string): string | undefined => ACCOUNT_STREAM.exec(stream)?.[1];
