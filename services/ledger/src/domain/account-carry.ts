import { invariant, type Instant, type Of } from '@vouchsafe/kernel';
import type { Account, AccountCarry, AccountCommand, AccountEvent, AccountIdentity, ClosedAccount } from './account-types.js';
import { handOn } from './hold-memory.js';
import type { Period, Segment } from './period.js';

/** Holds named by one event; keeps an event well below a store's limit. */
const HOLDS_PER_EVENT = 400;
const IDS_PER_EVENT = 10_000;

/** The first events of a segment, appended together. */
export const openPeriod = ({ carry, at }: Of<AccountCommand, 'OpenPeriod'>): readonly AccountEvent[] => {
  const { identity, holds, faded, ...rest } = carry;
  const events: AccountEvent[] = [{ type: 'PeriodOpened', ...identity, ...rest, at }];
  for (let i = 0; i < holds.length; i += HOLDS_PER_EVENT) {
    events.push({ type: 'HoldsCarried', holds: holds.slice(i, i + HOLDS_PER_EVENT), at });
  }
  for (const { until, ids } of faded) {
    const all = [...ids];
    for (let i = 0; i < all.length; i += IDS_PER_EVENT) events.push({ type: 'ClosedHoldsCarried', until, ids: new Set(all.slice(i, i + IDS_PER_EVENT)), at });
  }
  return events;
};

/** A fresh account: nothing posted, nothing held. */
export const freshCarry = (identity: AccountIdentity, segment: Segment, closedThrough: Period | undefined): AccountCarry => ({
  identity, segment, ordinal: 0, ...(closedThrough !== undefined && { closedThrough }), posted: 0n, credit: 0n, creditVersion: 0, postedUpTo: 0 as Instant,
  holds: [], faded: [],
});

/** What a closed segment hands on at `at`: sums, open holds, and which ended so lately that they may be asked for again. */
export const carryOf = (closed: ClosedAccount, at: Instant): AccountCarry => ({
  identity: { accountId: closed.accountId, bookId: closed.bookId, channelId: closed.channelId, mode: closed.mode, currency: closed.currency },
  segment: closed.next, previous: closed.segment, ordinal: closed.ordinal + 1,
  ...(closed.closedThrough !== undefined && { closedThrough: closed.closedThrough }),
  posted: closed.posted, credit: closed.credit, creditVersion: closed.creditVersion,
  postedUpTo: closed.latest, holds: [...closed.holds], faded: handOn(closed.memory, at),
});

export const asClosed = (account: Account): ClosedAccount => {
  invariant(account.step === 'closed', 'only a closed segment hands on');
  return account;
};
