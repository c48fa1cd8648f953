import type { Claim, StockEvent } from './stock-types.js';

/** What a pool's event gives back to buyers' limits. `giveBackId` tells it from other give-backs of the same reservation. */
export type GiveBack = { readonly claim: Claim; readonly giveBackId: string; readonly quantity?: number };

export const giveBacksOf = (event: StockEvent): readonly GiveBack[] => {
  switch (event.type) {
    case 'ReservationReleased': return [{ claim: event.claim, giveBackId: 'released' }];
    case 'ReservationsExpired': return event.expired.map(({ claim }) => ({ claim, giveBackId: 'expired' }));
    case 'UnitsReturned': return [{ claim: event.claim, giveBackId: event.refundId, quantity: event.quantity }];
    default: return [];
  }
};
