import { type Instant, invariant, type Of } from '@vouchsafe/kernel';
import { List, Map } from 'immutable';
import type { Account, AccountEvent, ClosedAccount, Hold, OpenAccount, OpenHold } from './account-types.js';
import { limitedPath } from './chart.js';
import { sumOn } from './entry.js';

export const unopened: Account = { step: 'unopened' };

/** Holds looked at per event to forget the ones that are too old to come again: more than one, so that memory shrinks. */
const SWEEP = 2;

export const evolve = (account: Account, event: AccountEvent): Account => {
  if (event.type === 'PeriodOpened') return opened(event);
  invariant(account.step === 'open', 'an account changes only between its opening and its closing');
  switch (event.type) {
    case 'HoldsCarried': return carried(account, event);
    case 'FundsHeld': return held(account, event);
    case 'FundsCaptured': return captured(account, event);
    case 'FundsReleased': return released(account, event);
    case 'HoldForestalled':
      return fade({ ...account, holds: account.holds.set(event.holdId, { step: 'forestalled', notAfter: event.notAfter }) }, event.holdId, event.at);
    case 'HoldProlonged':
      return { ...account, holds: account.holds.set(event.holdId, { ...openHold(account, event.holdId), expiresAt: event.expiresAt }) };
    case 'EntryPosted': {
      const { entry, fingerprint } = event;
      return { ...account, posted: account.posted - ownMovement(account, event), entries: account.entries.set(entry.factId, fingerprint) };
    }
    case 'CreditLimitChanged': return { ...account, credit: event.minor, creditVersion: event.version };
    case 'PeriodClosed': return closedBy(account, event);
  }
};

const opened = ({ type: _type, at, ...rest }: Of<AccountEvent, 'PeriodOpened'>): OpenAccount => ({
  ...rest, step: 'open', openedAt: at, held: 0n, holds: Map(), fading: List(), entries: Map(),
});

const carried = (account: OpenAccount, { holds }: Of<AccountEvent, 'HoldsCarried'>): OpenAccount => ({
  ...account,
  held: holds.reduce((sum, [, hold]) => sum + (hold.step === 'open' ? hold.left : 0n), account.held),
  holds: account.holds.withMutations((map) => holds.forEach(([id, hold]) => map.set(id, hold))),
  fading: account.fading.concat(holds.filter(([, hold]) => hold.step !== 'open').map(([id]) => id)),
});

const held = (account: OpenAccount, event: Of<AccountEvent, 'FundsHeld'>): OpenAccount => {
  const { holdId, orderId, channelId, minor, notAfter, expiresAt, at } = event;
  const hold: OpenHold = { step: 'open', orderId, channelId, minor, left: minor, notAfter, expiresAt, captures: [] };
  return sweep({ ...account, held: account.held + minor, holds: account.holds.set(holdId, hold) }, at);
};

const captured = (account: OpenAccount, event: Of<AccountEvent, 'FundsCaptured'>): OpenAccount => {
  const { holdId, final, fingerprint, entry, at } = event;
  const hold = openHold(account, holdId);
  const taken = ownMovement(account, event);
  const left = hold.left - taken;
  const now: Hold = final
    ? { step: 'captured', orderId: hold.orderId, minor: hold.minor, notAfter: hold.notAfter }
    : { ...hold, left, captures: [...hold.captures, [entry.factId, fingerprint]] };
  const next: OpenAccount = {
    ...account, posted: account.posted - taken, held: account.held - (final ? hold.left : taken),
    holds: account.holds.set(holdId, now), entries: account.entries.set(entry.factId, fingerprint),
  };
  return final ? fade(next, holdId, at) : next;
};

const released = (account: OpenAccount, { holdId, at }: Of<AccountEvent, 'FundsReleased'>): OpenAccount => {
  const hold = openHold(account, holdId);
  const now: Hold = { step: 'released', orderId: hold.orderId, minor: hold.minor, notAfter: hold.notAfter };
  return fade({ ...account, held: account.held - hold.left, holds: account.holds.set(holdId, now) }, holdId, at);
};

const closedBy = (account: OpenAccount, { next, closedThrough }: Of<AccountEvent, 'PeriodClosed'>): ClosedAccount => ({
  ...account, step: 'closed', next, ...(closedThrough !== undefined && { closedThrough }),
});

const openHold = (account: OpenAccount, holdId: string): OpenHold => {
  const hold = account.holds.get(holdId);
  invariant(hold?.step === 'open', 'only an open hold is captured, released or prolonged');
  return hold;
};

/** Debits on the account itself: what leaves its funds. */
const ownMovement = (account: OpenAccount, { entry }: Of<AccountEvent, 'FundsCaptured' | 'EntryPosted'>): bigint =>
  sumOn(entry.postings, limitedPath(account.mode, account.channelId), account.currency);

const fade = (account: OpenAccount, holdId: string, at: Instant): OpenAccount => sweep({ ...account, fading: account.fading.push(holdId) }, at);

/** Forgets closed holds that can come no more; those that still can go to the end of the queue, so that none blocks it. */
const sweep = (account: OpenAccount, at: Instant): OpenAccount => {
  let { holds, fading } = account;
  for (let i = 0; i < SWEEP && fading.size > 0; i++) {
    const id = fading.first()!;
    fading = fading.shift();
    const hold = holds.get(id);
    if (!hold) continue;
    if (hold.notAfter < at) holds = holds.delete(id);
    else fading = fading.push(id);
  }
  return { ...account, holds, fading };
};
