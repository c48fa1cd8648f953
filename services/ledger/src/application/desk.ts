import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import type { captureHold, CommandOf, holdFunds, postFact, releaseHold, ResultOf } from '@vouchsafe/contracts';
import type { Handled, Soon } from '@vouchsafe/event-store';
import { type Details, type Instant, invariant, type Of } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { accountDecider } from '../domain/account.js';
import { isPathPart } from '../domain/chart.js';
import type { Posting } from '../domain/entry.js';
import { dimensionsOf, type Fact } from '../domain/fact.js';
import { fingerprintOf } from '../domain/fingerprint.js';
import { type JournalCommand, journalDecider } from '../domain/journal.js';
import type { Books, ReadyBook } from './books.js';
import type { Days } from './calendar.js';
import type { AccountChain, JournalChain } from './chains.js';
import { entryIdOf } from '../projections/entry-id.js';
import { accountRootOf, journalRootOf } from './streams.js';

/** What is to be booked, by whoever learned of it. */
export type Booking = {
  readonly factId: string; readonly fact: Fact; readonly occurredAt: Instant;
  /** The limited account it touches. */
  readonly accountId?: string;
  readonly note?: string;
  /** What a repeat is compared by; the fact itself unless something else is what was asked. */
  readonly fingerprint?: number;
};
type Refused = { readonly ok: false; readonly code: string; readonly details: Details };
export type Booked = { readonly ok: true; readonly entryId: string } | Refused;
type PostFact = Of<JournalCommand, 'PostFact'>;
type Made = { readonly ok: true; readonly entry: EntryNamed; readonly command: PostFact; readonly shards: number } | Refused;

export type DeskOptions = {
  readonly accounts: AccountChain; readonly journals: JournalChain; readonly books: Books; readonly clock: Clock;
  /** The postings of an entry booked before, wherever it lies; undefined if there is none. */
  readonly postingsOf: (entryId: string) => Promise<readonly Posting[] | undefined>;
};

/** Where other services' commands are carried out. Each may come again under the same id. */
export class Desk {
  readonly #options: DeskOptions;
  constructor(options: DeskOptions) {
    this.#options = options;
  }

