import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { displayMoney, type Money, money } from '@vouchsafe/kernel';
import { AccountMode, type AccountSchema, type BalanceLineSchema, type HoldSchema, type JournalEntrySchema, type PeriodSchema, Period_State, Posting_Side, type PostingSchema, type TrialBalanceSchema } from '@vouchsafe/proto/ledger/v1/resources';
import { entryIdOf } from '../projections/entry-id.js';
import type { LocatedEntry } from '../application/entries.js';
import type { BalanceRow, TrialBalance } from '../application/trial-balance.js';
import { fundsOf } from '../domain/account.js';
import type { OpenAccount, OpenHold } from '../domain/account-types.js';
import { captionOf, limitedPath } from '../domain/chart.js';
import { dayOf, type Posting } from '../domain/entry.js';
import type { Period } from '../domain/period.js';
import type { AccountRow } from '../projections/accounts.js';

export const moneyMessage = (amount: Money) => ({ currency: amount.currency, minor: amount.minor, display: displayMoney(amount) });
export const etagOf = (creditVersion: number): string => `"${creditVersion}"`;

const MODES = { prepaid: AccountMode.PREPAID, credit: AccountMode.CREDIT };

/** A limited account as it is now. */
export const accountMessage = (account: OpenAccount): MessageInitShape<typeof AccountSchema> => {
  const { posted, held, credit, available } = fundsOf(account);
  const { accountId, bookId, channelId, mode, currency, creditVersion } = account;
  return {
    accountId, bookId, channelId, mode: MODES[mode], currency, path: limitedPath(mode, channelId), posted: moneyMessage(posted), held: moneyMessage(held),
    creditLimit: moneyMessage(credit), available: moneyMessage(available), openHolds: account.holds.size, etag: etagOf(creditVersion),
  };
};
/** The same from a list's view. */
export const accountRowMessage = (row: AccountRow): MessageInitShape<typeof AccountSchema> => {
  const { accountId, bookId, channelId, mode, currency, posted, held, credit, openHolds, creditVersion } = row;
  const of = (minor: bigint) => moneyMessage(money(minor, currency));
  return {
    accountId, bookId, channelId, mode: MODES[mode], currency, path: limitedPath(mode, channelId), posted: of(posted), held: of(held), creditLimit: of(credit),
    available: of(posted - held + credit), openHolds, etag: etagOf(creditVersion),
  };
};

export const holdMessage = (accountId: string, currency: string, holdId: string, hold: OpenHold): MessageInitShape<typeof HoldSchema> => ({
  holdId, accountId, orderId: hold.orderId, channelId: hold.channelId, amount: moneyMessage(money(hold.minor, currency)),
  left: moneyMessage(money(hold.left, currency)), expiresAt: timestampFromMs(hold.expiresAt),
});

/** An entry; with `only`, just the postings on that path (what a channel may see of it). */
export const entryMessage = ({ entry, accountId }: LocatedEntry, only?: string): MessageInitShape<typeof JournalEntrySchema> => {
  const { factId, kind, bookId, channelId = '', orderId = '', lineId = '', businessDate, note = '', mirrors } = entry;
  const owner = accountId ?? bookId;
  return {
    entryId: entryIdOf(owner, factId), factId, kind, bookId, channelId, orderId, lineId, businessDate, bookedOn: dayOf(entry), note, accountId: accountId ?? '',
    occurredAt: timestampFromMs(entry.occurredAt), mirrorsEntryId: mirrors === undefined ? '' : entryIdOf(owner, mirrors),
    postings: entry.postings.filter(({ account }) => only === undefined || account === only).map(postingMessage),
  };
};
const postingMessage = ({ account, minor, currency, dims }: Posting): MessageInitShape<typeof PostingSchema> => ({
  account, caption: captionOf(account), side: minor > 0n ? Posting_Side.DEBIT : Posting_Side.CREDIT,
  amount: moneyMessage(money(minor < 0n ? -minor : minor, currency)),
  businessLine: dims.businessLine ?? '', productId: dims.productId ?? '', supplierId: dims.supplierId ?? '', batchId: dims.batchId ?? '',
});

const lineMessage = ({ account, currency, debit, credit }: BalanceRow): MessageInitShape<typeof BalanceLineSchema> => ({
  account, caption: captionOf(account), debit: moneyMessage(money(debit, currency)), credit: moneyMessage(money(credit, currency)),
  balance: moneyMessage(money(debit - credit, currency)),
});
export const trialBalanceMessage = ({ bookId, asOf, rows, totals }: TrialBalance): MessageInitShape<typeof TrialBalanceSchema> => ({
  bookId, asOf, lines: rows.map(lineMessage), totals: totals.map((total) => lineMessage({ ...total, account: '' })),
});

export const periodMessage = (bookId: string, period: Period, state: Period_State, closedAt?: number): MessageInitShape<typeof PeriodSchema> => ({
  bookId, period, state, ...(closedAt !== undefined && { closedAt: timestampFromMs(closedAt) }),
});
