import { accept, type Decider, type Decision, type Instant, type Message, reject } from '@vouchsafe/kernel';

/** What one buyer has of one listing: reserved or sold, less what came back. Stream `buyerlimit-<listing>_<buyer token>`. */
export type BuyerLimitCommand =
  | Message<'TakeFromLimit', { reservationId: string; productId: string; quantity: number; limit: number; notAfter: Instant; at: Instant }>
  /** `giveBackId` tells one give-back of a reservation from another; all that is left where `quantity` is absent. */
  | Message<'GiveBackToLimit', { reservationId: string; giveBackId: string; quantity?: number; at: Instant }>;
export type BuyerLimitEvent =
  | Message<'BuyerQuantityTaken', { reservationId: string; productId: string; quantity: number; notAfter: Instant; at: Instant }>
  | Message<'BuyerQuantityGivenBack', { reservationId: string; giveBackId: string; quantity: number; at: Instant }>;

type Holding = { readonly quantity: number; readonly givenBack: readonly string[] };
/** Bounded by the limit itself: every holding is at least one unit. */
export type BuyerLimit = { readonly taken: number; readonly holdings: ReadonlyMap<string, Holding> };
const emptyLimit: BuyerLimit = { taken: 0, holdings: new Map() };

const decide = (command: BuyerLimitCommand, { taken, holdings }: BuyerLimit): Decision<BuyerLimitEvent, 'BUYER_LIMIT_REACHED'> => {
  const { reservationId, at } = command;
  const held = holdings.get(reservationId);
  switch (command.type) {
    case 'TakeFromLimit': {
      const { quantity, limit, productId, notAfter } = command;
      if (held) return accept();
      if (taken + quantity > limit) return reject('BUYER_LIMIT_REACHED', { limit: String(limit), taken: String(taken) });
      return accept({ type: 'BuyerQuantityTaken', reservationId, productId, quantity, notAfter, at });
    }
    case 'GiveBackToLimit': {
      const { giveBackId, quantity } = command;
      if (!held || held.givenBack.includes(giveBackId)) return accept();
      return accept({ type: 'BuyerQuantityGivenBack', reservationId, giveBackId, quantity: Math.min(quantity ?? held.quantity, held.quantity), at });
    }
  }
};

const evolve = ({ taken, holdings }: BuyerLimit, event: BuyerLimitEvent): BuyerLimit => {
  const { reservationId, quantity } = event;
  const next = new Map(holdings);
  switch (event.type) {
    case 'BuyerQuantityTaken':
      return { taken: taken + quantity, holdings: next.set(reservationId, { quantity, givenBack: [] }) };
    case 'BuyerQuantityGivenBack': {
      const held = next.get(reservationId)!;
      if (held.quantity === quantity) next.delete(reservationId);
      else next.set(reservationId, { quantity: held.quantity - quantity, givenBack: [...held.givenBack, event.giveBackId] });
      return { taken: taken - quantity, holdings: next };
    }
  }
};

export const buyerLimit: Decider<BuyerLimit, BuyerLimitCommand, BuyerLimitEvent, 'BUYER_LIMIT_REACHED'> = { decide, evolve, initial: emptyLimit };
