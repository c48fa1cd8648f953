import { type Figures, noFigures } from '@vouchsafe/runtime';
import type { OrderEvent } from '../domain/order-events.js';

const ENDS: Partial<Readonly<Record<OrderEvent['type'], string>>> = { OrderCompleted: 'COMPLETED', OrderRefused: 'REJECTED', OrderRejected: 'REJECTED', OrderCancelled: 'CANCELLED' };

/** Counts orders as they end here, by state and reason. One that was cancelled, paid late and revived ends twice. */
export const endsCounter = (figures: Figures = noFigures): ((events: readonly OrderEvent[]) => void) => {
  const ended = figures.counter('vouchsafe_orders_ended_total', 'Orders that ended, by end state and reason', ['state', 'reason']);
  return (events) => {
    for (const event of events) {
      const state = ENDS[event.type];
      if (state !== undefined) ended.with(state, 'reason' in event && event.reason ? event.reason : '').inc();
    }
  };
};
