import { type Instant, invariant, type Of, PersistentMap } from '@vouchsafe/kernel';
import type { Account, AccountEvent, ClosedAccount, OpenAccount, OpenHold } from './account-types.js';
import { limitedPath } from './chart.js';
import { type Entry, sumOn } from './entry.js';
import { emptyMemory, type HoldMemory, remember } from './hold-memory.js';

export const unopened: Account = { step: 'unopened' };

export const evolve = (account: Account, event: AccountEvent): Account => {
  if (event.type === 'PeriodOpened') return opened(event);
  invariant(account.step === 'open', 'an account changes only between its opening and its closing');
  switch (event.type) {
    case 'HoldsCarried': return carried(account, event);
    case 'FundsHeld': return held(account, event);
    case 'FundsCaptured': return captured(account, event);
    case 'FundsReleased': return released(account, event);
    case 'ClosedHoldsCarried':
      return { ...account, memory: { ...account.memory, faded: [...account.memory.faded, { until: event.until, ids: event.ids }] } };
    case 'HoldForestalled':
      return { ...account, memory: remember(account.memory, event.holdId, { step: 'forestalled', notAfter: event.notAfter }, event.at) };
    case 'HoldProlonged':
      return { ...account, holds: account.holds.set(event.holdId, { ...openHold(account, event.holdId), expiresAt: event.expiresAt }) };
    case 'EntryPosted': return posted(account, event);
    case 'CreditLimitChanged': return { ...account, credit: event.minor, creditVersion: event.version };
    case 'PeriodClosed': return closedBy(account, event);
  }
};

const opened = ({ type: _type, at: _at, ...rest }: Of<AccountEvent, 'PeriodOpened'>): OpenAccount => ({
  ...rest, step: 'open', latest: rest.postedUpTo, held: 0n, holds: PersistentMap.empty(), memory: emptyMemory, entries: PersistentMap.empty(),
});

const carried = (account: OpenAccount, { holds }: Of<AccountEvent, 'HoldsCarried'>): OpenAccount => ({
  ...account,
  held: holds.reduce((sum, [, { left }]) => sum + left, account.held),
  holds: holds.reduce((all, [id, hold]) => all.set(id, hold), account.holds),
});

const held = (account: OpenAccount, event: Of<AccountEvent, 'FundsHeld'>): OpenAccount => {
  const { holdId, orderId, channelId, minor, notAfter, expiresAt } = event;
  const hold: OpenHold = { orderId, channelId, minor, left: minor, notAfter, expiresAt, captures: [] };
  return { ...account, held: account.held + minor, holds: account.holds.set(holdId, hold) };
};

const captured = (account: OpenAccount, event: Of<AccountEvent, 'FundsCaptured'>): OpenAccount => {
  const { holdId, final, fingerprint, entry, at } = event;
  const hold = openHold(account, holdId);
  const taken = ownMovement(account, entry);
  return {
    ...account, posted: account.posted - taken, held: account.held - (final ? hold.left : taken), entries: account.entries.set(entry.factId, fingerprint),
    latest: latestOf(account, entry),
    holds: final ? account.holds.delete(holdId) : account.holds.set(holdId, { ...hold, left: hold.left - taken, captures: [...hold.captures, [entry.factId, fingerprint]] }),
    memory: final ? ended(account, holdId, hold, 'captured', at) : account.memory,
  };
};

const released = (account: OpenAccount, { holdId, minor, at }: Of<AccountEvent, 'FundsReleased'>): OpenAccount =>
  ({ ...account, held: account.held - minor, holds: account.holds.delete(holdId), memory: ended(account, holdId, openHold(account, holdId), 'released', at) });

/** A hold is open no more; how it ended is remembered as long as it may be asked for again. */
const ended = ({ memory }: OpenAccount, holdId: string, { orderId, minor, notAfter }: OpenHold, step: 'captured' | 'released', at: Instant): HoldMemory =>
  remember(memory, holdId, { step, orderId, minor, notAfter }, at);

const posted = (account: OpenAccount, { entry, fingerprint }: Of<AccountEvent, 'EntryPosted'>): OpenAccount => ({
  ...account, posted: account.posted - ownMovement(account, entry), entries: account.entries.set(entry.factId, fingerprint), latest: latestOf(account, entry),
});
const latestOf = ({ latest }: OpenAccount, { occurredAt }: Entry): Instant => (occurredAt > latest ? occurredAt : latest);

const closedBy = (account: OpenAccount, { next, closedThrough }: Of<AccountEvent, 'PeriodClosed'>): ClosedAccount => ({
  ...account, step: 'closed', next, ...(closedThrough !== undefined && { closedThrough }),
});

const openHold = (account: OpenAccount, holdId: string): OpenHold => {
  const hold = account.holds.get(holdId);
  invariant(hold, 'only an open hold is captured, released or prolonged');
  return hold;
};

/** Debits on the account itself: what leaves its funds. */
const ownMovement = (account: OpenAccount, { postings }: Entry): bigint => sumOn(postings, limitedPath(account.mode, account.channelId), account.currency);
