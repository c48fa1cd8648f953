import { DeciderHost } from '@vouchsafe/event-store';
import type { LedgerPorts } from '../application/ports.js';
import type { Streams } from '../application/streams.js';
import type { LedgerConfig } from '../config.js';
import { accountDecider } from '../domain/account.js';
import { bookDecider } from '../domain/book.js';
import { journalDecider } from '../domain/journal.js';
import { accountRootDecider, referenceDecider } from '../domain/registers.js';
import { accountCodec, accountRootCodec, bookCodec, journalCodec, ledgerCodec, referenceCodec } from './codecs.js';

/** The deciders with the codecs of their stored events. */
export const openStreams = ({ store, clock, random }: Pick<LedgerPorts, 'store' | 'clock' | 'random'>, { cachedStreams }: LedgerConfig): Streams => {
  const ground = { store, clock, random, cacheMax: cachedStreams };
  return {
    accounts: new DeciderHost({ ...ground, decider: accountDecider, codec: accountCodec }),
    journals: new DeciderHost({ ...ground, decider: journalDecider, codec: journalCodec }),
    books: new DeciderHost({ ...ground, decider: bookDecider, codec: bookCodec }),
    accountRoots: new DeciderHost({ ...ground, decider: accountRootDecider, codec: accountRootCodec }),
    references: new DeciderHost({ ...ground, decider: referenceDecider, codec: referenceCodec }),
    nextNamedBy: (type, data) => {
      if (type !== accountClosed && type !== journalClosed) return undefined;
      const event = ledgerCodec.decode(type, data);
      return event?.type === 'PeriodClosed' || event?.type === 'JournalClosed' ? event.next : undefined;
    },
  };
};
const accountClosed = 'ledger.PeriodClosed.v1';
const journalClosed = 'ledger.JournalClosed.v1';