  hold(command: CommandOf<typeof holdFunds>, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof holdFunds>>> {
    const { accountId, holdId, orderId, channelId, amount, notAfter, expiresAt } = command;
    invariant(amount.minor >= 0n, 'a hold is of no amount below zero');
    const at = this.#options.clock.now();
    const asked = { type: 'HoldFunds', holdId, orderId, channelId, amount, notAfter, expiresAt, at } as const;
    return answered(this.#options.accounts.handle(accountRootOf(accountId), asked, envelope, at), NOTHING, ACCOUNT_UNKNOWN);
  }

  capture(command: CommandOf<typeof captureHold>, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof captureHold>>> {
    const days = this.#bookOf(command.fact.dims.bookId);
    return days instanceof Promise ? days.then((known) => this.#capture(known, command, envelope)) : this.#capture(days, command, envelope);
  }

  #capture(days: Days | undefined, command: CommandOf<typeof captureHold>, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof captureHold>>> {
    const { accountId, holdId, captureId, final, occurredAt } = command;
    if (!days) return NO_BOOK;
    const at = this.#options.clock.now();
    if (occurredAt > at + AHEAD_MS) return FUTURE;
    const fact: Fact = { type: 'Delivered', ...command.fact };
    const fingerprint = fingerprintOf({ holdId, final, fact: command.fact });
    const asked = {
      type: 'CaptureHold', holdId, captureId, final, fact, occurredAt, businessDate: days.dateOf(occurredAt), fingerprint, lookedBack: false, at,
    } as const;
    const handled = this.#options.accounts.handle(accountRootOf(accountId), asked, dated(envelope, occurredAt), occurredAt);
    return answered(handled, new EntryNamed(accountId, captureId), HOLD_UNKNOWN);
  }

  /** An account that never was has nothing to give back. */
  release(command: CommandOf<typeof releaseHold>, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof releaseHold>>> {
    const { accountId, holdId, notAfter, reason } = command;
    const at = this.#options.clock.now();
    return answered(this.#options.accounts.handle(accountRootOf(accountId), { type: 'ReleaseHold', holdId, notAfter, reason, at }, envelope, at), NOTHING, RELEASED);
  }

  async post(command: CommandOf<typeof postFact>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof postFact>>> {
    const booked = await this.book(command, envelope);
    return booked.ok ? { ok: true, result: { entryId: booked.entryId } } : booked;
  }

  /** Books a fact once: in its limited account's stream, else in a journal of its book. */
  book(booking: Booking, envelope: CommandEnvelope): Soon<Booked> {
    const made = this.#commandOf(booking);
    return made instanceof Promise ? made.then((later) => this.#book(booking, later, envelope)) : this.#book(booking, made, envelope);
  }
  #book({ accountId, occurredAt }: Booking, made: Made, envelope: CommandEnvelope): Soon<Booked> {
    if (!made.ok) return made;
    const { accounts, journals } = this.#options;
    const { command, shards, entry } = made;
    const owned = dated(envelope, occurredAt);
    const handled = accountId === undefined
      ? journals.handle(journalOf(command, shards), command, owned, occurredAt)
      : accounts.handle(accountRootOf(accountId), command, owned, occurredAt);
    return handled instanceof Promise ? handled.then((later) => bookedAs(later, entry)) : bookedAs(handled, entry);
  }

  /** What {@link Desk.book} would say, without booking. */
  async rehearse(booking: Booking): Promise<Booked> {
    const made = await this.#commandOf(booking);
    if (!made.ok) return made;
    const { accounts, journals } = this.#options;
    const command = { ...made.command, lookedBack: true };
    const decision = booking.accountId === undefined
      ? journalDecider.decide(command, (await journals.load(journalOf(command, made.shards)))?.state ?? journalDecider.initial)
      : accountDecider.decide(command, (await accounts.load(accountRootOf(booking.accountId)))?.state ?? accountDecider.initial);
    return decision.ok ? { ok: true, entryId: made.entry.entryId } : { ok: false, code: decision.code, details: decision.details };
  }

  #commandOf(booking: Booking): Soon<Made> {
    const { fact } = booking;
    const { bookId } = dimensionsOf(fact);
    const book = this.#bookOf(bookId);
    const mirrored = fact.type === 'RedemptionReversed' || fact.type === 'Mirrored' ? fact.originalFactId : undefined;
    if (!(book instanceof Promise) && mirrored === undefined) return this.#made(booking, book, undefined);
    return this.#madeLater(booking, book, mirrored, booking.accountId ?? bookId);
  }
  async #madeLater(booking: Booking, book: Soon<ReadyBook | undefined>, mirrored: string | undefined, owner: string): Promise<Made> {
    const known = await book;
    const original = known && mirrored !== undefined ? await this.#options.postingsOf(entryIdOf(owner, mirrored)) : undefined;
    const made = this.#made(booking, known, original);
    return made.ok && mirrored !== undefined && !original ? { ok: false, code: 'ORIGINAL_UNKNOWN', details: {} } : made;
  }
  #made({ factId, fact, occurredAt, accountId, note, fingerprint }: Booking, book: ReadyBook | undefined, original: readonly Posting[] | undefined): Made {
    if (!book) return NO_BOOK;
    const at = this.#options.clock.now();
    if (occurredAt > at + AHEAD_MS) return FUTURE;
    const command = {
      type: 'PostFact', factId, fact, occurredAt, businessDate: book.dateOf(occurredAt), lookedBack: false, fingerprint: fingerprint ?? fingerprintOf(fact), note, original, at,
    } as const;
    return { ok: true, command, shards: book.shards, entry: new EntryNamed(accountId ?? dimensionsOf(fact).bookId, factId) };
  }

  /** Undefined where no book has that id. */
  #bookOf(bookId: string): Soon<ReadyBook | undefined> {
    return isPathPart(bookId) ? this.#options.books.ready(bookId) : undefined;
  }
}

/** A fact always goes to the same journal of its book, so that a repeat meets it there. */
const journalOf = ({ fact, factId }: PostFact, shards: number): string => journalRootOf(dimensionsOf(fact).bookId, fingerprintOf(factId) % shards);

/** The entry of a fact, named when somebody asks: mostly nobody does. */
class EntryNamed {
  readonly ok = true;
  constructor(readonly owner: string, readonly factId: string) {}
  get entryId(): string {
    return entryIdOf(this.owner, this.factId);
  }
}

/** Clocks of services differ; a fact dated further ahead would make every later one be looked for in vain. */
const AHEAD_MS = 24 * 3_600_000;
const FUTURE = { ok: false, code: 'FACT_INVALID', details: { flaw: 'occurredAt lies in the future' } } as const;
const NO_BOOK = { ok: false, code: 'FACT_INVALID', details: { flaw: 'dims.bookId names no book' } } as const;

const NOTHING = {};
const ACCOUNT_UNKNOWN = { ok: false, code: 'ACCOUNT_UNKNOWN', details: {} } as const;
const HOLD_UNKNOWN = { ok: false, code: 'HOLD_UNKNOWN', details: {} } as const;
const RELEASED = { ok: true, result: NOTHING } as const;

type Decided = Handled<unknown, unknown, string> | undefined;
/** `none`: what is said where there is no such account. */
const answered = <Result>(handled: Soon<Decided>, result: Result, none: Answer<Result>): Soon<Answer<Result>> =>
  handled instanceof Promise ? handled.then((later) => answerOf(later, result, none)) : answerOf(handled, result, none);
const answerOf = <Result>(handled: Decided, result: Result, none: Answer<Result>): Answer<Result> => {
  if (!handled) return none;
  return handled.ok ? { ok: true, result } : { ok: false, code: handled.code, details: handled.details };
};
const bookedAs = (handled: Decided, entry: EntryNamed): Booked => {
  if (!handled) return ACCOUNT_UNKNOWN;
  return handled.ok ? entry : { ok: false, code: handled.code, details: handled.details };
};
/** The envelope of what occurred at `at`. */
const dated = ({ commandId, correlation, principal, trace }: CommandEnvelope, at: Instant): CommandEnvelope => ({ commandId, correlation, principal, trace, at });
