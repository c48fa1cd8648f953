import type { Projection } from '@vouchsafe/read-store';
import type { StockEvent } from '../domain/stock-types.js';

/** Where in a pool's stream a reservation was committed and its units came back: for answers older than the pool's memory. */
export type SalePlace = { readonly stream: string; readonly committedAt?: number; readonly backAt: readonly number[]; readonly released: boolean };

/** One document per committed reservation, and one per refund that returned units. Answers {@link SalesPast}. */
export const sales: Projection<StockEvent, SalePlace> = {
  collection: { name: 'sales_v1', indexes: [] },
  idsOf: (event) => {
    switch (event.type) {
      case 'ReservationCommitted': return [event.claim.reservationId];
      case 'ReservationReleased': return event.was === 'committed' ? [event.claim.reservationId] : [];
      case 'UnitsReturned': return [event.claim.reservationId, event.refundId];
      default: return [];
    }
  },
  apply: (place, event, { stream, revision }) => {
    const known = place ?? { stream, backAt: [], released: false };
    switch (event.type) {
      case 'ReservationCommitted': return { ...known, committedAt: revision };
      case 'ReservationReleased': return { ...known, backAt: [...known.backAt, revision], released: true };
      case 'UnitsReturned': return { ...known, backAt: [...known.backAt, revision] };
      default: return place;
    }
  },
};
