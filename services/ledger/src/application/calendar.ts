import type { Instant } from '@vouchsafe/kernel';
import { businessDate, type BusinessDate, type Period, periodOf } from '../domain/period.js';

/** Where a book's days begin: its IANA zone, and the minute of the day from which an entry belongs to the next date (0: midnight). */
export type BookTerms = { readonly zone: string; readonly cutOffMinute: number };

/** Days and months of one book. */
export interface Days {
  dateOf(at: Instant): BusinessDate;
  monthOf(at: Instant): Period;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** Remembers the minute asked for last, for most asks are about now. Throws RangeError on an unknown zone. */
export const daysOf = ({ zone, cutOffMinute }: BookTerms): Days => {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, calendar: 'iso8601', year: 'numeric', month: '2-digit', day: '2-digit' });
  const aheadMs = cutOffMinute === 0 ? 0 : (DAY_MINUTES - cutOffMinute) * MINUTE_MS;
  let minute = Number.NaN;
  let known: { readonly date: BusinessDate; readonly month: Period } | undefined;
  const dayOf = (at: Instant): { readonly date: BusinessDate; readonly month: Period } => {
    const asked = Math.floor(at / MINUTE_MS);
    if (known !== undefined && asked === minute) return known;
    const parts = Object.fromEntries(format.formatToParts(asked * MINUTE_MS + aheadMs).map(({ type, value }) => [type, value]));
    minute = asked;
    const date = businessDate(`${parts['year']!.padStart(4, '0')}-${parts['month']}-${parts['day']}`);
    known = { date, month: periodOf(date) };
    return known;
  };
  return { dateOf: (at) => dayOf(at).date, monthOf: (at) => dayOf(at).month };
};
