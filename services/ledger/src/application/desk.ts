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
import { entryIdOf } from './entry-id.js';
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
export type Booked = { readonly ok: true; readonly entryId: string } | { readonly ok: false; readonly code: string; readonly details: Details };

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
    const businessDate = days.dateOf(occurredAt);
    const fingerprint = fingerprintOf({ holdId, final, fact: command.fact });
    const at = clock.now();
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
    const { factId, fact, occurredAt, accountId, note } = booking;
    const { bookId } = dimensionsOf(fact);
    const days = await this.#daysOf(bookId);
    if (!days) return NO_BOOK;
    const owner = accountId ?? bookId;
    const original = await this.#originalOf(fact, owner);
    if (original === null) return { ok: false, code: 'ORIGINAL_UNKNOWN', details: {} };
    const command = {
      type: 'PostFact' as const, factId, fact, occurredAt, businessDate: days.dateOf(occurredAt),
      fingerprint: booking.fingerprint ?? fingerprintOf(fact), note, original, at: this.#options.clock.now(),
    };
    const handled = await this.#handle(accountId, bookId, command, { ...envelope, at: occurredAt });
    if (!handled) return { ok: false, code: 'ACCOUNT_UNKNOWN', details: {} };
    return handled.ok ? { ok: true, entryId: entryIdOf(owner, factId) } : { ok: false, code: handled.code, details: handled.details };
  }

  /** What {@link Desk.book} would say, without booking. */
  async rehearse(booking: Booking): Promise<Booked> {
    const { factId, fact, occurredAt, accountId, note } = booking;
    const { bookId } = dimensionsOf(fact);
    const days = await this.#daysOf(bookId);
    if (!days) return NO_BOOK;
    const owner = accountId ?? bookId;
    const original = await this.#originalOf(fact, owner);
    if (original === null) return { ok: false, code: 'ORIGINAL_UNKNOWN', details: {} };
    const { accounts, journals, books, clock } = this.#options;
    const command = {
      type: 'PostFact' as const, factId, fact, occurredAt, businessDate: days.dateOf(occurredAt), lookedBack: true,
      fingerprint: booking.fingerprint ?? fingerprintOf(fact), note, original, at: clock.now(),
    };
    const decision = accountId === undefined
      ? journalDecider.decide(command, (await journals.load(journalRootOf(bookId, fingerprintOf(factId) % (await books.own(bookId)).shards)))!.state)
      : accountDecider.decide(command, (await accounts.load(accountRootOf(accountId)))?.state ?? accountDecider.initial);
    return decision.ok ? { ok: true, entryId: entryIdOf(owner, factId) } : { ok: false, code: decision.code, details: decision.details };
  }

  async #handle(
    accountId: string | undefined, bookId: string,
    command: Omit<Of<JournalCommand, 'PostFact'>, 'lookedBack'>, envelope: CommandEnvelope,
  ): Promise<Handled<unknown, unknown, string> | undefined> {
    const { accounts, journals, books } = this.#options;
    if (accountId !== undefined) {
      return accounts.handle(accountRootOf(accountId), (lookedBack) => ({ ...command, lookedBack }), envelope, command.occurredAt);
    }
    const { shards } = await books.own(bookId);
    const root = journalRootOf(bookId, fingerprintOf(command.factId) % shards);
    return journals.handle(root, (lookedBack) => ({ ...command, lookedBack }), envelope, command.occurredAt);
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

const NO_BOOK = { ok: false, code: 'FACT_INVALID', details: { flaw: 'dims.bookId names no book' } } as const;

const toAnswer = <Result>(handled: Handled<unknown, unknown, string> | undefined, result: Result): Answer<Result> => {
  if (!handled) return { ok: false, code: 'ACCOUNT_UNKNOWN', details: {} };
  return handled.ok ? { ok: true, result } : { ok: false, code: handled.code, details: handled.details };
};
