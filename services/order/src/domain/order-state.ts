import { type Details, type Instant, invariant, type Of } from '@vouchsafe/kernel';
import type { CommittedLine, Ending, OrderEvent, RefundShare, TopUpEnd } from './order-events.js';
import type { CostedRange, LineCount, OrderTerms, Reason } from './terms.js';

/** What became of one line so far. `final`: nothing more will be delivered on it. */
export type LineState = {
  readonly delivered: number;
  readonly failed: number;
  readonly final: boolean;
  readonly reason?: Reason;
  readonly topUp?: TopUpEnd;
  readonly deliveredAt?: Instant;
  readonly refunded: number;
  readonly chargedBack: number;
  /** Money given back of the line's gross, by refunds and charge-backs. */
  readonly takenBackMinor: bigint;
};
type Known = { readonly terms: OrderTerms; readonly lines: ReadonlyMap<string, LineState>; readonly revived: boolean; readonly paid: boolean };
export type PlacedOrder = Known & {
  readonly step: 'placed';
  readonly review: 'none' | 'wanted' | 'begun' | 'allowed' | 'denied';
  readonly payment: 'none' | 'awaited' | 'received';
};
export type ConfirmedOrder = Known & { readonly step: 'confirmed'; readonly committed: ReadonlyMap<string, readonly CostedRange[]> };
export type RevivingOrder = Known & { readonly step: 'reviving'; readonly answerBy: Instant; readonly heldUntil: Instant; readonly endedAt: Instant };
export type EndedOrder = Known & {
  readonly step: 'ended';
  readonly end: 'COMPLETED' | 'REJECTED' | 'CANCELLED';
  readonly reason?: Reason;
  readonly details: Details;
  readonly endedAt: Instant;
  /** Something may still stand at others and is being handed back. */
  readonly undoOwed: boolean;
  readonly awaited: boolean;
  readonly committed: ReadonlyMap<string, readonly CostedRange[]>;
  readonly allocated: ReadonlyMap<string, readonly RefundShare[]>;
};
export type RefusedOrder = { readonly step: 'refused'; readonly refusal: Of<OrderEvent, 'OrderRefused'> };
/** A placed order. */
export type LiveOrder = PlacedOrder | ConfirmedOrder | RevivingOrder | EndedOrder;
export type Order = { readonly step: 'absent' } | RefusedOrder | LiveOrder;

export const isLive = (order: Order): order is LiveOrder => order.step !== 'absent' && order.step !== 'refused';
/** Fingerprint of the body the order was placed with; undefined where there is no order. */
export const fingerprintOf = (order: Order): string | undefined => {
  if (order.step === 'absent') return undefined;
  return order.step === 'refused' ? order.refusal.fingerprint : order.terms.fingerprint;
};
/** The one cancellation that late money may undo. */
export const TIMED_OUT = 'PAYMENT_TIMED_OUT';

export const absent: Order = { step: 'absent' };

export const evolve = (order: Order, event: OrderEvent): Order => {
  switch (event.type) {
    case 'OrderPlaced':
      return placed(event);
    case 'OrderRefused':
      return { step: 'refused', refusal: event };
    case 'ReviewBegun':
      return { ...inStep(order, 'placed'), review: 'begun' };
    case 'ReviewResolved':
      return { ...inStep(order, 'placed'), review: event.decision === 'allow' ? 'allowed' : 'denied' };
    case 'PaymentAwaited':
      return { ...inStep(order, 'placed'), payment: 'awaited' };
    case 'PaymentReceived':
      return { ...inStep(order, 'placed'), payment: 'received', paid: true };
    case 'OrderConfirmed':
      return confirmed(inStep(order, 'placed'), event.lines, false);
    case 'OrderRevived':
      return confirmed(inStep(order, 'reviving'), event.lines, true);
    case 'TopUpSettled':
      return toppedUp(inStep(order, 'confirmed'), event);
    case 'LineDelivered':
      return delivered(inStep(order, 'confirmed'), event);
    case 'OrderCompleted':
      return ended(inStep(order, 'confirmed'), event, 'COMPLETED', event.at);
    case 'OrderRejected':
      return ended(inStep(order, 'placed'), event, 'REJECTED', event.at);
    case 'OrderCancelled':
      return ended(live(order), event, 'CANCELLED', event.at);
    case 'OrderUndone':
      return { ...inStep(order, 'ended'), undoOwed: false };
    case 'RevivalBegun':
      return reviving(inStep(order, 'ended'), event);
    case 'RevivalFailed':
      return revivalFailed(inStep(order, 'reviving'), event);
    case 'RefundAllocated':
      return allocated(inStep(order, 'ended'), event);
  }
};

const live = (order: Order): LiveOrder => {
  invariant(isLive(order), 'only a placed order has a course');
  return order;
};
const inStep = <S extends LiveOrder['step']>(order: Order, step: S): Extract<LiveOrder, { step: S }> => {
  invariant(order.step === step, 'an order takes its steps in order');
  return order as Extract<LiveOrder, { step: S }>;
};

