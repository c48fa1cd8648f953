import { type Instant, invariant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { AccountIdentity } from '../domain/account-types.js';
import { type BookRejection, fenceOf, type OpenBook } from '../domain/book.js';
import type { Period, Segment } from '../domain/period.js';
import type { Calendar } from './calendar.js';
import { accountRootOf, bookStreamOf, ownEnvelope, type Streams } from './streams.js';

type Closing = { readonly ok: true; readonly book: OpenBook } | { readonly ok: false; readonly code: BookRejection; readonly details: Readonly<Record<string, string>> };

/** Books: opened with their first fact, they know their accounts and which months are closed. */
export class Books {
  constructor(readonly streams: Streams, readonly calendar: Calendar, readonly clock: Clock, readonly shards: number) {}

  /** The book, opened if it was unknown. */
  async open(bookId: string): Promise<OpenBook> {
    const known = await this.find(bookId);
    if (known) return known;
    const at = this.clock.now();
    const segment = this.calendar.monthOf(bookId, at) as string as Segment;
    const command = { type: 'OpenBook', bookId, segment, shards: this.shards, at } as const;
    const { state } = await this.streams.books.handle(bookStreamOf(bookId), command, ownEnvelope(`open/${bookStreamOf(bookId)}`, bookId, at));
    invariant(state.step === 'open', 'a book that was opened is open');
    return state;
  }

  async find(bookId: string): Promise<OpenBook | undefined> {
    const { state } = await this.streams.books.load(bookStreamOf(bookId));
    return state.step === 'open' ? state : undefined;
  }

  /** The months that a segment opened now has to fence off. */
  async fence(bookId: string): Promise<Period | undefined> {
    return fenceOf(await this.open(bookId));
  }

  /**
   * Makes an account exist: first in its book (so that a period's close finds it), then by its root. Gives what it is; may be
   * called again and goes on where it was interrupted.
   */
  async openAccount(identity: AccountIdentity): Promise<AccountIdentity> {
    const { accountId, bookId } = identity;
    const root = await this.streams.accountRoots.load(accountRootOf(accountId));
    if (root.state) return root.state;
    const book = await this.open(bookId);
    const at = this.clock.now();
    const segment = book.accounts.get(accountId)?.segment ?? (this.calendar.monthOf(bookId, at) as string as Segment);
    const registered = await this.streams.books.handle(
      bookStreamOf(bookId), { ...identity, type: 'RegisterAccount', segment, at }, ownEnvelope(`register/${accountId}`, accountId, at),
    );
    invariant(registered.ok && registered.state.step === 'open', 'an account id says what it is, so it cannot differ');
    return this.completeAccount(registered.state.accounts.get(accountId)!, at);
  }

  /** Writes the root of an account its book knows. */
  async completeAccount(account: AccountIdentity & { readonly segment: Segment }, at: Instant): Promise<AccountIdentity> {
    const root = accountRootOf(account.accountId);
    const { accountId, bookId, channelId, mode, currency, segment } = account;
    await this.streams.accountRoots.handle(
      root, { type: 'OpenAccount', accountId, bookId, channelId, mode, currency, segment, at }, ownEnvelope(`open/${root}`, accountId, at),
    );
    return account;
  }

  /** Announces that a month is being closed: from here new segments fence it off. */
  async beginClose(bookId: string, period: Period): Promise<Closing> {
    const at = this.clock.now();
    const today = this.calendar.dateOf(bookId, at);
    return this.#closing(await this.streams.books.handle(
      bookStreamOf(bookId), { type: 'BeginClose', period, today, at }, ownEnvelope(`beginclose/${bookId}/${period}`, bookId, at),
    ));
  }

  async endClose(bookId: string, period: Period): Promise<Closing> {
    const at = this.clock.now();
    return this.#closing(await this.streams.books.handle(
      bookStreamOf(bookId), { type: 'EndClose', period, at }, ownEnvelope(`endclose/${bookId}/${period}`, bookId, at),
    ));
  }

  #closing(handled: Awaited<ReturnType<Streams['books']['handle']>>): Closing {
    if (!handled.ok) return { ok: false, code: handled.code, details: handled.details };
    invariant(handled.state.step === 'open', 'what is closed in is an open book');
    return { ok: true, book: handled.state };
  }
}
