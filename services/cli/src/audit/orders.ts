import type { RecordedEvent } from '@vouchsafe/event-store';
import { type Fields, fieldsOf, listAt, maybeTextAt, rangesIn, sizeOfAll, tellIn, textAt, textOf, Unreadable, wholeOf } from './strict.js';

type OrderSeen = { readonly placedAt: number; endedAt: number; state: string; before: string; readonly toppedUp: readonly string[] };
/** States in which somebody else is waited for, not the platform. */
export const WAITING: Readonly<Record<string, { readonly zh: string; readonly en: string }>> = {
  IN_REVIEW: { zh: '待人工审核', en: 'in review by a person' }, AWAITING_PAYMENT: { zh: '待买家付款', en: 'awaiting payment' },
};
const STATES: Readonly<Record<string, string>> = {
  ReviewBegun: 'IN_REVIEW', ReviewResolved: 'OPEN', PaymentAwaited: 'AWAITING_PAYMENT', PaymentReceived: 'OPEN', OrderConfirmed: 'OPEN',
  RevivalBegun: 'OPEN', OrderRevived: 'OPEN',
};
const ENDS: Readonly<Record<string, string>> = { OrderCompleted: 'COMPLETED', OrderRejected: 'REJECTED', OrderRefused: 'REJECTED', OrderCancelled: 'CANCELLED' };

/** Follows every order to its end: none is placed twice, none is forgotten, what it says it delivered was granted. */
export class OrderBook {
  readonly violations: string[] = [];
  readonly reasons: Record<string, number> = {};
  readonly #orders = new Map<string, OrderSeen>();
  /** Units granted, by order and line, until the order is complete. */
  readonly #granted = new Map<string, number>();

  /** An event of an `order-` stream. */
  see(name: string, { stream, recordedAt }: RecordedEvent, data: Fields): void {
    const id = stream.slice('order-'.length);
    if (name === 'OrderPlaced' || name === 'OrderRefused') this.#placed(id, recordedAt, name === 'OrderPlaced' ? toppedUpIn(data) : []);
    const order = this.#orders.get(id);
    if (!order) return tellIn(this.violations, `${id}: ${name} of an order nobody placed`);
    const state = STATES[name] ?? ENDS[name] ?? (name === 'RevivalFailed' ? order.before : undefined);
    if (state === undefined) return;
    order.before = order.state;
    order.state = state;
    if (ENDS[name]) this.#ended(name, id, order, recordedAt, data);
  }
  /** Goods were granted under an order's line. */
  granted(data: Fields): void {
    const orderId = textAt(data, 'orderId');
    this.told(orderId, 'goods granted');
    const key = `${orderId}/${textAt(data, 'lineId')}`;
    this.#granted.set(key, (this.#granted.get(key) ?? 0) + sizeOfAll(rangesIn(data)));
  }
  /** Somebody else speaks of an order: it must be there. */
  told(orderId: string, what: string): void {
    if (!this.#orders.has(orderId)) tellIn(this.violations, `${orderId}: ${what}, but the log does not know the order: it was lost`);
  }

  #placed(id: string, at: number, toppedUp: readonly string[]): void {
    if (this.#orders.has(id)) tellIn(this.violations, `${id}: placed twice`);
    this.#orders.set(id, { placedAt: at, endedAt: 0, state: 'OPEN', before: 'OPEN', toppedUp });
  }
  #ended(name: string, id: string, order: OrderSeen, at: number, data: Fields): void {
    const reason = maybeTextAt(data, 'reason');
    if (reason !== undefined) this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    else if (name !== 'OrderCompleted') throw new Unreadable('reason is not a text: this audit cannot prove it');
    order.endedAt = at;
    if (name !== 'OrderCompleted') return;
    for (const row of listAt(data, 'lines')) {
      const [line, , , delivered] = listAt({ row }, 'row');
      const [lineId, told] = [textOf(line, 'lines: line'), wholeOf(delivered, 'lines: delivered')];
      const key = `${id}/${lineId}`;
      const granted = this.#granted.get(key) ?? 0;
      if (!order.toppedUp.includes(lineId) && told !== granted) tellIn(this.violations, `${key}: ${told} delivered, ${granted} granted`);
      this.#granted.delete(key);
    }
  }

  /** Orders by state; times from placed to completed, in order; those that have not ended though nobody is waited for. */
  results(): { readonly byState: Readonly<Record<string, number>>; readonly took: readonly number[]; readonly violations: readonly string[] } {
    const byState: Record<string, number> = {};
    const took: number[] = [];
    const violations = [...this.violations];
    for (const [id, { state, placedAt, endedAt }] of this.#orders) {
      byState[state] = (byState[state] ?? 0) + 1;
      if (state === 'COMPLETED') took.push(endedAt - placedAt);
      if (state === 'OPEN') tellIn(violations, `${id} has not ended`);
    }
    return { byState, took: took.sort((a, b) => a - b), violations };
  }
}

const toppedUpIn = (data: Fields): readonly string[] =>
  listAt(data, 'lines').map((line) => fieldsOf(line, 'lines')).filter((line) => maybeTextAt(line, 'kind') === 'top_up').map((line) => textAt(line, 'id'));
