import { invariant } from '@vouchsafe/kernel';
import { ExportJournalRequest_Format as Format, type LedgerService, type ListEntriesRequest } from '@vouchsafe/proto/ledger/v1/ledger';
import { Period_State } from '@vouchsafe/proto/ledger/v1/resources';
import { type CallContext, type Handlers, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import { exportJournal } from '../application/export-journal.js';
import { trialBalance } from '../application/trial-balance.js';
import type { OpenBook } from '../domain/book.js';
import { nextPeriod, type Period } from '../domain/period.js';
import { bookField, dateField, failure } from './fields.js';
import { listEntries } from './list-entries.js';
import { conditionsOf, isDescending, pageSizeOf } from './listing.js';
import { accountMessage, accountRowMessage, entryMessage, holdMessage, periodMessage, trialBalanceMessage } from './messages.js';
import { openAccount, type ReadingOptions, seenAccount } from './seen-account.js';
import { isStaff, maySee, staffOnly, visiblePath } from './sight.js';

type Reading = Pick<
  Handlers<typeof LedgerService>,
  'getAccount' | 'listAccounts' | 'listEntries' | 'getEntry' | 'listHolds' | 'getTrialBalance' | 'listPeriods' | 'exportJournal'
>;

export const readingHandlers = (options: ReadingOptions): Reading => {
  const { books, entries, clock, balances, caughtUp } = options;
  return {
    getAccount: async ({ accountId }, { caller }) => accountMessage(await seenAccount(options, accountId, caller)),
    listAccounts: (request, context) => listAccounts(options, request, context),
    listEntries: (request: ListEntriesRequest, { caller }: CallContext) => listEntries(options, request, caller),
    getEntry: async ({ entryId }, { caller }) => {
      const located = await entries.byId(entryId);
      if (!located) throw failure('ENTRY_UNKNOWN');
      if (isStaff(caller)) return entryMessage(located);
      const account = located.accountId === undefined ? undefined : await openAccount(options, located.accountId);
      if (!account || !maySee(caller, account)) throw failure('ENTRY_UNKNOWN');
      return entryMessage(located, visiblePath(caller, account));
    },
    listHolds: async (request, { caller }) => {
      const { accountId, pageSize, pageToken } = request;
      const account = await seenAccount(options, accountId, caller);
      const scope = pageScope(request, caller);
      const [after] = readPageToken(scope, pageToken, 'text') ?? [];
      const behind = [...account.holds].filter(([holdId]) => after === undefined || holdId > after).sort(([a], [b]) => (a < b ? -1 : 1));
      const page = behind.slice(0, pageSizeOf(pageSize));
      const last = page[page.length - 1]?.[0];
      return {
        holds: page.map(([holdId, hold]) => holdMessage(accountId, account.currency, holdId, hold)),
        nextPageToken: last !== undefined && page.length < behind.length ? printPageToken(scope, [last]) : '',
      };
    },
    getTrialBalance: async ({ bookId, asOf, currency }, { caller }) => {
      staffOnly(caller);
      const days = await books.ready(bookField('/bookId', bookId));
      if (!days) throw failure('BOOK_UNKNOWN');
      await caughtUp();
      const day = dateField('/asOf', asOf) ?? days.dateOf(clock.now());
      const balance = await trialBalance(balances, bookId, day, currency === '' ? undefined : currency);
      if (!balance) throw failure('AS_OF_TOO_FAR_BACK');
      return trialBalanceMessage(balance);
    },
    listPeriods: (request, context) => listPeriods(options, request, context),
    exportJournal: async function* ({ bookId, format, from, until }, { caller }) {
      staffOnly(caller);
      if (!(await books.open(bookField('/bookId', bookId)))) throw failure('BOOK_UNKNOWN');
      await caughtUp();
      const asked = { bookId, format: format === Format.CSV ? 'csv' : 'hledger', from: dateField('/from', from), until: dateField('/until', until) } as const;
      for await (const text of exportJournal(entries, balances, asked)) yield { text };
    },
  };
};

const listAccounts: (options: ReadingOptions, ...call: Parameters<Reading['listAccounts']>) => ReturnType<Reading['listAccounts']> = async (
  { rows, caughtUp }, request, { caller },
) => {
  const { pageSize, pageToken, filter, orderBy } = request;
  const scope = pageScope(request, caller);
  const where: Record<string, string> = {};
  for (const { field, value } of conditionsOf(filter, { book_id: ['='], channel_id: ['='] })) where[field === 'book_id' ? 'bookId' : 'channelId'] = value;
  const descending = isDescending(orderBy, 'account_id');
  const after = readPageToken(scope, pageToken, 'text', 'text');
  if (!isStaff(caller)) {
    if (caller.channelId === undefined || (where['channelId'] ?? caller.channelId) !== caller.channelId) return { accounts: [], nextPageToken: '' };
    where['channelId'] = caller.channelId;
  }
  await caughtUp();
  const limit = pageSizeOf(pageSize);
  const docs = await rows.find({
    where, orderBy: [['accountId', descending ? 'desc' : 'asc']], limit: limit + 1,
    ...(after && { after: { values: [after[0]], id: after[1] } }),
  });
  const page = docs.slice(0, limit);
  const last = page[page.length - 1];
  return {
    accounts: page.map(({ value }) => accountRowMessage(value)),
    nextPageToken: last && docs.length > limit ? printPageToken(scope, [last.value.accountId, last.id]) : '',
  };
};

const listPeriods: (options: ReadingOptions, ...call: Parameters<Reading['listPeriods']>) => ReturnType<Reading['listPeriods']> = async ({ books, clock }, request, { caller }) => {
  const { bookId, pageSize, pageToken } = request;
  staffOnly(caller);
  const book = await books.open(bookField('/bookId', bookId));
  const days = await books.ready(bookId);
  if (!book || !days) throw failure('BOOK_UNKNOWN');
  const scope = pageScope(request, caller);
  const [before] = readPageToken(scope, pageToken, 'text') ?? [];
  const all = periodsOf(book, days.monthOf(clock.now())).filter(({ period }) => before === undefined || period < before);
  const page = all.slice(0, pageSizeOf(pageSize));
  const last = page[page.length - 1]?.period;
  return {
    periods: page.map(({ period, state, closedAt }) => periodMessage(bookId, period, state, closedAt)),
    nextPageToken: last !== undefined && page.length < all.length ? printPageToken(scope, [last]) : '',
  };
};

/** Newest first: from the running month back to the first that was closed or the book began with. */
const periodsOf = (book: OpenBook, now: Period): readonly { readonly period: Period; readonly state: Period_State; readonly closedAt?: number }[] => {
  const closedAt = new Map(book.closed.map(({ period, at }) => [period, at]));
  const began = book.segment.slice(0, 7) as Period;
  const first = [began, ...closedAt.keys()].reduce((a, b) => (b < a ? b : a));
  const periods: { period: Period; state: Period_State; closedAt?: number }[] = [];
  for (let period = first; period <= now; period = nextPeriod(period)) {
    const at = closedAt.get(period);
    const isClosed = book.closedThrough !== undefined && period <= book.closedThrough;
    const state = isClosed ? Period_State.CLOSED : book.closing !== undefined && period <= book.closing ? Period_State.CLOSING : Period_State.OPEN;
    periods.push({ period, state, ...(at !== undefined && { closedAt: at }) });
    invariant(periods.length < PERIODS_MAX, 'a book is not older than its months can be listed');
  }
  return periods.reverse();
};
const PERIODS_MAX = 12_000;
