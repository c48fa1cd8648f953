import { amount, bool, eventCodec, int, list, oneOf, optional, record, text, time, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';
import { commandContract } from './command.js';

/**
 * The ledger asks before it lets a hold lapse (ARCHITECTURE §3). `confirmed`: the order is past the pivot, the hold stays until it is
 * captured or released. Not confirmed: the order has recorded its end first, and the hold may go.
 */
export const endUnlessConfirmed = commandContract({
  target: 'order', name: 'EndUnlessConfirmed', keyOf: ({ orderId }: { readonly orderId: string }) => orderId,
  command: record({ orderId: text(), reason: text() }),
  result: record({ confirmed: bool }),
  rejections: [],
});

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
