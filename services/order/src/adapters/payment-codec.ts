import { big, eventCodec, int, millis, oneOf, optional, record, text } from '@vouchsafe/codec';
import type { PaymentEvent } from '../domain/payment.js';

const receipt = { n: int, noticeId: text(), transactionId: text(), receivedMinor: big, currency: text(), at: millis };
const action = record({ kind: oneOf('url', 'qr', 'params'), value: text() });

/** Stored events of `payment-<id>`. */
export const paymentCodec = eventCodec<PaymentEvent>('order', {
  PaymentRequested: {
    version: 1,
    shape: record({
      orderId: text(), channelId: text(), bookId: text(), provider: text(), merchantId: text(), amountMinor: big, currency: text(), payBy: millis, at: millis,
    }),
  },
  PaymentOffered: { version: 1, shape: record({ providerRef: text(), action, at: millis }) },
  PaymentSucceeded: { version: 1, shape: record(receipt) },
  SurplusReceived: { version: 1, shape: record({ ...receipt, reason: oneOf('AMOUNT_DIFFERS', 'PAID_TWICE') }) },
  PaymentFailed: { version: 1, shape: record({ noticeId: text(), reason: optional(text()), at: millis }) },
  PaymentClosed: { version: 1, shape: record({ noticeId: optional(text()), at: millis }) },
  NoticeNoted: { version: 1, shape: record({ noticeId: text(), about: text(), at: millis }) },
  ReceiptSettled: { version: 1, shape: record({ n: int, outcome: oneOf('order', 'refund'), at: millis }) },
});
