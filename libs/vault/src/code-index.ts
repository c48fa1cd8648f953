import type { DatabaseSync } from 'node:sqlite';
import type { BatchRow, BatchTable, SoldBatch } from './batch-table.js';
import { CodeHashes, type RowHashes } from './code-hashes.js';
import { type BatchStatus, HASH_BYTES, type PlainRow, type RowRefusal, type SealedLookupKey } from './code-vault.js';
import type { KeyRing, RingKey } from './key-ring.js';
import { Lookups } from './lookups.js';

/** Batch numbers begin at one: what is under this one blocks, and is not found. */
const NO_BATCH = 0;
/** Tidying done per row taken in, so that merging keeps up with importing. */
const TIDY_PER_ROW = 4;

/** Finds codes by keyed hashes, and tells what was imported before. */
export class CodeIndex {
  readonly #db: DatabaseSync;
  readonly #batches: BatchTable;
  readonly #hashes: CodeHashes;
  #lookups: Lookups;

  constructor(db: DatabaseSync, batches: BatchTable, ring: KeyRing, keys: readonly RingKey[]) {
    this.#db = db;
    this.#batches = batches;
    this.#hashes = new CodeHashes(ring, keys);
    this.#lookups = new Lookups(db);
  }

  hash({ own }: BatchRow, rows: readonly Identified[]): RowHashes {
    return this.#hashes.of(own === 1, rows);
  }

  /** Indexes of rows whose code is new, and refusals of the others. */
  withoutDuplicates(batch: BatchRow, rows: readonly PlainRow[], hashes: RowHashes): { readonly kept: number[]; readonly refused: readonly RowRefusal[] } {
    const bytes = Buffer.from(hashes.newest.buffer, hashes.newest.byteOffset, hashes.newest.byteLength);
    const seen = new Set<string>();
    const statuses = new Map<number, BatchStatus>();
    const kept: number[] = [];
    const refused: RowRefusal[] = [];
    rows.forEach(({ line }, i) => {
      const name = bytes.toString('latin1', i * HASH_BYTES, (i + 1) * HASH_BYTES);
      const hit = seen.has(name) ? batch.no : this.#blocking([hashes.newest, ...hashes.older], i * HASH_BYTES, statuses);
      if (hit === undefined) kept.push(i);
      else refused.push({ line, reason: hit === batch.no ? 'DUPLICATE_IN_FILE' : 'DUPLICATE' });
      seen.add(name);
    });
    return { kept, refused };
  }
  /** Number of the batch that has the code already; those of aborted imports block nobody. */
  #blocking(versions: readonly Uint8Array[], at: number, statuses: Map<number, BatchStatus>): number | undefined {
    for (const hashes of versions) {
      for (const { batch } of this.#lookups.find(hashes, at)) {
        if (!statuses.has(batch)) statuses.set(batch, this.#batches.byNo(batch)?.status ?? 'complete');
        if (statuses.get(batch) !== 'aborted') return batch;
      }
    }
    return undefined;
  }

  /** Adds rows `indexes` of the hashed ones as the batch's next rows. Within the caller's transaction. */
  add(batch: BatchRow, hashes: Uint8Array, indexes: readonly number[]): Uint8Array {
    const own = new Uint8Array(indexes.length * HASH_BYTES);
    indexes.forEach((i, row) => own.set(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), row * HASH_BYTES));
    this.#lookups.insert(batch.no, batch.rows, own);
    this.#lookups.turnOver();
    return own;
  }
  tidy(rows: number): Promise<void> {
    return this.#lookups.tidy(rows * TIDY_PER_ROW);
  }
  /** What was noted in memory was not written after all. */
  reload(): void {
    this.#lookups = new Lookups(this.#db);
  }

  /** Batch and row of a presented code, where that batch is on sale. As many look-ups whether there is one or not. */
  find(code: string): { readonly batch: SoldBatch; readonly row: number } | undefined {
    let found: { readonly batch: SoldBatch; readonly row: number } | undefined;
    for (const hash of this.#hashes.ofPresented(code)) {
      for (const { batch: no, row } of this.#lookups.find(hash)) {
        const batch = this.#batches.sold(no);
        if (batch?.status === 'complete' && row < batch.rows) found ??= { batch, row };
      }
    }
    return found;
  }

  /** Hashes that block for ever and find nothing: of codes whose batch this vault does not have. What only an aborted import left blocks nobody, so it is adopted too. */
  adopt(hashes: Uint8Array): number {
    const fresh: Uint8Array[] = [];
    const statuses = new Map<number, BatchStatus>();
    for (let at = 0; at < hashes.length; at += HASH_BYTES) if (this.#blocking([hashes], at, statuses) === undefined) fresh.push(hashes.subarray(at, at + HASH_BYTES));
    this.#lookups.insert(NO_BATCH, 0, Buffer.concat(fresh));
    this.#lookups.turnOver();
    return fresh.length;
  }
  hasKey(version: number): boolean {
    return this.#hashes.has(version);
  }
  adoptKey(key: SealedLookupKey): Promise<void> {
    return this.#hashes.adopt(key);
  }
  addKey(): Promise<void> {
    return this.#hashes.addVersion();
  }
  /** Adds rows of a batch, from `row` on, under the newest key. */
  rehash(batch: BatchRow, row: number, rows: readonly Identified[]): void {
    this.#lookups.insert(batch.no, row, this.#hashes.ofNewest(batch.own === 1, rows));
    this.#lookups.turnOver();
  }
  forget(no: number): number {
    return this.#lookups.removeBatch(no);
  }
}

type Identified = Pick<PlainRow, 'code' | 'number'>;
