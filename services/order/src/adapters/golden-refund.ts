import type { Json } from '@vouchsafe/codec';
import { instant } from '@vouchsafe/kernel';
import type { RefundEvent } from '../domain/refund.js';

/** A sample per stored version: as it lies in logs, and what it means. Never edited, never deleted. */
export const GOLDEN_REFUND: readonly { readonly type: string; readonly data: Json; readonly event: RefundEvent }[] = [
  {
    type: 'order.RefundRequested.v1',
    data: { kind: 'units', orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', settlement: 'consumer_pay',
      currency: 'CNY', lines: [{ lineId: '1', ranges: [{ batchId: 'bat_1', from: 3, to: 5 }] }, { lineId: '2',
      quantity: 2 }], amountMinor: '5', provider: 'sandbox', reason: 'why', principal: 'pri_pay', fingerprint: 'f1',
      at: 1772413200000 },
    event: { type: 'RefundRequested', kind: 'units', orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main',
      settlement: 'consumer_pay', currency: 'CNY', lines: [{ lineId: '1', ranges: [{ batchId: 'bat_1', from: 3, to:
      5 }] }, { lineId: '2', quantity: 2 }], amountMinor: 5n, provider: 'sandbox', reason: 'why', principal:
      'pri_pay', fingerprint: 'f1', at: instant(1772413200000) },
  },
  {
    type: 'order.UnitsVoided.v1',
    data: { lines: [{ lineId: '1', accepted: [{ batchId: 'bat_1', from: 3, to: 5, disclosed: false, unusedMinor:
      '1980' }], refused: [{ code: 'ALREADY_REDEEMED', units: 1 }] }], at: 1772413200000 },
    event: { type: 'UnitsVoided', lines: [{ lineId: '1', accepted: [{ batchId: 'bat_1', from: 3, to: 5, disclosed:
      false, unusedMinor: 1980n }], refused: [{ code: 'ALREADY_REDEEMED', units: 1 }] }], at: instant(1772413200000)
      },
  },
  {
    type: 'order.RefundValued.v1',
    data: { lines: [{ lineId: '1', returned: [{ batchId: 'bat_1', from: 3, to: 5 }], lost: [], returnedMinor:
      '1980', lostMinor: '0', share: { lineId: '1', units: 2, minor: '1980', unitsBefore: 0, minorBefore: '0' },
      issuerAccepts: true }], amountMinor: '1980', at: 1772413200000 },
    event: { type: 'RefundValued', lines: [{ lineId: '1', returned: [{ batchId: 'bat_1', from: 3, to: 5 }], lost:
      [], returnedMinor: 1980n, lostMinor: 0n, share: { lineId: '1', units: 2, minor: 1980n, unitsBefore: 0,
      minorBefore: 0n }, issuerAccepts: true }], amountMinor: 1980n, at: instant(1772413200000) },
  },
  {
    type: 'order.PaybackBegun.v1',
    data: { at: 1772413200000 },
    event: { type: 'PaybackBegun', at: instant(1772413200000) },
  },
  {
    type: 'order.PaybackStuck.v1',
    data: { reason: 'ACCOUNT_CLOSED', at: 1772413200000 },
    event: { type: 'PaybackStuck', reason: 'ACCOUNT_CLOSED', at: instant(1772413200000) },
  },
  {
    type: 'order.RefundSettled.v1',
    data: { orderId: 'ord_1', channelId: 'chn_pay', end: 'FAILED', amountMinor: '0', currency: 'CNY', failure:
      'ALREADY_REDEEMED', at: 1772413200000 },
    event: { type: 'RefundSettled', orderId: 'ord_1', channelId: 'chn_pay', end: 'FAILED', amountMinor: 0n,
      currency: 'CNY', failure: 'ALREADY_REDEEMED', at: instant(1772413200000) },
  },
];
