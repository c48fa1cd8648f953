import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ListEntriesRequest, ListEntriesResponseSchema } from '@vouchsafe/proto/ledger/v1/ledger';
import type { JournalEntrySchema } from '@vouchsafe/proto/ledger/v1/resources';
import { type Caller, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import type { Cursor, LocatedEntry, Step } from '../application/entries.js';
import { dayOf } from '../domain/entry.js';
import type { OpenAccount } from '../domain/account-types.js';
import { type BusinessDate, isBusinessDate } from '../domain/period.js';
import { bookField, failure } from './fields.js';
import { type Condition, conditionsOf, isDescending, type Operator, pageSizeOf } from './listing.js';
import { entryMessage } from './messages.js';
import { openAccount, type ReadingOptions, seenAccount } from './seen-account.js';
import { isStaff, visiblePath } from './sight.js';

type Answer = MessageInitShape<typeof ListEntriesResponseSchema>;
type Shown = MessageInitShape<typeof JournalEntrySchema>;
const EQUAL: readonly Operator[] = ['='];
const FIELDS = { order_id: EQUAL, account_id: EQUAL, book_id: EQUAL, channel_id: EQUAL, account: EQUAL, kind: EQUAL, booked_on: ['=', '>=', '<='] } as const;
/** Events looked at for one page; then it ends early and says where to go on. */
const SCAN_MAX = 20_000;
/** Accounts of one channel: a few modes and currencies. */
const ACCOUNTS_MAX = 500;

/** Entries of an order, of accounts, or of a book: whichever the filter names first in this order leads, the rest is tried on each. */
export const listEntries = async (options: ReadingOptions, request: ListEntriesRequest, caller: Caller): Promise<Answer> => {
  const conditions = conditionsOf(request.filter, FIELDS);
  const matches = matcherOf(conditions);
  await options.caughtUp();
  const orderId = valueOf(conditions, 'order_id');
  const scope = pageScope(request, caller);
  if (orderId !== undefined) return ofOrder(options, { ...request, orderId, scope, matches }, caller);
  const descending = isDescending(request.orderBy, 'booked_on');
  const accountId = valueOf(conditions, 'account_id');
  if (accountId !== undefined || !isStaff(caller)) {
    const accounts = accountId !== undefined ? [await seenAccount(options, accountId, caller)] : await accountsOf(options, caller);
    return ofAccounts(options, { ...request, accounts, descending, scope, matches }, caller);
  }
  const bookId = valueOf(conditions, 'book_id');
  if (bookId === undefined) throw failure('FILTER_INVALID', { missing: 'order_id, account_id or book_id' }, '/filter');
  const steps = options.entries.ofBook(bookField('/filter', bookId), daysOf(conditions), { descending, ...cursorOf(scope, request.pageToken) });
  return pageOf(steps, { limit: pageSizeOf(request.pageSize), scope, matches, show: (located) => entryMessage(located) });
};

type Matcher = (located: LocatedEntry) => boolean;
const matcherOf = (conditions: readonly Condition[]): Matcher => (located) => conditions.every((condition) => holds(condition, located));

const holds = ({ field, operator, value }: Condition, { entry, accountId }: LocatedEntry): boolean => {
  switch (field as keyof typeof FIELDS) {
    case 'order_id': return entry.orderId === value;
    case 'account_id': return accountId === value;
    case 'book_id': return entry.bookId === value;
    case 'channel_id': return entry.channelId === value;
    case 'kind': return entry.kind === value;
    case 'account': return entry.postings.some(({ account }) => account === value || account.startsWith(value.endsWith(':') ? value : `${value}:`));
    case 'booked_on': {
      const day: string = dayOf(entry);
      return operator === '=' ? day === value : operator === '>=' ? day >= value : day <= value;
    }
  }
};
const valueOf = (conditions: readonly Condition[], field: string): string | undefined => conditions.find((condition) => condition.field === field)?.value;

const daysOf = (conditions: readonly Condition[]): { readonly from?: BusinessDate; readonly until?: BusinessDate } => {
  const range: { from?: BusinessDate; until?: BusinessDate } = {};
  for (const { field, operator, value } of conditions) {
    if (field !== 'booked_on') continue;
    if (!isBusinessDate(value)) throw failure('FILTER_INVALID', {}, '/filter');
    if (operator !== '<=') range.from = value;
    if (operator !== '>=') range.until = value;
  }
  return range;
};

const cursorOf = (scope: string, token: string): { readonly after?: Cursor } => {
  const place = readPageToken(scope, token, 'text', 'number', 'text');
  if (!place) return {};
  const [stream, revision, day] = place;
  return { after: { stream, revision, ...(day !== '' && { day: day as BusinessDate }) } };
};

type Page = { readonly limit: number; readonly scope: string; readonly matches: Matcher; readonly show: (located: LocatedEntry) => Shown };
const pageOf = async (steps: AsyncIterable<Step>, { limit, scope, matches, show }: Page): Promise<Answer> => {
  const entries: Shown[] = [];
  let scanned = 0;
  let last: Cursor | undefined;
  for await (const { cursor, located } of steps) {
    if (last && (entries.length === limit || scanned === SCAN_MAX)) return { entries, nextPageToken: printPageToken(scope, [last.stream, last.revision, last.day ?? '']) };
    if (located && matches(located)) entries.push(show(located));
    scanned++;
    last = cursor;
  }
  return { entries, nextPageToken: '' };
};

/** The accounts a channel settles on. */
const accountsOf = async (options: ReadingOptions, { channelId }: Caller): Promise<readonly OpenAccount[]> => {
  if (channelId === undefined) return [];
  const rows = await options.rows.find({ where: { channelId }, orderBy: [['accountId', 'asc']], limit: ACCOUNTS_MAX });
  const accounts = await Promise.all(rows.map(({ value }) => openAccount(options, value.accountId)));
  return accounts.filter((account) => account !== undefined);
};

type Asked = { readonly pageSize: number; readonly pageToken: string; readonly scope: string; readonly matches: Matcher };
type OfAccounts = Asked & { readonly accounts: readonly OpenAccount[]; readonly descending: boolean };
const ofAccounts = async (options: ReadingOptions, request: OfAccounts, caller: Caller): Promise<Answer> => {
  const { accounts, descending, pageSize, pageToken, scope, matches } = request;
  const byId = new Map(accounts.map((account) => [account.accountId, account]));
  // The token names a stream. It says where to go on within these accounts, and opens no other.
  const steps = options.entries.ofAccounts([...byId.keys()], { descending, ...cursorOf(scope, pageToken) });
  return pageOf(steps, {
    limit: pageSizeOf(pageSize), scope, matches,
    show: (located) => entryMessage(located, visiblePath(caller, byId.get(located.accountId!)!)),
  });
};

type OfOrder = Asked & { readonly orderId: string; readonly orderBy: string };
const ofOrder = async (options: ReadingOptions, { orderId, pageSize, pageToken, scope, orderBy, matches }: OfOrder, caller: Caller): Promise<Answer> => {
  if (orderBy !== '') throw failure('FILTER_INVALID', { order_by: orderBy.slice(0, 80) }, '/orderBy');
  const limit = pageSizeOf(pageSize);
  const [after] = readPageToken(scope, pageToken, 'text') ?? [];
  const own = new Map(isStaff(caller) ? [] : (await accountsOf(options, caller)).map((account) => [account.accountId, account]));
  const accountOf = ({ accountId }: LocatedEntry): OpenAccount | undefined => (accountId === undefined ? undefined : own.get(accountId));
  const isVisible = (located: LocatedEntry): boolean => isStaff(caller) || accountOf(located) !== undefined;
  // One more than the page, of those the caller may see: whether there are others is not theirs to know.
  const found = await visibleOfOrder(options, orderId, after, { limit: limit + 1, isVisible });
  const page = found.slice(0, limit);
  const entries = page.filter(matches).map((located) => (isStaff(caller) ? entryMessage(located) : entryMessage(located, visiblePath(caller, accountOf(located)!))));
  const last = page[page.length - 1]?.entryId;
  return { entries, nextPageToken: last !== undefined && found.length > limit ? printPageToken(scope, [last]) : '' };
};

type Found = LocatedEntry & { readonly entryId: string };
/** The first entries of an order, in the order of their ids, that are visible; an order has some dozens in all. */
const visibleOfOrder = async (
  { entries }: ReadingOptions, orderId: string, after: string | undefined, { limit, isVisible }: { readonly limit: number; readonly isVisible: (located: Found) => boolean },
): Promise<readonly Found[]> => {
  const visible: Found[] = [];
  for (let from = after; ;) {
    const { found, next } = await entries.ofOrder(orderId, from, limit);
    visible.push(...found.filter(isVisible));
    if (visible.length >= limit || next === undefined) return visible.slice(0, limit);
    from = next;
  }
};
