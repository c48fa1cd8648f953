import type { Projection } from '@vouchsafe/read-store';
import type { BatchEvent } from '../domain/batch.js';
import type { StockEvent } from '../domain/stock-types.js';

export type BatchState = 'RECEIVING' | 'PROCESSING' | 'READY' | 'COMPLETED' | 'ABORTED';
/** A batch and its import, as people look at them. Money is bigint minor units. */
export type BatchCard = {
  readonly batchId: string; readonly importId: string; readonly productId: string; readonly supplierId: string; readonly state: BatchState;
  readonly minted: boolean; readonly uses: number; readonly rows: number; readonly refused: number; readonly bytes: number; readonly quantity: number;
  readonly lost: number; readonly recalled: boolean; readonly erased: boolean; readonly currency: string; readonly costMinor: bigint; readonly taxMinor: bigint;
  readonly vaultHash: string; readonly planned: number; readonly reason: string; readonly startedAt: number; readonly endedAt: number;
  readonly firstExpiry: number; readonly lastExpiry: number; readonly version: number;
};

const collection = {
  name: 'batches_v1',
  indexes: [{ fields: ['startedAt'] }, { fields: ['productId', 'startedAt'] }, { fields: ['state', 'startedAt'] }, { fields: ['productId', 'state', 'startedAt'] }],
};

/** From a batch's own stream. */
export const batchCards: Projection<BatchEvent, BatchCard> = {
  collection,
  idsOf: (_, { stream }) => [stream.slice('batch-'.length)],
  apply: (card, event) => {
    switch (event.type) {
      case 'BatchStarted': {
        const { plan, at } = event;
        const minted = plan.source.type === 'mint';
        return {
          batchId: plan.batchId, importId: plan.importId, productId: plan.productId, supplierId: plan.terms.supplierId, state: minted ? 'PROCESSING' : 'RECEIVING', minted,
          uses: plan.uses, rows: 0, refused: 0, bytes: 0, quantity: 0, lost: 0, recalled: false, erased: false, currency: plan.terms.currency, costMinor: 0n, taxMinor: 0n, vaultHash: '',
          planned: plan.source.type === 'mint' ? plan.source.plan.quantity : 0, reason: '', startedAt: at, endedAt: 0, firstExpiry: 0, lastExpiry: 0, version: 1,
        };
      }
      case 'ContentFinished': return card && { ...card, state: 'PROCESSING', bytes: event.bytes, version: card.version + 1 };
      case 'BatchSealed': {
        const ends = event.segments.flatMap(({ validUntil }) => validUntil ?? []);
        const [firstExpiry, lastExpiry] = ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : [0, 0];
        return card && { ...card, state: 'READY', rows: event.vault.rows, refused: event.refused, vaultHash: event.vault.hash, firstExpiry, lastExpiry, version: card.version + 1 };
      }
      case 'ImportCompleted':
        return card && { ...card, state: 'COMPLETED', quantity: event.quantity, costMinor: event.cost.minor, taxMinor: event.inputTax.minor, endedAt: event.at, version: card.version + 1 };
      case 'ImportAborted': return card && { ...card, state: 'ABORTED', reason: event.reason, endedAt: event.at, version: card.version + 1 };
      case 'BatchErased': return card && { ...card, erased: true, reason: event.reason, version: card.version + 1 };
      case 'ImportSettled': return card;
    }
  },
};

/** What the pool says of a batch later. */
export const batchLosses: Projection<StockEvent, BatchCard> = {
  collection,
  idsOf: (event) => (event.type === 'UnitsLost' || event.type === 'BatchRecalled' ? [event.batchId] : []),
  apply: (card, event) => {
    if (!card) return card;
    if (event.type === 'UnitsLost') return { ...card, lost: card.lost + event.quantity, version: card.version + 1 };
    return event.type === 'BatchRecalled' ? { ...card, recalled: true, reason: event.reason, version: card.version + 1 } : card;
  },
};
