import type { EventCodec } from '@vouchsafe/codec';
import type { CollectionSpec, ProjectedMeta, Projection } from '../port.js';

/** A projection with the codec of its events and the stream categories they lie in; what the runner runs. */
export type BoundProjection = {
  readonly collection: CollectionSpec;
  readonly categories: readonly string[];
  /** Projections that share a codec share the decoded event too. */
  readonly codec: { readonly decode: (type: string, data: unknown) => unknown };
  readonly idsOf: (event: unknown, meta: ProjectedMeta) => readonly string[];
  readonly apply: (value: unknown, event: unknown, meta: ProjectedMeta, id: string) => unknown;
};

/** Binds a projection to its events. Several may feed one collection; events of a type the codec does not know are skipped. */
export const bind = <E extends { readonly type: string }, T>(
  projection: Projection<E, T>, codec: EventCodec<E>, categories: readonly string[],
): BoundProjection => ({
  collection: projection.collection,
  categories,
  codec,
  idsOf: (event, meta) => projection.idsOf(event as E, meta),
  apply: (value, event, meta, id) => projection.apply(value as T | undefined, event as E, meta, id),
});
