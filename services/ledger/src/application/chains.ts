import type { EventStore, Soon } from '@vouchsafe/event-store';
import { type Instant, instant, invariant } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { accountDecider } from '../domain/account.js';
import { asClosed, carryOf, freshCarry } from '../domain/account-carry.js';
import type { Account, AccountCommand, AccountEvent, AccountRejection } from '../domain/account-types.js';
import { type Journal, type JournalCommand, type JournalEvent, type JournalRejection, journalCarryOf, journalDecider } from '../domain/journal.js';
import type { Period, Segment } from '../domain/period.js';
import type { Books } from './books.js';
import type { Days } from './calendar.js';
import { Chain } from './chain.js';
import type { Streams } from './streams.js';

export type AccountChain = Chain<Account, AccountCommand, AccountEvent, AccountRejection>;
export type JournalChain = Chain<Journal, JournalCommand, JournalEvent, JournalRejection>;

export type ChainsOptions = {
  readonly streams: Streams; readonly books: Books; readonly store: Pick<EventStore, 'readStream'>;
  readonly clock: Clock; readonly log: Log; readonly segmentEvents: number;
  /** A late segment of a chain, from a view. */
  readonly hintOf: (root: string) => Promise<Segment | undefined>;
};

/** Limited accounts, continued segment by segment. Roots: `account-<accountId>`. */
export const accountChain = ({ streams, books, segmentEvents, ...rest }: ChainsOptions): AccountChain =>
  new Chain({
    ...rest,
    host: streams.accounts,
    decider: accountDecider,
    nextNamedBy: streams.nextNamedBy,
    monthNow: (bookId, at) => monthIn(books, bookId, at),
    maxEvents: segmentEvents,
    firstOf: async (root) => (await streams.accountRoots.load(root)).state?.segment,
    openFirst: async (root, segment, at) => {
      const identity = (await streams.accountRoots.load(root)).state;
      invariant(identity, 'a chain begins with its root');
      const { accountId, bookId, channelId, mode, currency } = identity;
      return { type: 'OpenPeriod', carry: freshCarry({ accountId, bookId, channelId, mode, currency }, segment, await books.fence(bookId)), at };
    },
    openNext: (closed, at) => ({ type: 'OpenPeriod', carry: carryOf(asClosed(closed), at), at }),
    afterLooking,
    close: (next, closedThrough, at) => ({ type: 'ClosePeriod', next, ...(closedThrough !== undefined && { closedThrough }), at }),
  });

/** Journals of a book. Roots: `journal-<bookId>_<shard>`; each exists from the book's opening on. */
export const journalChain = ({ streams, books, segmentEvents, ...rest }: ChainsOptions): JournalChain =>
  new Chain({
    ...rest,
    host: streams.journals,
    decider: journalDecider,
    nextNamedBy: streams.nextNamedBy,
    monthNow: (bookId, at) => monthIn(books, bookId, at),
    maxEvents: segmentEvents,
    firstOf: async (root) => (await books.open(journalOf(root).bookId))?.segment,
    openFirst: async (root, segment, at) => {
      const { bookId, shard } = journalOf(root);
      const closedThrough = await books.fence(bookId);
      return { type: 'OpenJournal', carry: { bookId, shard, segment, ordinal: 0, postedUpTo: instant(0), ...(closedThrough !== undefined && { closedThrough }) }, at };
    },
    openNext: (closed, at) => ({ type: 'OpenJournal', carry: journalCarryOf(closed), at }),
    afterLooking,
    close: (next, closedThrough, at) => ({ type: 'CloseJournal', next, ...(closedThrough !== undefined && { closedThrough }), at }),
  });

const afterLooking = <C extends object>(command: C): C => ({ ...command, lookedBack: true });

const monthIn = (books: Books, bookId: string, at: Instant): Soon<Period> => {
  const days = books.ready(bookId);
  return days instanceof Promise ? days.then((known) => monthOf(known, at)) : monthOf(days, at);
};
const monthOf = (days: Days | undefined, at: Instant): Period => {
  invariant(days, 'a chain belongs to a book that is known');
  return days.monthOf(at);
};

const journalOf = (root: string): { readonly bookId: string; readonly shard: number } => {
  const [, bookId, shard] = /^journal-(.+)_(\d+)$/.exec(root) ?? [];
  invariant(bookId !== undefined && shard !== undefined, 'a journal is named by book and shard');
  return { bookId, shard: Number(shard) };
};
