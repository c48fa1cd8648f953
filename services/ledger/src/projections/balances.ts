import type { Projection } from '@vouchsafe/read-store';
import { dayOf, type Entry } from '../domain/entry.js';
import { type BusinessDate, lastDayOf, type Period, periodOf } from '../domain/period.js';
import { entryIn } from './entries-of.js';
import type { LedgerEvent } from './ledger-event.js';

/** What went to each side in minor units, both above zero. */
export type Turnover = readonly [debit: bigint, credit: bigint];
/**
 * One account of one book in one currency: the day booked on last by itself (nearly every entry is of that day), other
 * days of the last months, and whole months before.
 */
export type Balance = {
  readonly bookId: string; readonly account: string; readonly currency: string;
  readonly day: BusinessDate; readonly debit: bigint; readonly credit: bigint;
  readonly days: Readonly<Record<BusinessDate, Turnover>>;
  readonly months: Readonly<Record<Period, Turnover>>;
};

/** Days are kept one by one for so many months, the newest included; then a month is one sum. */
const MONTHS_BY_DAY = 3;
const SEPARATOR = '|';

/** Balances by book, account and currency: trial balance, month-end invariants. */
export const balances: Projection<LedgerEvent, Balance> = {
  collection: { name: 'ledger_balances_v1', indexes: [{ fields: ['bookId', 'account'] }] },
  idsOf: (event) => {
    const entry = entryIn(event);
    return entry ? entry.postings.map(({ account, currency }) => idOf(entry.bookId, currency, account)) : [];
  },
  apply: (balance, event, _meta, id) => {
    const entry = entryIn(event);
    return entry ? booked(balance, entry, id) : balance;
  },
};

const idOf = (bookId: string, currency: string, account: string): string => `${bookId}${SEPARATOR}${currency}${SEPARATOR}${account}`;

const booked = (balance: Balance | undefined, entry: Entry, id: string): Balance => {
  let debit = 0n;
  let credit = 0n;
  const { bookId } = entry;
  const accountAt = id.indexOf(SEPARATOR, bookId.length + 1) + 1;
  const [currency, account] = [id.slice(bookId.length + 1, accountAt - 1), id.slice(accountAt)];
  for (const posting of entry.postings) {
    if (posting.account !== account || posting.currency !== currency) continue;
    if (posting.minor > 0n) debit += posting.minor;
    else credit -= posting.minor;
  }
  const day = dayOf(entry);
  if (!balance) return { bookId, account, currency, day, debit, credit, days: {}, months: {} };
  if (balance.day === day) return { ...balance, debit: balance.debit + debit, credit: balance.credit + credit };
  const turned = balance.day < day ? turnedTo(balance, day) : balance;
  return turned.day === day ? { ...turned, debit, credit } : added(turned, day, [debit, credit]);
};

/** A new day begins: the one before goes to the others, and months long gone become sums. */
const turnedTo = (balance: Balance, day: BusinessDate): Balance => {
  const before = added(balance, balance.day, [balance.debit, balance.credit]);
  const oldest = monthsBefore(periodOf(day), MONTHS_BY_DAY - 1);
  const days: Record<string, Turnover> = {};
  const months: Record<string, Turnover> = { ...before.months };
  for (const [date, turnover] of Object.entries(before.days) as [BusinessDate, Turnover][]) {
    const month = periodOf(date);
    if (month >= oldest) days[date] = turnover;
    else months[month] = sum(months[month], turnover);
  }
  return { ...balance, day, debit: 0n, credit: 0n, days, months };
};

const added = (balance: Balance, day: BusinessDate, turnover: Turnover): Balance => {
  const month = periodOf(day);
  const summed = month < monthsBefore(periodOf(balance.day), MONTHS_BY_DAY - 1);
  return summed
    ? { ...balance, months: { ...balance.months, [month]: sum(balance.months[month], turnover) } }
    : { ...balance, days: { ...balance.days, [day]: sum(balance.days[day], turnover) } };
};

const sum = (a: Turnover | undefined, b: Turnover): Turnover => (a ? [a[0] + b[0], a[1] + b[1]] : b);

const monthsBefore = (month: Period, n: number): Period => {
  const count = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 - n;
  return `${String(Math.floor(count / 12)).padStart(4, '0')}-${String((count % 12) + 1).padStart(2, '0')}` as Period;
};

/** All that was ever booked on it. */
export const totalOf = ({ debit, credit, days, months }: Balance): Turnover => [...Object.values(days), ...Object.values(months)].reduce<Turnover>(sum, [debit, credit]);

/**
 * What a balance was at the end of `asOf`. Undefined: that day lies in a month kept as one sum (ask for the month's last
 * day instead).
 */
export const balanceAt = (balance: Balance, asOf: BusinessDate): Turnover | undefined => {
  const month = periodOf(asOf);
  if (balance.months[month] && asOf !== lastDayOf(month)) return undefined;
  let total: Turnover = balance.day <= asOf ? [balance.debit, balance.credit] : [0n, 0n];
  for (const [date, turnover] of Object.entries(balance.days)) if (date <= asOf) total = sum(total, turnover);
  for (const [of, turnover] of Object.entries(balance.months)) if (of <= month) total = sum(total, turnover);
  return total;
};