const NOTHING_YET: LineState = { delivered: 0, failed: 0, final: false, refunded: 0, chargedBack: 0, takenBackMinor: 0n };
/** The event is the terms: nothing of it is copied. */
const placed = (terms: Of<OrderEvent, 'OrderPlaced'>): PlacedOrder => ({
  step: 'placed', terms, lines: new Map(terms.lines.map(({ lineId }) => [lineId, NOTHING_YET])),
  review: terms.verdict.decision === 'review' ? 'wanted' : 'none', payment: 'none', paid: false, revived: false,
});
const confirmed = (order: PlacedOrder | RevivingOrder, lines: readonly CommittedLine[], revived: boolean): ConfirmedOrder => ({
  step: 'confirmed', terms: order.terms, lines: order.lines, revived, paid: order.paid,
  committed: new Map(lines.map(({ lineId, ranges }) => [lineId, ranges])),
});
const withLine = (order: ConfirmedOrder, lineId: string, change: Partial<LineState>): ConfirmedOrder =>
  ({ ...order, lines: new Map(order.lines).set(lineId, { ...order.lines.get(lineId)!, ...change }) });
const quantityOf = ({ terms }: LiveOrder, lineId: string): number => terms.lines.find((line) => line.lineId === lineId)!.quantity;

const toppedUp = (order: ConfirmedOrder, { type: _, ...topUp }: Of<OrderEvent, 'TopUpSettled'>): ConfirmedOrder => {
  const failed = quantityOf(order, topUp.lineId) - topUp.delivered;
  return withLine(order, topUp.lineId, { delivered: topUp.delivered, failed, final: true, reason: topUp.reason, topUp, deliveredAt: topUp.at });
};
const delivered = (order: ConfirmedOrder, { lineId, at }: Of<OrderEvent, 'LineDelivered'>): ConfirmedOrder =>
  withLine(order, lineId, { delivered: quantityOf(order, lineId), final: true, deliveredAt: at });

const NO_RANGES: ReadonlyMap<string, readonly CostedRange[]> = new Map([]);
const NO_SHARES: ReadonlyMap<string, readonly RefundShare[]> = new Map([]);
const ended = (
  order: LiveOrder, event: Ending & { readonly reason?: Reason; readonly details?: Details }, end: EndedOrder['end'], at: Instant,
): EndedOrder => ({
  step: 'ended', terms: order.terms, revived: order.revived, paid: order.paid, end, reason: event.reason, details: event.details ?? {}, endedAt: at,
  // Past the pivot an order ends only when nothing is left to hand back.
  undoOwed: order.step === 'placed', awaited: order.step === 'placed' && order.payment !== 'none',
  lines: new Map(event.lines.map((line) => [line.lineId, { ...order.lines.get(line.lineId)!, delivered: line.delivered, failed: line.failed, final: true }])),
  committed: order.step === 'confirmed' ? order.committed : NO_RANGES, allocated: NO_SHARES,
});

const reviving = ({ terms, lines, endedAt }: EndedOrder, { answerBy, heldUntil }: Of<OrderEvent, 'RevivalBegun'>): RevivingOrder => ({
  step: 'reviving', terms, lines: new Map([...lines.keys()].map((lineId) => [lineId, NOTHING_YET])), revived: true, paid: true,
  answerBy, heldUntil, endedAt,
});
const revivalFailed = (order: RevivingOrder, { reason, at }: Of<OrderEvent, 'RevivalFailed'>): EndedOrder => ({
  ...ended(order, { ...endingOf(order), reason: TIMED_OUT, details: { revival: reason } }, 'CANCELLED', at), undoOwed: true, endedAt: order.endedAt,
});

const allocated = (order: EndedOrder, { refundId, cause, shares }: Of<OrderEvent, 'RefundAllocated'>): EndedOrder => {
  const lines = new Map(order.lines);
  for (const share of shares) {
    const line = lines.get(share.lineId)!;
    const count = cause === 'refund' ? { refunded: line.refunded + share.units } : { chargedBack: line.chargedBack + share.units };
    lines.set(share.lineId, { ...line, ...count, takenBackMinor: line.takenBackMinor + share.minor });
  }
  return { ...order, lines, allocated: new Map(order.allocated).set(refundId, shares) };
};

/** The fields of an ending that follow from the order. */
export const endingOf = ({ terms, lines }: LiveOrder): Ending => endingWith(terms, terms.lines.map(({ lineId, productId, quantity }) => {
  const { delivered } = lines.get(lineId)!;
  return { lineId, productId, ordered: quantity, delivered, failed: quantity - delivered };
}));
export const endingWith = ({ number, channelId, totalMinor, currency, placedAt }: OrderTerms, lines: readonly LineCount[]): Ending =>
  ({ number, channelId, totalMinor, currency, placedAt, lines });
export const rejected = (order: PlacedOrder, reason: Reason, at: Instant, details: Details = {}): OrderEvent =>
  ({ type: 'OrderRejected', ...endingOf(order), reason, details, at });
export const cancelled = (order: LiveOrder, reason: Reason, at: Instant, by?: string): OrderEvent =>
  ({ type: 'OrderCancelled', ...endingOf(order), reason, ...(by !== undefined && { by }), at });
