import type { CollectionSpec } from '../port.js';

/** What SQLite keeps of an indexed field. A boolean is a one-byte blob, so that it is no number and sorts after strings. */
export type Cell = null | number | string | Uint8Array;

/**
 * Documents on their way in, one after another in one flat list, for that is what passes to another thread quickest. Of each:
 * id, value (JSON text; null deletes), revisions (JSON text), 1 where these are to be the only revisions, the list-valued
 * fields' members by field number (JSON text; empty where there are none), then one cell per indexed field.
 */
export type PackedRows = readonly Cell[];
/** Members of a document in {@link PackedRows} before its cells. */
export const ROW_HEAD = 5;

/** A document on its way out: id, value, revisions, the last two as text. */
export type ReadRow = readonly [id: string, value: string, revisions: string];

/** What changes the file. Plain data, for the writer may live in another thread. */
export type WriteRequest =
  | { readonly kind: 'write'; readonly name: string; readonly rows: PackedRows }
  | { readonly kind: 'checkpoint'; readonly name: string; readonly position: number }
  | { readonly kind: 'forget'; readonly name: string }
  | { readonly kind: 'open'; readonly spec: CollectionSpec }
  | { readonly kind: 'drop'; readonly name: string }
  /** Gives `name` the tables of `replacement`; the tables that served `name` before are dropped by `purge`. */
  | { readonly kind: 'replace'; readonly name: string; readonly replacement: string }
  /** Drops tables that serve no name any more. */
  | { readonly kind: 'purge' };

/** Takes requests one after another, each atomic. Settles once it is committed (it survives the process, not yet a power cut). */
export interface Writer {
  run(request: WriteRequest): Promise<void>;
  close(): Promise<void>;
}

/** The distinct indexed fields of a collection, in the order they are first named. */
export const fieldsOf = (spec: CollectionSpec): readonly string[] => [...new Set(spec.indexes.flatMap(({ fields }) => fields))];
