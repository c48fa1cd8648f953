import { accept, type Decider, type Decision, type Money, type Of, reject } from '@vouchsafe/kernel';
import type { Account, AccountCommand, AccountEvent, AccountRejection, ClosedAccount, OpenAccount, OpenHold } from './account-types.js';
import { evolve, unopened } from './account-evolve.js';
import { openPeriod } from './account-carry.js';
import { limitedPath } from './chart.js';
import { type Entry, movesLimited, sumOn } from './entry.js';
import { dimensionsOf } from './fact.js';
import { flawOf } from './flaw.js';
import { type ClosedHold, recall } from './hold-memory.js';
import { bookedOn } from './period.js';
import { type Booking, entryFor } from './posting.js';

type Answer = Decision<AccountEvent, AccountRejection>;
type Known = OpenAccount | ClosedAccount;

/**
 * A limited account in one segment of its life: stream `account-<accountId>_<segment>`. What it decides: whether money may
 * be set aside, what a delivery takes of it, and every other entry that touches the account. Available = posted − open
 * holds + credit, and no decision takes it below zero.
 */
export const decide = (command: AccountCommand, account: Account): Answer => {
  if (account.step === 'unopened') return command.type === 'OpenPeriod' ? accept(...openPeriod(command)) : reject('ACCOUNT_UNKNOWN');
  switch (command.type) {
    case 'OpenPeriod': return accept(); // somebody else was first; the carry is the same
    case 'HoldFunds': return hold(command, account);
    case 'CaptureHold': return capture(command, account);
    case 'ReleaseHold': return release(command, account);
    case 'ProlongHold': return prolong(command, account);
    case 'PostFact': return post(command, account);
    case 'ChangeCreditLimit': return changeCreditLimit(command, account);
    case 'ClosePeriod': return closePeriod(command, account);
  }
};

export const availableOf = ({ posted, held, credit }: Known): bigint => posted - held + credit;

const closed = ({ next }: ClosedAccount) => reject('PERIOD_CLOSED', { next });
const short = (account: Known) =>
  reject(account.mode === 'prepaid' ? 'BALANCE_SHORT' : 'CREDIT_LIMIT_REACHED', { availableMinor: String(availableOf(account)), currency: account.currency });

const hold = (command: Of<AccountCommand, 'HoldFunds'>, account: Known): Answer => {
  if (account.step === 'closed') return closed(account); // holds and their memory are carried: the next segment knows
  const { holdId, orderId, channelId, amount, notAfter, expiresAt, at } = command;
  const known = account.holds.get(holdId) ?? recall(account.memory, holdId);
  if (known) return heldBefore(command, known);
  if (at > notAfter) return reject('TOO_LATE'); // asked only now: what exists, exists however late the question
  if (amount.currency !== account.currency) return reject('CURRENCY_MISMATCH', { currency: account.currency });
  if (amount.minor > availableOf(account)) return short(account);
  return accept({ type: 'FundsHeld', holdId, orderId, channelId, minor: amount.minor, notAfter, expiresAt, at } as const);
};

const heldBefore = ({ orderId, amount }: Of<AccountCommand, 'HoldFunds'>, known: OpenHold | ClosedHold | 'faded'): Answer => {
  if (known === 'faded') return reject('TOO_LATE');
  if ('step' in known && known.step === 'forestalled') return reject('TOO_LATE');
  if (known.minor !== amount.minor || known.orderId !== orderId) return reject('HOLD_ID_REUSED');
  return 'step' in known && known.step === 'released' ? reject('TOO_LATE') : accept(); // a yes again would be a lie once it was given back
};

const capture = (command: Of<AccountCommand, 'CaptureHold'>, account: Known): Answer => {
  const { holdId, captureId, fingerprint } = command;
  const open = account.holds.get(holdId);
  const before = account.entries.get(captureId) ?? (open && capturedBefore(open, captureId));
  if (before !== undefined) return before === fingerprint ? accept() : reject('CAPTURE_ID_REUSED');
  if (account.step === 'closed') return closed(account);
  return open ? captureOf(command, account, open) : (unlookedFor(command, account) ?? reject('HOLD_UNKNOWN'));
};

/** Captures of a segment before came along with the hold. */
const capturedBefore = ({ captures }: OpenHold, captureId: string): number | undefined =>
  captures.length === 0 ? undefined : captures.find(([id]) => id === captureId)?.[1];

const captureOf = (command: Of<AccountCommand, 'CaptureHold'>, account: OpenAccount, open: OpenHold): Answer => {
  const { holdId, captureId, fact, final, fingerprint, at } = command;
  const flaw = fact.type === 'Delivered' ? flawOf(fact, account) : 'only a delivery captures a hold';
  if (flaw || fact.type !== 'Delivered') return reject('FACT_INVALID', { flaw: flaw ?? '' });
  if (fact.gross.minor > open.left) return reject('HOLD_TOO_SMALL', { leftMinor: String(open.left) });
  const made = madeEntry(command, account, { factId: captureId });
  const rest = final ? open.left - fact.gross.minor : 0n;
  return made.ok ? accept({ type: 'FundsCaptured', holdId, final, rest, fingerprint, entry: made.entry, at } as const) : made.no;
};

