import { accept, type Decider, type Decision, type Instant, type Message, plusMs, reject } from '@vouchsafe/kernel';

export type GuardCommand =
  /** `repeat`: the buyer wants a second one. */
  | Message<'Claim', { deliveryId: string; guardMs: number; repeat: boolean; at: Instant }>
  | Message<'Release', { deliveryId: string; at: Instant }>;
export type GuardEvent = Message<'TopUpGuarded', { deliveryId: string; at: Instant }> | Message<'GuardReleased', { deliveryId: string; at: Instant }>;
export type GuardRejection = 'DUPLICATE_TOP_UP';
/** The last top-up of this product into this account, if it counts. */
export type Guard = { readonly last?: { readonly deliveryId: string; readonly at: Instant } };

const decide = (command: GuardCommand, { last }: Guard): Decision<GuardEvent, GuardRejection> => {
  const mine = last?.deliveryId === command.deliveryId;
  switch (command.type) {
    case 'Claim': {
      const { deliveryId, guardMs, repeat, at } = command;
      if (mine) return accept();
      const near = last !== undefined && at < plusMs(last.at, guardMs);
      return near && !repeat ? reject('DUPLICATE_TOP_UP') : accept({ type: 'TopUpGuarded', deliveryId, at });
    }
    // what failed must not keep the buyer from trying again
    case 'Release': return mine ? accept({ type: 'GuardReleased', deliveryId: command.deliveryId, at: command.at }) : accept();
  }
};
const evolve = (guard: Guard, event: GuardEvent): Guard => {
  switch (event.type) {
    case 'TopUpGuarded': return { last: { deliveryId: event.deliveryId, at: event.at } };
    case 'GuardReleased': return guard.last?.deliveryId === event.deliveryId ? {} : guard;
  }
};

/** Keeps the same product from reaching the same account twice by mistake. Stream `topupguard-<product>_<account token>`. */
export const guardDecider: Decider<Guard, GuardCommand, GuardEvent, GuardRejection> = { decide, evolve, initial: {} };
