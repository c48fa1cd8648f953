import { amount, eventCodec, int, list, oneOf, optional, record, text, time, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';

const orderEnded = record({
  orderId: text(), channelId: text(), number: text(), state: oneOf('COMPLETED', 'REJECTED', 'CANCELLED'), reason: optional(text()), total: amount, placedAt: time,
  lines: list(record({ lineId: text(), productId: text(), ordered: int, delivered: int, failed: int })),
});
/** `verdictId`: the verdict the order acted on, so that risk finds whose order it was; absent where risk was silent. */
const chargebackOpened = record({ chargebackId: text(), orderId: text(), channelId: text(), amount, at: time, verdictId: optional(text()) });
const refundEnded = record({ refundId: text(), orderId: text(), channelId: text(), state: oneOf('COMPLETED', 'PARTIAL', 'FAILED'), amount });
export type OrderIntegrationEvent =
  | Message<'OrderEnded', TypeOf<typeof orderEnded>>
  | Message<'ChargebackOpened', TypeOf<typeof chargebackOpened>>
  | Message<'RefundEnded', TypeOf<typeof refundEnded>>;
/** What others hear from order. */
export const orderEvents = eventCodec<OrderIntegrationEvent>('order', {
  OrderEnded: { version: 1, shape: orderEnded, published: true },
  ChargebackOpened: { version: 1, shape: chargebackOpened, published: true },
  RefundEnded: { version: 1, shape: refundEnded, published: true },
});
