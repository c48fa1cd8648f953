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

/**
 * Documents of one writer on their way in, in the same way. Of each: the row it was read from (null: it was not there), then
 * the row's columns: hash, id, list-valued fields' members, value (null deletes), one cell per indexed field.
 */
export const PUT_HEAD = 5;

/** A document on its way out: its row, id, value and revisions, the last two as text. */
export type ReadRow = readonly [row: number, id: string, value: string, revisions: string];

/** What changes the file. Plain data, for the writer may live in another thread. */
export type WriteRequest =
  | { readonly kind: 'write'; readonly name: string; readonly rows: PackedRows }
  /** Documents that nobody else writes, as {@link PUT_HEAD} says. */
  | { readonly kind: 'put'; readonly name: string; readonly rows: PackedRows }
  | { readonly kind: 'checkpoint'; readonly name: string; readonly position: number; readonly witness: string | null }
  /** All of them or none. */
  | { readonly kind: 'all'; readonly requests: readonly WriteRequest[] }
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

/** By this an id is found: 52 bits in an index take a third of the room of the ids themselves, and are spread like them. */
export const hashOf = (id: string): number => {
  let [low, high] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995);
  }
  return (low >>> 0) * 2 ** 20 + (high >>> 12);
};

/** The distinct indexed fields of a collection, in the order they are first named. */
export const fieldsOf = (spec: CollectionSpec): readonly string[] => [...new Set(spec.indexes.flatMap(({ fields }) => fields))];
