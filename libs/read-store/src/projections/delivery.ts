import type { RecordedEvent } from '@vouchsafe/event-store';
import type { Halted } from '../runner-port.js';
import type { BoundProjection } from './bound.js';

/** An event on its way into a document: decoded once, shared by all projections of its codec. */
export type Delivery = { readonly bound: BoundProjection; readonly event: unknown; readonly meta: RecordedEvent };
/** What is delivered to each document of one collection, by its id, in the order of the events. */
export type ByDocument = ReadonlyMap<string, readonly Delivery[]>;

/** What stands still, and who is told of what must. */
export type Halting = { has(collection: string, document: string): boolean; add(halted: Halted): void };

/** Several projections may feed a document with one event: it is new to all of them or to none. Index behind the event at `at`. */
export const endOfEvent = (deliveries: readonly Delivery[], at: number): number => {
  let end = at + 1;
  while (end < deliveries.length && deliveries[end]!.meta === deliveries[at]!.meta) end++;
  return end;
};

/** The document after one event, that is delivered from `at` to `end`. */
export const valueAfter = (before: unknown, deliveries: readonly Delivery[], { id, at, end }: { readonly id: string; readonly at: number; readonly end: number }): unknown => {
  let value = before;
  for (let i = at; i < end; i++) {
    const { bound, event, meta } = deliveries[i]!;
    value = bound.apply(value, event, meta, id);
  }
  return value;
};

/** What failed there, as it is told of. */
export const haltedAt = ({ bound, meta }: Delivery, document: string, error: unknown): Halted => ({
  collection: bound.collection.name, document, stream: meta.stream, revision: meta.revision, error: String(error),
});
