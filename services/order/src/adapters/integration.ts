import type { Json } from '@vouchsafe/codec';
import { orderEvents } from '@vouchsafe/contracts';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { money } from '@vouchsafe/kernel';
import type { Ending, OrderEvent } from '../domain/order-events.js';
import { orderCodec } from './order-codec.js';
import { chargebackCodec, refundCodec } from './refund-codec.js';

/** What others hear of a stored event; undefined for private ones. */
export const toIntegration = ({ stream, type, data }: RecordedEvent): { readonly type: string; readonly data: Json } | undefined => {
  const id = stream.slice(stream.indexOf('-') + 1);
  if (stream.startsWith('order-')) return endedOrder(id, orderCodec.decode(type, data));
  if (stream.startsWith('refund-')) return endedRefund(id, refundCodec.decode(type, data));
  return stream.startsWith('chargeback-') ? raisedChargeback(id, chargebackCodec.decode(type, data)) : undefined;
};

const endedOrder = (orderId: string, event: OrderEvent | undefined) => {
  switch (event?.type) {
    case 'OrderCompleted':
      return ended(orderId, event, { state: 'COMPLETED' });
    case 'OrderRefused':
    case 'OrderRejected':
      return ended(orderId, event, { state: 'REJECTED', reason: event.reason });
    case 'OrderCancelled':
      return ended(orderId, event, { state: 'CANCELLED', reason: event.reason });
    default:
      return undefined;
  }
};
type End = { readonly state: 'COMPLETED' | 'REJECTED' | 'CANCELLED'; readonly reason?: string };
const ended = (orderId: string, { channelId, number, totalMinor, currency, placedAt, lines }: Ending, end: End) =>
  orderEvents.encode({
    type: 'OrderEnded', orderId, channelId, number, ...end, total: money(totalMinor, currency), placedAt,
    lines: lines.map(({ lineId, productId, ordered, delivered, failed }) => ({ lineId, productId, ordered, delivered, failed })),
  });

const endedRefund = (refundId: string, event: ReturnType<typeof refundCodec.decode>) => {
  if (event?.type !== 'RefundSettled') return undefined;
  const { orderId, channelId, end, amountMinor, currency } = event;
  return orderEvents.encode({ type: 'RefundEnded', refundId, orderId, channelId, state: end, amount: money(amountMinor, currency) });
};
const raisedChargeback = (chargebackId: string, event: ReturnType<typeof chargebackCodec.decode>) => {
  if (event?.type !== 'ChargebackRaised') return undefined;
  const { orderId, channelId, amountMinor, currency, at, verdictId } = event;
  return orderEvents.encode({ type: 'ChargebackOpened', chargebackId, orderId, channelId, amount: money(amountMinor, currency), at, ...(verdictId !== undefined && { verdictId }) });
};
