import type { Projection } from '@vouchsafe/read-store';
import { giveBacksOf } from '../domain/give-backs.js';
import type { BatchEvent } from '../domain/batch.js';
import type { BuyerLimitEvent } from '../domain/buyer-limit.js';
import type { StockEvent } from '../domain/stock-types.js';

/**
 * What a crash may have left between two streams, as deadlines: done at once as a rule, and then the document is gone before
 * it is due.
 */
export type Chore =
  /** A completed or aborted import whose consequences (vault, pool, spool) are to be carried out. */
  | { readonly dueAt: number; readonly kind: 'settle-import'; readonly batchId: string }
  /** Units that go back to a buyer's limit. */
  | { readonly dueAt: number; readonly kind: 'give-back'; readonly listingId: string; readonly buyerToken: string; readonly reservationId: string; readonly giveBackId: string; readonly quantity: number }
  /** A share of a limit taken for a reservation that the pool may never have accepted: asked once its reserve can no longer come. */
  | { readonly dueAt: number; readonly kind: 'check-limit'; readonly productId: string; readonly reservationId: string; readonly listingId: string; readonly buyerToken: string };

const collection = { name: 'chores_v1', indexes: [{ fields: ['dueAt'] }] };
/** Time for the usual way to be done first. */
const GRACE_MS = 5_000;
const ofImport = (batchId: string): string => `import/${batchId}`;
const ofGiveBack = (reservationId: string, giveBackId: string): string => `give-back/${reservationId}/${giveBackId}`;

export const importChores: Projection<BatchEvent, Chore> = {
  collection,
  idsOf: (event) => {
    switch (event.type) {
      case 'ImportCompleted': return [ofImport(event.plan.batchId)];
      case 'ImportAborted':
      case 'BatchErased':
      case 'ImportSettled': return [ofImport(event.batchId)];
      default: return [];
    }
  },
  apply: (chore, event) => {
    switch (event.type) {
      case 'ImportCompleted': return { dueAt: event.at + GRACE_MS, kind: 'settle-import', batchId: event.plan.batchId };
      case 'BatchErased':
      case 'ImportAborted': return { dueAt: event.at + GRACE_MS, kind: 'settle-import', batchId: event.batchId };
      case 'ImportSettled': return undefined;
      default: return chore;
    }
  },
};

export const poolChores: Projection<StockEvent, Chore> = {
  collection,
  idsOf: (event) => {
    if (event.type === 'VouchersReserved') return event.claim.buyerToken === undefined ? [] : [ofLimit(event.claim.reservationId)];
    return giveBacksOf(event).filter(({ claim }) => claim.buyerToken !== undefined).map(({ claim, giveBackId }) => ofGiveBack(claim.reservationId, giveBackId));
  },
  apply: (_chore, event, { occurredAt }, id) => {
    for (const { claim, giveBackId, quantity } of giveBacksOf(event)) {
      const { reservationId, listingId, buyerToken } = claim;
      if (buyerToken === undefined || ofGiveBack(reservationId, giveBackId) !== id) continue;
      return { dueAt: occurredAt + GRACE_MS, kind: 'give-back', listingId, buyerToken, reservationId, giveBackId, quantity: quantity ?? 0 };
    }
    return undefined; // reserved: the share of the limit belongs to a reservation that exists
  },
};

const ofLimit = (reservationId: string): string => `limit/${reservationId}`;
export const limitChores: Projection<BuyerLimitEvent, Chore> = {
  collection,
  idsOf: (event) =>
    event.type === 'BuyerQuantityTaken' ? [ofLimit(event.reservationId)] : [ofLimit(event.reservationId), ofGiveBack(event.reservationId, event.giveBackId)],
  apply: (_chore, event, { stream }) => {
    if (event.type === 'BuyerQuantityGivenBack') return undefined;
    const key = stream.slice('buyerlimit-'.length);
    const cut = key.indexOf('_', key.indexOf('_') + 1); // both are `<prefix>_<id>`
    return {
      dueAt: event.notAfter + GRACE_MS, kind: 'check-limit', productId: event.productId, reservationId: event.reservationId,
      listingId: key.slice(0, cut), buyerToken: key.slice(cut + 1),
    };
  },
};
