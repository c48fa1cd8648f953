import type { Json } from '@vouchsafe/codec';
import { instant } from '@vouchsafe/kernel';
import type { PaymentEvent } from '../domain/payment.js';

/** A sample per stored version: as it lies in logs, and what it means. Never edited, never deleted. */
export const GOLDEN_PAYMENT: readonly { readonly type: string; readonly data: Json; readonly event: PaymentEvent }[] = [
  {
    type: 'order.PaymentRequested.v1',
    data: { orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', provider: 'sandbox', merchantId: 'mch_1',
      amountMinor: '990', currency: 'CNY', payBy: 1772413800000, at: 1772413200000 },
    event: { type: 'PaymentRequested', orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', provider: 'sandbox',
      merchantId: 'mch_1', amountMinor: 990n, currency: 'CNY', payBy: instant(1772413800000), at:
      instant(1772413200000) },
  },
  {
    type: 'order.PaymentOffered.v1',
    data: { providerRef: 'psp_1', action: { kind: 'url', value: 'https://pay.sandbox.invalid/pay_1' }, at:
      1772413200000 },
    event: { type: 'PaymentOffered', providerRef: 'psp_1', action: { kind: 'url', value:
      'https://pay.sandbox.invalid/pay_1' }, at: instant(1772413200000) },
  },
  {
    type: 'order.PaymentSucceeded.v1',
    data: { n: 1, noticeId: 'evt_1', transactionId: 'txn_1', receivedMinor: '990', currency: 'CNY', at:
      1772413200000 },
    event: { type: 'PaymentSucceeded', n: 1, noticeId: 'evt_1', transactionId: 'txn_1', receivedMinor: 990n,
      currency: 'CNY', at: instant(1772413200000) },
  },
  {
    type: 'order.SurplusReceived.v1',
    data: { n: 1, noticeId: 'evt_1', transactionId: 'txn_1', receivedMinor: '990', currency: 'CNY', at:
      1772413200000, reason: 'AMOUNT_DIFFERS' },
    event: { type: 'SurplusReceived', n: 1, noticeId: 'evt_1', transactionId: 'txn_1', receivedMinor: 990n,
      currency: 'CNY', at: instant(1772413200000), reason: 'AMOUNT_DIFFERS' },
  },
  {
    type: 'order.PaymentFailed.v1',
    data: { noticeId: 'evt_1', reason: 'DECLINED', at: 1772413200000 },
    event: { type: 'PaymentFailed', noticeId: 'evt_1', reason: 'DECLINED', at: instant(1772413200000) },
  },
  {
    type: 'order.PaymentClosed.v1',
    data: { noticeId: 'evt_1', at: 1772413200000 },
    event: { type: 'PaymentClosed', noticeId: 'evt_1', at: instant(1772413200000) },
  },
  {
    type: 'order.NoticeNoted.v1',
    data: { noticeId: 'evt_1', about: 'paid', at: 1772413200000 },
    event: { type: 'NoticeNoted', noticeId: 'evt_1', about: 'paid', at: instant(1772413200000) },
  },
  {
    type: 'order.ReceiptSettled.v1',
    data: { n: 1, outcome: 'order', at: 1772413200000 },
    event: { type: 'ReceiptSettled', n: 1, outcome: 'order', at: instant(1772413200000) },
  },
];
