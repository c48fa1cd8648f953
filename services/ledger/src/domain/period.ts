import type { Brand } from '@vouchsafe/kernel';
import { invariant } from '@vouchsafe/kernel';

/** A day of a book, `2026-11-24`, in its zone and by its cut-off. Compares as text. */
export type BusinessDate = Brand<string, 'BusinessDate'>;
/** A month of a book, `2026-11`. Compares as text. */
export type Period = Brand<string, 'Period'>;
/** One stream of a chain: the month it was opened in, `.n` behind it from the second one of a month on: `2026-11`, `2026-11.1`. */
export type Segment = Brand<string, 'Segment'>;

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const PERIOD = /^\d{4}-(0[1-9]|1[0-2])$/;

/** Whether `text` is a day of the calendar, `YYYY-MM-DD`. */
export const isBusinessDate = (text: string): text is BusinessDate => DATE.test(text) && text <= lastDayOf(text.slice(0, 7) as Period);
export const isPeriod = (text: string): text is Period => PERIOD.test(text);

export const businessDate = (text: string): BusinessDate => {
  invariant(isBusinessDate(text), 'a business date is YYYY-MM-DD');
  return text;
};
export const period = (text: string): Period => {
  invariant(isPeriod(text), 'a period is YYYY-MM');
  return text;
};

export const periodOf = (date: BusinessDate): Period => date.slice(0, 7) as Period;
export const firstDayOf = (month: Period): BusinessDate => `${month}-01` as BusinessDate;

/** The month's last day, 29 February in its years included. */
export const lastDayOf = (month: Period): BusinessDate => {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5))];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = number === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(number) ? 30 : 31;
  return `${month}-${days}` as BusinessDate;
};

/** The month after `month`. */
export const nextPeriod = (month: Period): Period => {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5))];
  const [y, m] = number === 12 ? [year + 1, 1] : [year, number + 1];
  return `${String(y).padStart(4, '0')}-${String(m).padStart(2, '0')}` as Period;
};

/**
 * The day an entry counts in the books: its own, or the first open day where its month is closed already (its own date is
 * kept beside it; RULES, Money).
 */
export const bookedOn = (date: BusinessDate, closedThrough: Period | undefined): BusinessDate =>
  closedThrough !== undefined && periodOf(date) <= closedThrough ? firstDayOf(nextPeriod(closedThrough)) : date;

export const firstSegment = (month: Period): Segment => month as string as Segment;
/** The month a segment was opened in. */
export const monthOf = (segment: Segment): Period => segment.slice(0, 7) as Period;
/** The segment after `segment` when `month` is running. */
export const nextSegment = (segment: Segment, month: Period): Segment => {
  if (month > monthOf(segment)) return firstSegment(month);
  const number = Number(segment.slice(8) || '0');
  return `${monthOf(segment)}.${number + 1}` as Segment;
};
