import type { ProjectedMeta, Projection } from '@vouchsafe/read-store';
import type { OrderEvent } from '../domain/order-events.js';
import type { OrderTerms } from '../domain/terms.js';

export type ListedState = 'PENDING' | 'AWAITING_PAYMENT' | 'IN_REVIEW' | 'FULFILLING' | 'COMPLETED' | 'REJECTED' | 'CANCELLED';
/** What orders are found by; everything else of one is read from its stream. */
export type ListedOrder = { readonly channelId: string; readonly placedAt: number; readonly state: ListedState };
const orderOf = ({ stream }: ProjectedMeta): string => stream.slice('order-'.length);

/** Answers ListOrders. */
export const ordersList: Projection<OrderEvent, ListedOrder> = {
  collection: { name: 'orders_v1', indexes: [{ fields: ['channelId', 'placedAt'] }, { fields: ['placedAt', 'state'] }] },
  idsOf: (_event, meta) => [orderOf(meta)],
  apply: (order, event) => {
    if (event.type === 'OrderPlaced') return { channelId: event.channelId, placedAt: event.placedAt, state: 'PENDING' };
    if (event.type === 'OrderRefused') return { channelId: event.channelId, placedAt: event.placedAt, state: 'REJECTED' };
    const state = stateAfter(event);
    return order && state && state !== order.state ? { ...order, state } : order;
  },
};

/** Undefined: as it was. */
const stateAfter = (event: Exclude<OrderEvent, { type: 'OrderPlaced' | 'OrderRefused' }>): ListedState | undefined => {
  switch (event.type) {
    case 'ReviewBegun':
      return 'IN_REVIEW';
    case 'ReviewResolved':
    case 'PaymentReceived':
      return 'PENDING';
    case 'PaymentAwaited':
      return 'AWAITING_PAYMENT';
    case 'OrderConfirmed':
    case 'OrderRevived':
      return 'FULFILLING';
    case 'OrderCompleted':
      return 'COMPLETED';
    case 'OrderRejected':
      return 'REJECTED';
    case 'OrderCancelled':
      return 'CANCELLED';
    case 'TopUpSettled':
    case 'LineDelivered':
    case 'OrderUndone':
    case 'RevivalBegun':
    case 'RevivalFailed':
    case 'RefundAllocated':
      return undefined;
  }
};

/** An open order and when it is to be looked at again. `payBy`, `giveUpBy`: its own longer waits. */
export type OpenOrder = { readonly dueAt: number; readonly payBy?: number; readonly reviewUntil?: number; readonly giveUpBy?: number; readonly confirmed?: true };
/** A course that should have gone on by itself is looked at again after this. */
const SAFETY_MS = 30_000;

/** Every order that has not ended, or has something to hand back: woken at its deadline, and at start. */
export const openOrders: Projection<OrderEvent, OpenOrder> = {
  collection: { name: 'order_deadlines_v1', indexes: [{ fields: ['dueAt'] }] },
  idsOf: (_event, meta) => [orderOf(meta)],
  apply: (open, event) => {
    switch (event.type) {
      case 'OrderPlaced':
        return placed(event);
      case 'OrderRefused':
      case 'OrderCompleted':
      case 'OrderUndone':
        return undefined;
      // Past the pivot nothing is left to hand back.
      case 'OrderCancelled':
        return open?.confirmed ? undefined : due(open, event.at + SAFETY_MS);
      case 'OrderRejected':
      case 'RevivalFailed':
      case 'PaymentReceived':
      case 'ReviewResolved':
        return due(open, event.at + SAFETY_MS);
      case 'ReviewBegun':
        return due(open, open?.reviewUntil ?? event.until);
      case 'PaymentAwaited':
        return due(open, open?.payBy ?? event.at);
      case 'RevivalBegun':
        return due(open, event.answerBy);
      case 'OrderConfirmed':
      case 'OrderRevived':
        return { ...due(open, open?.giveUpBy ?? event.at + SAFETY_MS), confirmed: true };
      case 'TopUpSettled':
      case 'LineDelivered':
      case 'RefundAllocated':
        return open;
    }
  },
};
const due = (open: OpenOrder | undefined, dueAt: number): OpenOrder => ({ ...open, dueAt });
const placed = ({ answerBy, payment, reviewUntil, placedAt, lines }: OrderTerms): OpenOrder => {
  const longest = lines.reduce((ms, { topUp }) => Math.max(ms, topUp?.giveUpMs ?? 0), 0);
  return {
    dueAt: answerBy, ...(payment && { payBy: payment.payBy }), ...(reviewUntil !== undefined && { reviewUntil }),
    ...(longest > 0 && { giveUpBy: placedAt + longest }),
  };
};
