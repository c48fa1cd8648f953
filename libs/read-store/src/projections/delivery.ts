import type { RecordedEvent } from '@vouchsafe/event-store';
import type { Halted } from '../runner-port.js';
import type { BoundProjection } from './bound.js';

/** What stands still, and who is told of what must. */
export type Halting = { has(collection: string, document: string): boolean; add(halted: Halted): void };

/** What failed there, as it is told of. */
export const haltedAt = (bound: BoundProjection, meta: RecordedEvent, { id, error }: { readonly id: string; readonly error: unknown }): Halted => ({
  collection: bound.collection.name, document: id, stream: meta.stream, revision: meta.revision, error: String(error),
});
