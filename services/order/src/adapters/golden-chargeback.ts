import type { Json } from '@vouchsafe/codec';
import { instant } from '@vouchsafe/kernel';
import type { ChargebackEvent } from '../domain/chargeback.js';

/** A sample per stored version: as it lies in logs, and what it means. Never edited, never deleted. */
export const GOLDEN_CHARGEBACK: readonly { readonly type: string; readonly data: Json; readonly event: ChargebackEvent }[] = [
  {
    type: 'order.ChargebackRaised.v1',
    data: { orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', paymentId: 'pay_1', provider: 'sandbox',
      noticeId: 'evt_1', amountMinor: '990', feeMinor: '1500', currency: 'CNY', verdictId: 'vdt_1', at:
      1772413200000 },
    event: { type: 'ChargebackRaised', orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', paymentId: 'pay_1',
      provider: 'sandbox', noticeId: 'evt_1', amountMinor: 990n, feeMinor: 1500n, currency: 'CNY', verdictId:
      'vdt_1', at: instant(1772413200000) },
  },
  {
    type: 'order.ChargebackUnitsVoided.v1',
    data: { voided: [{ lineId: '1', accepted: [{ batchId: 'bat_1', from: 3, to: 5, disclosed: false, unusedMinor:
      '1980' }], refused: [{ code: 'ALREADY_REDEEMED', units: 1 }] }], lines: [{ lineId: '1', returned: [{ batchId:
      'bat_1', from: 3, to: 5 }], lost: [], returnedMinor: '1980', lostMinor: '0', share: { lineId: '1', units: 2,
      minor: '1980', unitsBefore: 0, minorBefore: '0' }, issuerAccepts: true }], at: 1772413200000 },
    event: { type: 'ChargebackUnitsVoided', voided: [{ lineId: '1', accepted: [{ batchId: 'bat_1', from: 3, to: 5,
      disclosed: false, unusedMinor: 1980n }], refused: [{ code: 'ALREADY_REDEEMED', units: 1 }] }], lines: [{
      lineId: '1', returned: [{ batchId: 'bat_1', from: 3, to: 5 }], lost: [], returnedMinor: 1980n, lostMinor: 0n,
      share: { lineId: '1', units: 2, minor: 1980n, unitsBefore: 0, minorBefore: 0n }, issuerAccepts: true }], at:
      instant(1772413200000) },
  },
  {
    type: 'order.ChargebackDecided.v1',
    data: { outcome: 'lost', noticeId: 'evt_2', at: 1772413200000 },
    event: { type: 'ChargebackDecided', outcome: 'lost', noticeId: 'evt_2', at: instant(1772413200000) },
  },
  {
    type: 'order.ChargebackClosed.v1',
    data: { at: 1772413200000 },
    event: { type: 'ChargebackClosed', at: instant(1772413200000) },
  },
];
