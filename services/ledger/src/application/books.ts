import type { Soon } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { AccountIdentity } from '../domain/account-types.js';
import { type BookRejection, fenceOf, type OpenBook } from '../domain/book.js';
import { firstSegment, type Period, type Segment } from '../domain/period.js';
import { type BookTerms, type Days, daysOf } from './calendar.js';
import { accountRootOf, bookStreamOf, ownEnvelope, type Streams } from './streams.js';

export type Closing =
  | { readonly ok: true; readonly book: OpenBook }
  | { readonly ok: false; readonly code: BookRejection; readonly details: Readonly<Record<string, string>> };

export type BooksOptions = {
  readonly streams: Streams; readonly clock: Clock;
  /** Journals of a book that is opened now. */
  readonly shards: number;
  /** What the catalogue says of a book; undefined: there is no such book. Throws while it cannot be asked. */
  readonly termsOf: (bookId: string) => Promise<BookTerms | undefined>;
};

/** What of a book is asked for with every entry: its days, and how many journals it has, for ever. */
export type ReadyBook = Days & { readonly shards: number };
/** Most books that are kept ready. */
const BOOKS_MAX = 1_000;

/** Books: opened with their first fact, they know where their days begin, their accounts, and which months are closed. */
export class Books {
  readonly #options: BooksOptions;
  readonly #ready = new Map<string, ReadyBook>();

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  /** The book, opened if the ledger has not met it yet; undefined: the catalogue has no such book. */
  async open(bookId: string): Promise<OpenBook | undefined> {
    const known = await this.find(bookId);
    if (known) return known;
    const { streams, clock, shards, termsOf } = this.#options;
    const terms = await termsOf(bookId);
    if (!terms) return undefined;
    const at = clock.now();
    const command = { type: 'OpenBook', bookId, segment: firstSegment(daysOf(terms).monthOf(at)), shards, ...terms, at } as const;
    const { state } = await streams.books.handle(bookStreamOf(bookId), command, ownEnvelope(`open/${bookStreamOf(bookId)}`, bookId, at));
    invariant(state.step === 'open', 'a book that was opened is open');
    return state;
  }

  async find(bookId: string): Promise<OpenBook | undefined> {
    const { state } = await this.#options.streams.books.load(bookStreamOf(bookId));
    return state.step === 'open' ? state : undefined;
  }

  /** The book's days and shards; at once where they are known. Undefined: there is no such book. */
  ready(bookId: string): Soon<ReadyBook | undefined> {
    return this.#ready.get(bookId) ?? this.#learn(bookId);
  }

  async #learn(bookId: string): Promise<ReadyBook | undefined> {
    const book = await this.open(bookId);
    if (!book) return undefined;
    const ready = { ...daysOf(book), shards: book.shards };
    if (this.#ready.size < BOOKS_MAX) this.#ready.set(bookId, ready);
    return ready;
  }

  /** The book of a chain that exists. */
  async own(bookId: string): Promise<OpenBook> {
    const book = await this.open(bookId);
    if (!book) throw new Fault('BOOK_UNKNOWN', `book ${bookId} has entries but is unknown`, false);
    return book;
  }

  /** The months that a segment opened now has to fence off. */
  async fence(bookId: string): Promise<Period | undefined> {
    return fenceOf(await this.own(bookId));
  }

  /**
   * Makes an account exist: first in its book (so that a period's close finds it), then by its root. Gives what it is; may be
   * called again and goes on where it was interrupted. Undefined: there is no such book.
   */
  async openAccount(identity: AccountIdentity): Promise<AccountIdentity | undefined> {
    const { accountId, bookId } = identity;
    const { streams, clock } = this.#options;
    const root = await streams.accountRoots.load(accountRootOf(accountId));
    if (root.state) return root.state;
    const book = await this.open(bookId);
    if (!book) return undefined;
    const at = clock.now();
    const segment = book.accounts.get(accountId)?.segment ?? firstSegment(daysOf(book).monthOf(at));
    const registered = await streams.books.handle(
      bookStreamOf(bookId), { ...identity, type: 'RegisterAccount', segment, at }, ownEnvelope(`register/${accountId}`, accountId, at),
    );
    invariant(registered.ok && registered.state.step === 'open', 'an account id says what it is, so it cannot differ');
    return this.completeAccount(registered.state.accounts.get(accountId)!);
  }

  /** Writes the root of an account its book knows. */
  async completeAccount(account: AccountIdentity & { readonly segment: Segment }): Promise<AccountIdentity> {
    const { accountId, bookId, channelId, mode, currency, segment } = account;
    const { streams, clock } = this.#options;
    const root = accountRootOf(accountId);
    const at = clock.now();
    const identity = { accountId, bookId, channelId, mode, currency };
    await streams.accountRoots.handle(root, { type: 'OpenAccount', ...identity, segment, at }, ownEnvelope(`open/${root}`, accountId, at));
    return identity;
  }

  /** Announces that a month is being closed: from here new segments fence it off. Takes over the catalogue's terms of the book. */
  async beginClose(bookId: string, period: Period): Promise<Closing> {
    const { streams, clock, termsOf } = this.#options;
    const stream = bookStreamOf(bookId);
    const at = clock.now();
    const terms = await termsOf(bookId);
    if (terms) {
      await streams.books.handle(stream, { type: 'SetTerms', ...terms, at }, ownEnvelope(`terms/${bookId}/${period}`, bookId, at));
      this.#ready.delete(bookId);
    }
    const days = await this.ready(bookId);
    if (!days) return { ok: false, code: 'BOOK_UNKNOWN', details: {} };
    const command = { type: 'BeginClose', period, today: days.dateOf(at), at } as const;
    return this.#closing(await streams.books.handle(stream, command, ownEnvelope(`beginclose/${bookId}/${period}`, bookId, at)));
  }

  async endClose(bookId: string, period: Period): Promise<Closing> {
    const { streams, clock } = this.#options;
    const at = clock.now();
    const command = { type: 'EndClose', period, at } as const;
    return this.#closing(await streams.books.handle(bookStreamOf(bookId), command, ownEnvelope(`endclose/${bookId}/${period}`, bookId, at)));
  }

  #closing(handled: Awaited<ReturnType<Streams['books']['handle']>>): Closing {
    if (!handled.ok) return { ok: false, code: handled.code, details: handled.details };
    invariant(handled.state.step === 'open', 'what is closed in is an open book');
    return { ok: true, book: handled.state };
  }
}
