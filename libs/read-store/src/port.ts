import type { Position } from '@vouchsafe/event-store';
import type { RunnersElsewhere } from './runner-port.js';

/** A value in a document: JSON plus bigint. Instants are numbers of milliseconds. */
export type DocValue = null | boolean | number | bigint | string | readonly DocValue[] | { readonly [key: string]: DocValue | undefined };

/** A stored document, with what its writer says of how far it has seen: the newest revision of each stream that fed it, or of the log. */
export type Doc<T> = { readonly id: string; readonly value: T; readonly revisions: Readonly<Record<string, number>> };

/** An index over top-level fields (string, number, boolean; the LAST may be a list of strings: an entry per member). */
export type IndexSpec = { readonly fields: readonly string[] };
export type CollectionSpec = { readonly name: string; readonly indexes: readonly IndexSpec[] };

export type Scalar = string | number | boolean;
export type Condition = Scalar | { readonly in: readonly Scalar[] } | { readonly gte?: Scalar; readonly gt?: Scalar; readonly lt?: Scalar; readonly lte?: Scalar } | { readonly has: string };
/**
 * Typed filters only; `where` and `orderBy` name indexed fields (another field is a Bug). Numbers compare with numbers and
 * strings (by code point) with strings. Results are ordered by `orderBy` and then by ascending id; an absent field counts
 * as null and is smallest. `after` is the last document of the page before (its `orderBy` values, null where absent).
 */
export type Query = {
  readonly where?: Readonly<Record<string, Condition | undefined>>;
  readonly orderBy?: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
  readonly after?: { readonly values: readonly (Scalar | null)[]; readonly id: string };
  readonly limit: number;
};

/**
 * Written only if, for at least one stream named in `revisions`, the number is larger than the stored one and for none
 * smaller; else it changes nothing (a replayed event). `value` undefined deletes (revisions are kept as a tombstone
 * no longer than the writer needs it: {@link Collection.forgetDeleted}). The document's other revisions stay, unless
 * `onlyRevisions`: then it has these alone afterwards.
 */
export type WriteOp<T> = {
  readonly id: string; readonly value: T | undefined; readonly revisions: Readonly<Record<string, number>>; readonly onlyRevisions?: true;
};

/** A document as its only writer makes it of what it has read (`from`; undefined: it was not there). `value` undefined deletes it. */
export type Folded = { readonly id: string; readonly value: unknown; readonly from: Doc<unknown> | undefined };

/**
 * Tells an event from another that may come to lie at its position, where a log was put back and has grown again: `leaf` (hex)
 * is that of the first event of the follower's behind `after`.
 */
export type Witness = { readonly after: Position; readonly leaf: string };
/** How far a follower has got: everything of its own up to `position` is handled. `witness`: of its newest event, where it is near. */
export type Checkpoint = { readonly name: string; readonly position: Position; readonly witness?: Witness };

/** Documents of several collections and the checkpoint that stands for them. */
export type Commit = { readonly documents: ReadonlyMap<string, readonly Folded[]>; readonly checkpoint?: Checkpoint };

export interface Collection<T> {
  get(id: string): Promise<Doc<T> | undefined>;
  getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Doc<T>>>;
  find(query: Query): Promise<readonly Doc<T>[]>;
  count(where?: Query['where']): Promise<number>;
  /** Writes a batch; each document atomically, by itself. */
  write(ops: readonly WriteOp<T>[]): Promise<void>;
  /** Drops tombstones. To be called when no event older than what they stand for can come again (behind the checkpoint). */
  forgetDeleted(): Promise<void>;
  /** Where the adapter can: calls `changed` after this process has written to the collection. Answers how to end it. */
  watch?(changed: () => void): () => void;
}

/** Documents that replay can rebuild. One per namespace. Promises only what MongoDB can also keep. */
export interface ReadStore {
  /** Opens (and if need be creates) a collection with its indexes. */
  collection<T>(spec: CollectionSpec): Promise<Collection<T>>;
  collectionNames(): Promise<readonly string[]>;
  dropCollection(name: string): Promise<void>;
  /** Atomically lets `name` answer with what `replacement` holds; `replacement` is gone afterwards. */
  replaceCollection(name: string, replacement: string): Promise<void>;
  loadCheckpoint(name: string): Promise<Position | undefined>;
  /** Saved after the effects it covers. */
  saveCheckpoint(name: string, position: Position, witness?: Witness): Promise<void>;
  /** Of the checkpoint, where the adapter keeps it and one was given. */
  loadWitness?(name: string): Promise<Witness | undefined>;
  /**
   * Where the adapter can: writes all of it or nothing. So no event is ever applied again to a document that has seen it, and
   * documents need neither revisions nor tombstones. Only for collections that nobody else writes.
   */
  commit?(commit: Commit): Promise<void>;
  /** Where the adapter has a place of its own for projections, so that they do not take the time of those who take orders. */
  readonly runners?: RunnersElsewhere | undefined;
  close(): Promise<void>;
}

/** What one event means for documents: pure, never refuses, for the fact has happened. */
export type Projection<E, T> = {
  readonly collection: CollectionSpec;
  /** Documents the event is about. */
  readonly idsOf: (event: E, meta: ProjectedMeta) => readonly string[];
  /** The document after the event; undefined deletes it or leaves it absent. */
  readonly apply: (value: T | undefined, event: E, meta: ProjectedMeta, id: string) => T | undefined;
};
/** Of the recorded event: where and when. It may be the recorded event itself: name what you use, do not spread it. */
export type ProjectedMeta = {
  readonly stream: string; readonly revision: number; readonly occurredAt: number; readonly recordedAt: number;
  readonly correlation: string; readonly principal: string; readonly id: string;
};
