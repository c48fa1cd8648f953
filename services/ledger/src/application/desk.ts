import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import type { captureHold, CommandOf, holdFunds, postFact, releaseHold, ResultOf } from '@vouchsafe/contracts';
import type { Handled } from '@vouchsafe/event-store';
import { type Details, type Instant, invariant, type Of } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { accountDecider } from '../domain/account.js';
import { isPathPart } from '../domain/chart.js';
import type { Posting } from '../domain/entry.js';
import { dimensionsOf, type Fact } from '../domain/fact.js';
import { fingerprintOf } from '../domain/fingerprint.js';
import { type JournalCommand, journalDecider } from '../domain/journal.js';
import type { Books } from './books.js';
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
type PostFact = Omit<Of<JournalCommand, 'PostFact'>, 'lookedBack'>;

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

  async hold(command: CommandOf<typeof holdFunds>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof holdFunds>>> {
    const { accountId, ...hold } = command;
    invariant(hold.amount.minor >= 0n, 'a hold is of no amount below zero');
    const at = this.#options.clock.now();
    return toAnswer(await this.#options.accounts.handle(accountRootOf(accountId), () => ({ type: 'HoldFunds', ...hold, at }), envelope, at), {});
  }

  async capture(command: CommandOf<typeof captureHold>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof captureHold>>> {
    const { accountId, holdId, captureId, final, occurredAt } = command;
    const { accounts, clock } = this.#options;
    const fact: Fact = { type: 'Delivered', ...command.fact };
    const days = await this.#daysOf(fact.dims.bookId);
    if (!days) return NO_BOOK;
    const at = clock.now();
    if (occurredAt > at + AHEAD_MS) return FUTURE;
    const businessDate = days.dateOf(occurredAt);
    const fingerprint = fingerprintOf({ holdId, final, fact: command.fact });
    const handled = await accounts.handle(
      accountRootOf(accountId),
      (lookedBack) => ({ type: 'CaptureHold', holdId, captureId, final, fact, occurredAt, businessDate, fingerprint, lookedBack, at }),
      { ...envelope, at: occurredAt },
      occurredAt,
    );
    if (!handled) return { ok: false, code: 'HOLD_UNKNOWN', details: {} };
    return toAnswer(handled, { entryId: entryIdOf(accountId, captureId) });
  }

  /** An account that never was has nothing to give back. */
  async release(command: CommandOf<typeof releaseHold>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof releaseHold>>> {
    const { accountId, ...release } = command;
    const at = this.#options.clock.now();
    const handled = await this.#options.accounts.handle(accountRootOf(accountId), () => ({ type: 'ReleaseHold', ...release, at }), envelope, at);
    return handled ? toAnswer(handled, {}) : { ok: true, result: {} };
  }

  async post(command: CommandOf<typeof postFact>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof postFact>>> {
    const booked = await this.book(command, envelope);
    return booked.ok ? { ok: true, result: { entryId: booked.entryId } } : booked;
  }

  /** Books a fact once: in its limited account's stream, else in a journal of its book. */
  async book(booking: Booking, envelope: CommandEnvelope): Promise<Booked> {
    const made = await this.#commandOf(booking);
    if (!made.ok) return made;
    const handled = await this.#handle(booking.accountId, made.command, { ...envelope, at: booking.occurredAt });
    if (!handled) return { ok: false, code: 'ACCOUNT_UNKNOWN', details: {} };
    return handled.ok ? { ok: true, entryId: made.entryId } : { ok: false, code: handled.code, details: handled.details };
  }

  /** What {@link Desk.book} would say, without booking. */
  async rehearse(booking: Booking): Promise<Booked> {
    const made = await this.#commandOf(booking);
    if (!made.ok) return made;
    const { accounts, journals } = this.#options;
    const command = { ...made.command, lookedBack: true };
    const decision = booking.accountId === undefined
      ? journalDecider.decide(command, (await journals.load(await this.#journalOf(command)))?.state ?? journalDecider.initial)
      : accountDecider.decide(command, (await accounts.load(accountRootOf(booking.accountId)))?.state ?? accountDecider.initial);
    return decision.ok ? { ok: true, entryId: made.entryId } : { ok: false, code: decision.code, details: decision.details };
  }

  async #commandOf({ factId, fact, occurredAt, accountId, note, fingerprint }: Booking): Promise<{ readonly ok: true; readonly entryId: string; readonly command: PostFact } | Refused> {
    const { bookId } = dimensionsOf(fact);
    const days = await this.#daysOf(bookId);
    if (!days) return NO_BOOK;
    const at = this.#options.clock.now();
    if (occurredAt > at + AHEAD_MS) return FUTURE;
    const owner = accountId ?? bookId;
    const original = await this.#originalOf(fact, owner);
    if (original === null) return { ok: false, code: 'ORIGINAL_UNKNOWN', details: {} };
    const command = {
      type: 'PostFact' as const, factId, fact, occurredAt, businessDate: days.dateOf(occurredAt), fingerprint: fingerprint ?? fingerprintOf(fact), note, original, at,
    };
    return { ok: true, entryId: entryIdOf(owner, factId), command };
  }

  async #handle(accountId: string | undefined, command: PostFact, envelope: CommandEnvelope): Promise<Handled<unknown, unknown, string> | undefined> {
    const { accounts, journals } = this.#options;
    const make = (lookedBack: boolean) => ({ ...command, lookedBack });
    if (accountId !== undefined) return accounts.handle(accountRootOf(accountId), make, envelope, command.occurredAt);
    return journals.handle(await this.#journalOf(command), make, envelope, command.occurredAt);
  }

  /** A fact always goes to the same journal of its book, so that a repeat meets it there. */
  async #journalOf({ fact, factId }: PostFact): Promise<string> {
    const { bookId, shards } = await this.#options.books.own(dimensionsOf(fact).bookId);
    return journalRootOf(bookId, fingerprintOf(factId) % shards);
  }

  /** The days of a book; undefined where no book has that id. */
  #daysOf(bookId: string): Days | Promise<Days | undefined> | undefined {
    return isPathPart(bookId) ? this.#options.books.days(bookId) : undefined;
  }

  /** Postings to mirror: undefined if the fact mirrors none, null if the one it names is not there. */
  async #originalOf(fact: Fact, owner: string): Promise<readonly Posting[] | undefined | null> {
    if (fact.type !== 'RedemptionReversed' && fact.type !== 'Mirrored') return undefined;
    return (await this.#options.postingsOf(entryIdOf(owner, fact.originalFactId))) ?? null;
  }
}

/** Clocks of services differ; a fact dated further ahead would make every later one be looked for in vain. */
const AHEAD_MS = 24 * 3_600_000;
const FUTURE = { ok: false, code: 'FACT_INVALID', details: { flaw: 'occurredAt lies in the future' } } as const;
const NO_BOOK = { ok: false, code: 'FACT_INVALID', details: { flaw: 'dims.bookId names no book' } } as const;

const toAnswer = <Result>(handled: Handled<unknown, unknown, string> | undefined, result: Result): Answer<Result> => {
  if (!handled) return { ok: false, code: 'ACCOUNT_UNKNOWN', details: {} };
  return handled.ok ? { ok: true, result } : { ok: false, code: handled.code, details: handled.details };
};
