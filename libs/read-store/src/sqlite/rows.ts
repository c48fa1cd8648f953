import type { CollectionSpec, Query } from '../port.js';

/** What SQLite keeps of an indexed field. A boolean is a one-byte blob, so that it is no number and sorts after strings. */
export type Cell = null | number | string | Uint8Array;

/** A document on its way in: `value` null deletes. */
export type WriteRow = {
  readonly id: string;
  readonly value: string | null;
  readonly revisions: Readonly<Record<string, number>>;
  readonly onlyRevisions: boolean;
  /** One per indexed field, in the order of {@link fieldsOf}. */
  readonly cells: readonly Cell[];
  /** JSON of the list-valued fields' members by field number; empty text where there are none. */
  readonly lists: string;
};
/** A document on its way out: id, value, revisions, the last two as text. */
export type ReadRow = readonly [id: string, value: string, revisions: string];

/**
 * The part that speaks SQL, on rows whose text is made already. Everything in it is data that another thread could be sent.
 */
export interface SqliteEngine {
  open(spec: CollectionSpec): void;
  names(): readonly string[];
  drop(name: string): void;
  replace(name: string, replacement: string): void;
  readMany(name: string, ids: readonly string[]): readonly ReadRow[];
  find(name: string, query: Query): readonly ReadRow[];
  count(name: string, where: Query['where']): number;
  write(name: string, rows: readonly WriteRow[]): void;
  forgetDeleted(name: string): void;
  loadCheckpoint(name: string): number | undefined;
  saveCheckpoint(name: string, position: number): void;
  close(): void;
}

/** The distinct indexed fields of a collection, in the order they are first named. */
export const fieldsOf = (spec: CollectionSpec): readonly string[] => [...new Set(spec.indexes.flatMap(({ fields }) => fields))];
