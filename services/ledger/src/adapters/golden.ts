import { instant } from '@vouchsafe/kernel';
import type { Json } from '@vouchsafe/codec';
import type { Period, Segment } from '../domain/period.js';
import { businessDate } from '../domain/period.js';
import type { LedgerEvent } from '../projections/ledger-event.js';

const at = instant(1_795_500_000_000);
const later = instant(1_795_500_060_000);
const november = '2026-11' as Segment;
const december = '2026-12' as Segment;
const closedThrough = '2026-11' as Period;
const identity = { accountId: 'acc_prepaid.shop.CNY', bookId: 'bok_main', channelId: 'chn_shop', mode: 'prepaid', currency: 'CNY' } as const;

/** One sample per stored version: the bytes as they lie in logs, and what they mean. Never edited, never deleted. */
export const GOLDEN: readonly { readonly type: string; readonly data: Json; readonly event: LedgerEvent }[] = [
  {
    type: 'ledger.PeriodOpened.v1',
    data: {
      accountId: 'acc_prepaid.shop.CNY', bookId: 'bok_main', channelId: 'chn_shop', mode: 'prepaid', currency: 'CNY', segment: '2026-12', previous: '2026-11', ordinal: 1,
      closedThrough: '2026-11', postedUpTo: 1795500000000, posted: '87000', credit: '500', creditVersion: 2, at: 1795500060000,
    },
    event: { type: 'PeriodOpened', ...identity, segment: december, previous: november, ordinal: 1, closedThrough, postedUpTo: at, posted: 87_000n, credit: 500n, creditVersion: 2, at: later },
  },
  {
    type: 'ledger.HoldsCarried.v1',
    data: {
      holds: [
        ['ord_1', { orderId: 'ord_1', channelId: 'chn_shop', minor: '1130', left: '1000', notAfter: 1795500000000, expiresAt: 1795500060000, captures: [{ id: 'ord_1/1', fingerprint: 7 }] }],
      ],
      at: 1795500000000,
    },
    event: {
      type: 'HoldsCarried', at,
      holds: [
        ['ord_1', { orderId: 'ord_1', channelId: 'chn_shop', minor: 1130n, left: 1000n, notAfter: at, expiresAt: later, captures: [['ord_1/1', 7]] }],
      ],
    },
  },
  {
    type: 'ledger.ClosedHoldsCarried.v1',
    data: { until: 1795500060000, ids: 'AAAAAAAABx////////8=', at: 1795500000000 },
    event: { type: 'ClosedHoldsCarried', until: later, ids: new Set([7, Number.MAX_SAFE_INTEGER]), at },
  },
  {
    type: 'ledger.FundsHeld.v1',
    data: { holdId: '^.h', orderId: 'ord_1', channelId: 'chn_shop', minor: '1130', notAfter: 1795500000000, expiresAt: 1795500060000, at: 1795500000000 },
    event: { type: 'FundsHeld', holdId: 'ord_1.h', orderId: 'ord_1', channelId: 'chn_shop', minor: 1130n, notAfter: at, expiresAt: later, at },
  },
  {
    type: 'ledger.FundsCaptured.v1',
    data: {
      holdId: '^', final: 'no', fingerprint: 8192,
      entry: {
        id: '^/1', kind: 'Delivered', book: 'bok_main', channel: 'chn_shop', order: 'ord_1', line: '^/1', at: 1795500000000, date: '2026-11-24',
        dims: [['telecom', 'prd_flow'], ['telecom', 'prd_flow', 'sup_a', 'bat_1']],
        postings: [['liabilities:channel:prepaid:chn_shop', '1130', 0], ['income:sales', '-1130', 0], ['expenses:cost:codes', '8', 1, 'USD'], ['assets:inventory:codes:prd_flow', '-8', 1, 'USD']],
      },
    },
    event: {
      type: 'FundsCaptured', holdId: 'ord_1', final: false, rest: 0n, fingerprint: 8192, at,
      entry: {
        factId: 'ord_1/1', kind: 'Delivered', bookId: 'bok_main', channelId: 'chn_shop', orderId: 'ord_1', lineId: 'ord_1/1', occurredAt: at, businessDate: businessDate('2026-11-24'),
        postings: [
          { account: 'liabilities:channel:prepaid:chn_shop', minor: 1130n, currency: 'CNY', dims: { businessLine: 'telecom', productId: 'prd_flow' } },
          { account: 'income:sales', minor: -1130n, currency: 'CNY', dims: { businessLine: 'telecom', productId: 'prd_flow' } },
          { account: 'expenses:cost:codes', minor: 8n, currency: 'USD', dims: { businessLine: 'telecom', productId: 'prd_flow', supplierId: 'sup_a', batchId: 'bat_1' } },
          { account: 'assets:inventory:codes:prd_flow', minor: -8n, currency: 'USD', dims: { businessLine: 'telecom', productId: 'prd_flow', supplierId: 'sup_a', batchId: 'bat_1' } },
        ],
      },
    },
  },
  {
    type: 'ledger.FundsReleased.v1',
    data: { holdId: 'ord_1', minor: '1130', reason: 'CANCELLED', at: 1795500000000 },
    event: { type: 'FundsReleased', holdId: 'ord_1', minor: 1130n, reason: 'CANCELLED', at },
  },
  {
    type: 'ledger.HoldForestalled.v1',
    data: { holdId: 'ord_1', notAfter: 1795500060000, reason: 'CANCELLED', at: 1795500000000 },
    event: { type: 'HoldForestalled', holdId: 'ord_1', notAfter: later, reason: 'CANCELLED', at },
  },
  { type: 'ledger.HoldProlonged.v1', data: { holdId: 'ord_1', expiresAt: 1795500060000, at: 1795500000000 }, event: { type: 'HoldProlonged', holdId: 'ord_1', expiresAt: later, at } },
  {
    type: 'ledger.EntryPosted.v1',
    data: {
      fingerprint: 1,
      entry: {
        id: 'mirror/f', kind: 'Mirrored', book: 'bok_main', at: 1795500000000, date: '2026-11-24', booked: '2026-12-01', mirrors: 'f', note: '金额有误', currency: 'USD',
        dims: [[], [null, 'prd_flow']], postings: [['assets:bank:icbc', '-5', 0], ['income:sales', '5', 1]],
      },
      at: 1795500060000,
    },
    event: {
      type: 'EntryPosted', fingerprint: 1, at: later,
      entry: {
        factId: 'mirror/f', kind: 'Mirrored', bookId: 'bok_main', occurredAt: at, businessDate: businessDate('2026-11-24'), bookedOn: businessDate('2026-12-01'), mirrors: 'f', note: '金额有误',
        postings: [{ account: 'assets:bank:icbc', minor: -5n, currency: 'USD', dims: {} }, { account: 'income:sales', minor: 5n, currency: 'USD', dims: { productId: 'prd_flow' } }],
      },
    },
  },
  { type: 'ledger.CreditLimitChanged.v1', data: { minor: '500', version: 1, at: 1795500000000 }, event: { type: 'CreditLimitChanged', minor: 500n, version: 1, at } },
  {
    type: 'ledger.PeriodClosed.v1',
    data: { next: '2026-12', closedThrough: '2026-11', posted: '5', held: '4', credit: '3', openHolds: 2, at: 1795500000000 },
    event: { type: 'PeriodClosed', next: december, closedThrough, posted: 5n, held: 4n, credit: 3n, openHolds: 2, at },
  },
  {
    type: 'ledger.JournalOpened.v1',
    data: { bookId: 'bok_main', shard: 3, segment: '2026-11', ordinal: 0, postedUpTo: 0, at: 1795500000000 },
    event: { type: 'JournalOpened', bookId: 'bok_main', shard: 3, segment: november, ordinal: 0, postedUpTo: instant(0), at },
  },
  {
    type: 'ledger.JournalClosed.v1',
    data: { next: '2026-12', closedThrough: '2026-11', entries: 12, at: 1795500000000 },
    event: { type: 'JournalClosed', next: december, closedThrough, entries: 12, at },
  },
  {
    type: 'ledger.BookOpened.v1',
    data: { bookId: 'bok_main', segment: '2026-11', shards: 4, zone: 'Asia/Shanghai', cutOffMinute: 0, at: 1795500000000 },
    event: { type: 'BookOpened', bookId: 'bok_main', segment: november, shards: 4, zone: 'Asia/Shanghai', cutOffMinute: 0, at },
  },
  {
    type: 'ledger.BookTermsChanged.v1',
    data: { zone: 'Asia/Tokyo', cutOffMinute: 1320, at: 1795500000000 },
    event: { type: 'BookTermsChanged', zone: 'Asia/Tokyo', cutOffMinute: 1320, at },
  },
  {
    type: 'ledger.AccountRegistered.v1',
    data: { accountId: 'acc_prepaid.shop.CNY', bookId: 'bok_main', channelId: 'chn_shop', mode: 'prepaid', currency: 'CNY', segment: '2026-11', at: 1795500000000 },
    event: { type: 'AccountRegistered', ...identity, segment: november, at },
  },
  { type: 'ledger.PeriodCloseBegun.v1', data: { period: '2026-11', at: 1795500000000 }, event: { type: 'PeriodCloseBegun', period: closedThrough, at } },
  { type: 'ledger.BookPeriodClosed.v1', data: { period: '2026-11', at: 1795500000000 }, event: { type: 'BookPeriodClosed', period: closedThrough, at } },
  {
    type: 'ledger.AccountOpened.v1',
    data: { accountId: 'acc_prepaid.shop.CNY', bookId: 'bok_main', channelId: 'chn_shop', mode: 'prepaid', currency: 'CNY', segment: '2026-11', at: 1795500000000 },
    event: { type: 'AccountOpened', ...identity, segment: november, at },
  },
  {
    type: 'ledger.ReferenceClaimed.v1',
    data: { scope: 'acc_prepaid.shop.CNY', reference: 'wire 1', factId: 'mov_1', fingerprint: 9, occurredAt: 1795500000000, amount: { minor: '5', currency: 'CNY' }, at: 1795500060000 },
    event: { type: 'ReferenceClaimed', scope: 'acc_prepaid.shop.CNY', reference: 'wire 1', factId: 'mov_1', fingerprint: 9, occurredAt: at, amount: { minor: 5n, currency: 'CNY' }, at: later },
  },
];
