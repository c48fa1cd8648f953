import type { Instant } from '@vouchsafe/kernel';
import { businessDate, type BusinessDate, type Period, periodOf } from '../domain/period.js';

/** Where a book's days begin: an IANA zone, and minutes after midnight until which sales still count for the day before. */
export type BookTerms = { readonly zone: string; readonly cutOffMinutes: number };

/** Days and months of books. One instance per service; it remembers the minute asked for last, for most asks are about now. */
export interface Calendar {
  dateOf(bookId: string, at: Instant): BusinessDate;
  monthOf(bookId: string, at: Instant): Period;
}

const MINUTE_MS = 60_000;

type Day = (at: Instant) => BusinessDate;

/** `books` by id; a book that is not named has the `standard` terms. */
export const createCalendar = (books: Readonly<Record<string, BookTerms>>, standard: BookTerms): Calendar => {
  const days = new Map(Object.entries(books).map(([bookId, terms]) => [bookId, dayBy(terms)]));
  const other = dayBy(standard);
  const dateOf = (bookId: string, at: Instant): BusinessDate => (days.get(bookId) ?? other)(at);
  return { dateOf, monthOf: (bookId, at) => periodOf(dateOf(bookId, at)) };
};

const dayBy = ({ zone, cutOffMinutes }: BookTerms): Day => {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, calendar: 'iso8601', year: 'numeric', month: '2-digit', day: '2-digit' });
  let minute = Number.NaN;
  let known: BusinessDate | undefined;
  return (at) => {
    const asked = Math.floor(at / MINUTE_MS);
    if (known !== undefined && asked === minute) return known;
    const parts = Object.fromEntries(format.formatToParts(asked * MINUTE_MS - cutOffMinutes * MINUTE_MS).map(({ type, value }) => [type, value]));
    minute = asked;
    known = businessDate(`${parts['year']!.padStart(4, '0')}-${parts['month']}-${parts['day']}`);
    return known;
  };
};
