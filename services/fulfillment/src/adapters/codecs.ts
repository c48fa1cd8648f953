import { amount, big, bool, eventCodec, int, list, oneOf, optional, record, text, time } from '@vouchsafe/codec';
import type { TopUpEvent } from '../domain/top-up-messages.js';
import type { GuardEvent } from '../domain/top-up-guard.js';

const terms = record({
  deliveryId: text(), orderId: text(), lineId: text(), channelId: text(), productId: text(), supplierId: text(), providers: list(text()),
  providerSku: optional(text()), accountRef: text(), accountToken: text(), quantity: int, face: amount, unitCostMicros: optional(big),
  inputTaxRateBp: optional(int), guardMs: int, allowRepeat: bool, giveUpAt: time,
});
const outcome = oneOf('succeeded', 'failed', 'partial');

/** Stored events of `delivery-` streams. `TopUpEnded` is the integration event itself. */
export const topUpCodec = eventCodec<TopUpEvent>('fulfillment', {
  TopUpStarted: { version: 1, shape: record({ terms, at: time }) },
  AttemptRecorded: { version: 1, shape: record({ provider: text(), requestNumber: text(), dueAt: time, at: time }) },
  AttemptAnswered: {
    version: 1,
    shape: record({
      requestNumber: text(), status: oneOf('succeeded', 'partial', 'failed', 'accepted', 'unknown', 'absent'), delivered: optional(int),
      reason: optional(text()), reference: optional(text()), charged: optional(amount), dueAt: time, at: time,
    }),
  },
  TopUpEscalated: { version: 1, shape: record({ provider: text(), requestNumber: text(), reason: text(), at: time }) },
  TopUpResolved: { version: 1, shape: record({ principalId: text(), outcome, delivered: int, evidence: text(), at: time }) },
  TopUpEnded: {
    version: 1, published: true,
    shape: record({
      deliveryId: text(), orderId: text(), lineId: text(), outcome, deliveredQuantity: int, provider: text(), supplierId: text(), reason: optional(text()),
      cost: amount, inputTax: amount,
    }),
  },
});

/** Stored events of `topupguard-` streams. */
export const guardCodec = eventCodec<GuardEvent>('fulfillment', {
  TopUpGuarded: { version: 1, shape: record({ deliveryId: text(), at: time }) },
  GuardReleased: { version: 1, shape: record({ deliveryId: text(), at: time }) },
});
