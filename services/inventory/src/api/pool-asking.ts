import type { Envelope, EventStore } from '@vouchsafe/event-store';
import type { Collection } from '@vouchsafe/read-store';
import type { UnitRef } from '@vouchsafe/vault';
import type { Pools } from '../application/pools.js';
import { stock as decider } from '../domain/stock.js';
import type { StockCommand, StockEvent, Units } from '../domain/stock-types.js';
import type { BatchCard } from '../projections/batches.js';
import { failureOf } from './errors.js';
import { idOf } from './reading.js';

export type CardOptions = { readonly store: EventStore; readonly cards: Collection<BatchCard>; readonly projections: { caughtUp(): Promise<void> } };

/** A completed batch's card; one that was just written is waited for. */
export const cardOf = async ({ cards, store, projections }: CardOptions, batchId: string): Promise<BatchCard> => {
  idOf('/batchId', 'batch', batchId);
  await store.durable(store.head());
  await projections.caughtUp();
  const card = (await cards.get(batchId))?.value;
  if (card?.state !== 'COMPLETED') throw failureOf('BATCH_UNKNOWN');
  return card;
};

export type Asked = { readonly productId: string; readonly command: StockCommand; readonly validateOnly: boolean };
/** What the pool answers, or would answer. */
export const askPool = async (pools: Pools, { productId, command, validateOnly }: Asked, envelope: Envelope): Promise<readonly StockEvent[]> => {
  const answer = validateOnly ? decider.decide(command, await pools.state(productId)) : await pools.decide(productId, command, envelope);
  if (answer.ok) return answer.events;
  throw answer.code === 'HISTORY_STALE' ? failureOf('POOL_HELD') : failureOf(answer.code, answer.details);
};

export const lostIn = (events: readonly StockEvent[]): number => events.reduce((n, event) => (event.type === 'UnitsLost' ? n + event.quantity : n), 0);
export const sizeOf = (ranges: readonly Units[]): number => ranges.reduce((n, { from, to }) => n + to - from, 0);
/** Indexes of the units that left stock. */
export const indexesLost = (events: readonly StockEvent[]): ReadonlySet<number> =>
  new Set(events.flatMap((event) => (event.type === 'UnitsLost' ? event.ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)) : [])));
/** Whether a unit left stock unsold before. */
export const isHole = async (pools: Pools, productId: string, { batchId, index }: UnitRef): Promise<boolean> =>
  ((await pools.state(productId)).batches.get(batchId)?.holes ?? []).some(({ from, to }) => from <= index && index < to);
/** Single units as ranges, neighbours joined. */
export const joined = (units: readonly UnitRef[]): readonly Units[] => {
  const ranges: Units[] = [];
  for (const { batchId, index } of units.toSorted((a, b) => a.index - b.index)) {
    const last = ranges[ranges.length - 1];
    if (last?.to === index) ranges[ranges.length - 1] = { ...last, to: index + 1 };
    else if (last === undefined || last.to < index) ranges.push({ batchId, from: index, to: index + 1 });
  }
  return ranges;
};
