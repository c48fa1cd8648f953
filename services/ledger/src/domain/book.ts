import { accept, type Decider, type Decision, type Instant, invariant, type Message, type Of, PersistentMap, reject } from '@vouchsafe/kernel';
import type { AccountIdentity } from './account-types.js';
import { type BusinessDate, type Period, periodOf, type Segment } from './period.js';

type At = { readonly at: Instant };
/** Where its days begin (see `BookTerms`). */
type Terms = { readonly zone: string; readonly cutOffMinute: number };
type Identity = AccountIdentity & { readonly segment: Segment };
export type BookCommand =
  | Message<'OpenBook', At & Terms & { readonly bookId: string; readonly segment: Segment; readonly shards: number }>
  | Message<'SetTerms', At & Terms>
  | Message<'RegisterAccount', At & Identity>
  | Message<'BeginClose', At & { readonly period: Period; readonly today: BusinessDate }>
  | Message<'EndClose', At & { readonly period: Period }>;
export type BookEvent =
  /** `segment`: the first one of each of its `shards` journals. */
  | Message<'BookOpened', At & Terms & { readonly bookId: string; readonly segment: Segment; readonly shards: number }>
  | Message<'BookTermsChanged', At & Terms>
  | Message<'AccountRegistered', At & Identity>
  | Message<'PeriodCloseBegun', At & { readonly period: Period }>
  | Message<'BookPeriodClosed', At & { readonly period: Period }>;
export type BookRejection = 'BOOK_UNKNOWN' | 'ACCOUNT_DIFFERS' | 'PERIOD_NOT_OVER' | 'PERIOD_NOT_CLOSING' | 'CLOSE_RUNNING';

export type OpenBook = {
  readonly step: 'open'; readonly zone: string; readonly cutOffMinute: number; readonly bookId: string; readonly segment: Segment; readonly shards: number;
  readonly accounts: PersistentMap<string, Identity>;
  /** Being closed, chain by chain; entries of it are fenced off more and more. */
  readonly closing?: Period;
  /** All months up to it are closed. */
  readonly closedThrough?: Period;
  /** When each close was finished; a dozen a year. */
  readonly closed: readonly { readonly period: Period; readonly at: Instant }[];
};
export type Book = { readonly step: 'unopened' } | OpenBook;

/** One legal entity's books: which accounts they have and which months are closed. Stream `ledgerbook-<bookId>`. */
const decide = (command: BookCommand, book: Book): Decision<BookEvent, BookRejection> => {
  if (book.step === 'unopened') {
    if (command.type !== 'OpenBook') return reject('BOOK_UNKNOWN');
    return accept({ ...command, type: 'BookOpened' } as const);
  }
  switch (command.type) {
    case 'OpenBook': return accept();
    case 'SetTerms': {
      const { zone, cutOffMinute, at } = command;
      return zone === book.zone && cutOffMinute === book.cutOffMinute ? accept() : accept({ type: 'BookTermsChanged', zone, cutOffMinute, at } as const);
    }
    case 'RegisterAccount': return register(command, book);
    case 'BeginClose': return beginClose(command, book);
    case 'EndClose': return endClose(command, book);
  }
};

const register = ({ type: _type, ...identity }: Of<BookCommand, 'RegisterAccount'>, { accounts }: OpenBook): Decision<BookEvent, BookRejection> => {
  const known = accounts.get(identity.accountId);
  if (!known) return accept({ type: 'AccountRegistered', ...identity } as const);
  const same = known.channelId === identity.channelId && known.mode === identity.mode && known.currency === identity.currency;
  return same ? accept() : reject('ACCOUNT_DIFFERS');
};

const beginClose = ({ period, today, at }: Of<BookCommand, 'BeginClose'>, book: OpenBook): Decision<BookEvent, BookRejection> => {
  if (book.closedThrough !== undefined && period <= book.closedThrough) return accept();
  if (periodOf(today) <= period) return reject('PERIOD_NOT_OVER', { today });
  if (book.closing === period) return accept(); // begun before and interrupted: the caller goes on with it
  if (book.closing !== undefined) return reject('CLOSE_RUNNING', { period: book.closing });
  return accept({ type: 'PeriodCloseBegun', period, at } as const);
};

const endClose = ({ period, at }: Of<BookCommand, 'EndClose'>, { closing, closedThrough }: OpenBook): Decision<BookEvent, BookRejection> => {
  if (closedThrough !== undefined && period <= closedThrough) return accept();
  return closing === period ? accept({ type: 'BookPeriodClosed', period, at } as const) : reject('PERIOD_NOT_CLOSING');
};

const evolve = (book: Book, event: BookEvent): Book => {
  if (event.type === 'BookOpened') {
    const { bookId, segment, shards, zone, cutOffMinute } = event;
    return { step: 'open', bookId, segment, shards, zone, cutOffMinute, accounts: PersistentMap.empty(), closed: [] };
  }
  invariant(book.step === 'open', 'a book is opened first');
  switch (event.type) {
    case 'BookTermsChanged': return { ...book, zone: event.zone, cutOffMinute: event.cutOffMinute };
    case 'AccountRegistered': {
      const { type: _type, at: _at, ...identity } = event;
      return { ...book, accounts: book.accounts.set(event.accountId, identity) };
    }
    case 'PeriodCloseBegun': return { ...book, closing: event.period };
    case 'BookPeriodClosed': return {
      ...book, closing: undefined, closedThrough: event.period, closed: [...book.closed, { period: event.period, at: event.at }],
    };
  }
};

/** The months that a segment opened now must fence off: those closed and the one being closed. */
export const fenceOf = ({ closing, closedThrough }: OpenBook): Period | undefined => closing ?? closedThrough;

export const bookDecider: Decider<Book, BookCommand, BookEvent, BookRejection> = { decide, evolve, initial: { step: 'unopened' } };