/** A late ask whose id may lie in a segment before: "look there first", unless that was done or there is none. */
const unlookedFor = ({ lookedBack }: { readonly lookedBack: boolean }, { previous }: Known) =>
  previous !== undefined && !lookedBack ? reject('LOOK_BACK', { previous }) : undefined;

const release = ({ holdId, notAfter, reason, at }: Of<AccountCommand, 'ReleaseHold'>, account: Known): Answer => {
  if (account.step === 'closed') return closed(account);
  const known = account.holds.get(holdId);
  if (known) return accept({ type: 'FundsReleased', holdId, minor: known.left, reason, at } as const);
  if (recall(account.memory, holdId) || at > notAfter) return accept();
  return accept({ type: 'HoldForestalled', holdId, notAfter, reason, at } as const);
};

const prolong = ({ holdId, expiresAt, at }: Of<AccountCommand, 'ProlongHold'>, account: Known): Answer => {
  if (account.step === 'closed') return closed(account);
  const known = account.holds.get(holdId);
  if (!known || known.expiresAt >= expiresAt) return accept();
  return accept({ type: 'HoldProlonged', holdId, expiresAt, at } as const);
};

const post = (command: Of<AccountCommand, 'PostFact'>, account: Known): Answer => {
  const { factId, fact, occurredAt, fingerprint, at } = command;
  const before = account.entries.get(factId);
  if (before !== undefined) return before === fingerprint ? accept() : reject('FACT_ID_REUSED');
  if (account.step === 'closed') return closed(account);
  const late = occurredAt <= account.postedUpTo ? unlookedFor(command, account) : undefined;
  if (late) return late;
  if (fact.type === 'Delivered') return reject('FACT_INVALID', { flaw: 'a delivery on a limited account captures its hold' });
  const flaw = flawOf(fact, account);
  if (flaw) return reject('FACT_INVALID', { flaw });
  const made = madeEntry(command, account, { factId, note: command.note, original: command.original });
  if (!made.ok) return made.no;
  const change = fundsIn(made.entry, account);
  if (change < 0n && availableOf(account) + change < 0n) return short(account);
  return accept({ type: 'EntryPosted', fingerprint, entry: made.entry, at } as const);
};

type Made = { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly no: Answer };
const madeEntry = (
  { fact, occurredAt, businessDate }: Of<AccountCommand, 'CaptureHold' | 'PostFact'>, account: OpenAccount, rest: Pick<Booking, 'factId' | 'note' | 'original'>,
): Made => {
  if (dimensionsOf(fact).bookId !== account.bookId) return { ok: false, no: reject('FACT_INVALID', { flaw: 'the account belongs to another book' }) };
  const entry = entryFor(fact, { factId: rest.factId, note: rest.note, original: rest.original, occurredAt, businessDate, own: account });
  const own = limitedPath(account.mode, account.channelId);
  if (movesLimited(entry.postings, own)) return { ok: false, no: reject('FACT_INVALID', { flaw: 'an entry touches one limited account at most' }) };
  const day = bookedOn(businessDate, account.closedThrough);
  return { ok: true, entry: day === businessDate ? entry : { ...entry, bookedOn: day } };
};

/** What an entry adds to the account's funds (a credit adds). */
export const fundsIn = ({ postings }: Entry, { mode, channelId, currency }: Known): bigint => -sumOn(postings, limitedPath(mode, channelId), currency);

const changeCreditLimit = ({ limit, expectedVersion, at }: Of<AccountCommand, 'ChangeCreditLimit'>, account: Known): Answer => {
  if (account.step === 'closed') return closed(account);
  if (limit.currency !== account.currency) return reject('CURRENCY_MISMATCH', { currency: account.currency });
  if (limit.minor === account.credit) return accept();
  if (expectedVersion !== undefined && expectedVersion !== account.creditVersion) return reject('LIMIT_CHANGED_SINCE', { version: String(account.creditVersion) });
  return accept({ type: 'CreditLimitChanged', minor: limit.minor, version: account.creditVersion + 1, at } as const);
};

const closePeriod = ({ next, closedThrough, at }: Of<AccountCommand, 'ClosePeriod'>, account: Known): Answer => {
  if (account.step === 'closed') return accept();
  const { posted, held, credit, holds } = account;
  const through = later(closedThrough, account.closedThrough);
  return accept({
    type: 'PeriodClosed', next, ...(through !== undefined && { closedThrough: through }), posted, held, credit,
    openHolds: holds.size, at,
  } as const);
};
const later = <T extends string>(a: T | undefined, b: T | undefined): T | undefined => (a === undefined || (b !== undefined && b > a) ? b : a);

export const accountDecider: Decider<Account, AccountCommand, AccountEvent, AccountRejection> = { decide, evolve, initial: unopened };

/** Funds of an account as a caller sees them. */
export const fundsOf = (account: Known): { readonly posted: Money; readonly held: Money; readonly credit: Money; readonly available: Money } => {
  const of = (minor: bigint): Money => ({ minor, currency: account.currency });
  return { posted: of(account.posted), held: of(account.held), credit: of(account.credit), available: of(availableOf(account)) };
};
