import type { Projection } from '@vouchsafe/read-store';
import type { AccountIdentity } from '../domain/account-types.js';
import { limitedPath } from '../domain/chart.js';
import { sumOn } from '../domain/entry.js';
import type { LedgerEvent } from './ledger-event.js';

/** A limited account as lists show it, in its open segment. Instants are milliseconds. */
export type AccountRow = AccountIdentity & {
  readonly posted: bigint; readonly held: bigint; readonly credit: bigint; readonly creditVersion: number; readonly openHolds: number;
  readonly segment: string; readonly updatedAt: number;
};

/** Accounts with their balances. A document per segment, gone when the next one opens: so it is fed by one stream. */
export const accounts: Projection<LedgerEvent, AccountRow> = {
  collection: { name: 'ledger_accounts_v1', indexes: [{ fields: ['bookId', 'accountId'] }, { fields: ['channelId', 'accountId'] }, { fields: ['accountId'] }] },
  idsOf: (event, { stream }) => {
    switch (event.type) {
      case 'PeriodOpened':
        return event.previous === undefined ? [stream] : [stream, `account-${event.accountId}_${event.previous}`];
      case 'HoldsCarried':
      case 'FundsHeld':
      case 'FundsCaptured':
      case 'FundsReleased':
      case 'CreditLimitChanged': return [stream];
      case 'EntryPosted': return stream.startsWith('account-') ? [stream] : [];
      case 'PeriodClosed':
      case 'ClosedHoldsCarried':
      case 'HoldForestalled':
      case 'HoldProlonged':
      case 'JournalOpened':
      case 'JournalClosed':
      case 'BookOpened':
      case 'BookTermsChanged':
      case 'AccountRegistered':
      case 'PeriodCloseBegun':
      case 'BookPeriodClosed':
      case 'AccountOpened':
      case 'ReferenceClaimed': return [];
    }
  },
  apply: (row, event, { stream, recordedAt }, id) => {
    if (event.type === 'PeriodOpened') return id === stream ? opened(event, recordedAt) : undefined;
    return row && moved({ ...row, updatedAt: recordedAt }, event);
  },
};

const opened = (event: Extract<LedgerEvent, { type: 'PeriodOpened' }>, updatedAt: number): AccountRow => {
  const { accountId, bookId, channelId, mode, currency, posted, credit, creditVersion, segment } = event;
  return { accountId, bookId, channelId, mode, currency, posted, held: 0n, credit, creditVersion, openHolds: 0, segment, updatedAt };
};

const moved = (row: AccountRow, event: LedgerEvent): AccountRow => {
  switch (event.type) {
    case 'HoldsCarried': {
      const held = event.holds.reduce((sum, [, { left }]) => sum + left, row.held);
      return { ...row, held, openHolds: row.openHolds + event.holds.length };
    }
    case 'FundsHeld': return { ...row, held: row.held + event.minor, openHolds: row.openHolds + 1 };
    case 'FundsCaptured': {
      const taken = sumOn(event.entry.postings, limitedPath(row.mode, row.channelId), row.currency);
      return { ...row, posted: row.posted - taken, held: row.held - taken - event.rest, openHolds: row.openHolds - (event.final ? 1 : 0) };
    }
    case 'FundsReleased': return { ...row, held: row.held - event.minor, openHolds: row.openHolds - 1 };
    case 'EntryPosted': return { ...row, posted: row.posted - sumOn(event.entry.postings, limitedPath(row.mode, row.channelId), row.currency) };
    case 'CreditLimitChanged': return { ...row, credit: event.minor, creditVersion: event.version };
    case 'PeriodOpened':
    case 'PeriodClosed':
    case 'ClosedHoldsCarried':
    case 'HoldForestalled':
    case 'HoldProlonged':
    case 'JournalOpened':
    case 'JournalClosed':
    case 'BookOpened':
    case 'BookTermsChanged':
    case 'AccountRegistered':
    case 'PeriodCloseBegun':
    case 'BookPeriodClosed':
    case 'AccountOpened':
    case 'ReferenceClaimed': return row;
  }
};
