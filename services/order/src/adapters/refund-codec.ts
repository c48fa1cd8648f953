import { big, bool, eventCodec, int, list, millis, oneOf, optional, record, text } from '@vouchsafe/codec';
import type { ChargebackEvent } from '../domain/chargeback.js';
import type { RefundEvent } from '../domain/refund.js';

const range = record({ batchId: text(), from: int, to: int });
const voidedLine = record({
  lineId: text(), accepted: list(record({ batchId: text(), from: int, to: int, disclosed: bool, unusedMinor: big })),
  refused: list(record({ code: text(), units: int })),
});
const share = record({ lineId: text(), units: int, minor: big, unitsBefore: int, minorBefore: big });
const valuedLine = record({
  lineId: text(), returned: list(range), lost: list(range), returnedMinor: big, lostMinor: big, share, issuerAccepts: bool,
});
const settlement = oneOf('prepaid', 'credit', 'consumer_pay');

/** Stored events of `refund-<id>`. */
export const refundCodec = eventCodec<RefundEvent>('order', {
  RefundRequested: {
    version: 1,
    shape: record({
      kind: oneOf('units', 'undelivered', 'surplus'), orderId: text(), channelId: text(), bookId: text(), settlement, currency: text(),
      lines: list(record({ lineId: text(), ranges: optional(list(range)), quantity: optional(int) })),
      amountMinor: optional(big), provider: optional(text()), reason: optional(text()), principal: text(), fingerprint: text(), at: millis,
    }),
  },
  UnitsVoided: { version: 1, shape: record({ lines: list(voidedLine), at: millis }) },
  RefundValued: { version: 1, shape: record({ lines: list(valuedLine), amountMinor: big, at: millis }) },
  PaybackBegun: { version: 1, shape: record({ at: millis }) },
  PaybackStuck: { version: 1, shape: record({ reason: text(), at: millis }) },
  RefundSettled: {
    version: 1, published: true,
    shape: record({
      orderId: text(), channelId: text(), end: oneOf('COMPLETED', 'PARTIAL', 'FAILED'), amountMinor: big, currency: text(), failure: optional(text()), at: millis,
    }),
  },
});

/** Stored events of `chargeback-<id>`. */
export const chargebackCodec = eventCodec<ChargebackEvent>('order', {
  ChargebackRaised: {
    version: 1, published: true,
    shape: record({
      orderId: text(), channelId: text(), bookId: text(), paymentId: text(), provider: text(), noticeId: text(), amountMinor: big, feeMinor: big,
      currency: text(), verdictId: optional(text()), at: millis,
    }),
  },
  ChargebackUnitsVoided: { version: 1, shape: record({ voided: list(voidedLine), lines: list(valuedLine), at: millis }) },
  ChargebackDecided: { version: 1, shape: record({ outcome: oneOf('won', 'lost'), noticeId: text(), at: millis }) },
  ChargebackClosed: { version: 1, shape: record({ at: millis }) },
});
