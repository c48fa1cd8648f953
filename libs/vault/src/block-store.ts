import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BatchRow } from './batch-table.js';
import { BlockSealer, HASH_START, nextHash, type SealedBlock } from './block-sealer.js';
import type { OpenedRow } from './blocks.js';
import type { PlainRow } from './code-vault.js';
import type { KeyRing } from './key-ring.js';

type BlockRow = { place: number; rows: number; key: number; body: Uint8Array };

/** Where a block lies: its batch and first row in one number, so that a batch's blocks are neighbours. Room for two million batches of four thousand million rows. */
const placeOf = (no: number, first: number): number => no * ROWS_MAX + first;
const ROWS_MAX = 2 ** 32;

/** Sealed rows on the disk. */
export class BlockStore {
  readonly #db: DatabaseSync;
  readonly #sealer: BlockSealer;
  readonly #sql: Record<'insert' | 'holding' | 'following', StatementSync>;

  constructor(db: DatabaseSync, keys: KeyRing) {
    db.exec(`CREATE TABLE IF NOT EXISTS blocks (place INTEGER PRIMARY KEY, rows INTEGER NOT NULL, key INTEGER NOT NULL, body BLOB NOT NULL)`);
    this.#db = db;
    this.#sealer = new BlockSealer(keys);
    this.#sql = {
      insert: db.prepare(`INSERT INTO blocks (place, rows, key, body) VALUES (?, ?, ?, ?)`),
      holding: db.prepare(`SELECT place, rows, key, body FROM blocks WHERE place >= ? AND place <= ? ORDER BY place DESC LIMIT 1`),
      following: db.prepare(`SELECT place, rows, key, body FROM blocks WHERE place >= ? AND place < ? ORDER BY place`),
    };
  }

  /** This process's key for a batch; {@link BlockStore.seal} needs it made beforehand. */
  prepare(batchId: string): Promise<void> {
    return this.#sealer.prepare(batchId);
  }
  /** No more is sealed into the batch by this process. */
  close(batchId: string): void {
    this.#sealer.close(batchId);
  }

  /** Seals rows behind those the batch has; the running hash over all its blocks. */
  seal({ batch_id, no, rows: before, hash }: BatchRow, rows: readonly PlainRow[]): Uint8Array {
    const sealed = this.#sealer.seal({ batchId: batch_id, rows: before, hash }, rows);
    for (const { first, rows: n, key, body } of sealed.blocks) this.#sql.insert.run(placeOf(no, first), n, key, body);
    return sealed.hash;
  }

  /** Rows `from` to `to` of a batch in the clear. Faults: `KEY_ERASED`, `VAULT_DAMAGED`, `BATCH_NOT_IN_VAULT` (rows are missing). */
  open({ no, batch_id }: BatchRow, from: number, to: number): Promise<readonly OpenedRow[]> {
    const start = placeOf(no, 0);
    const head = this.#sql.holding.get(start, start + from) as BlockRow | undefined;
    const rest = head && head.place + head.rows < start + to ? (this.#sql.following.all(head.place + head.rows, start + to) as BlockRow[]) : [];
    const blocks = (head ? [head, ...rest] : []).map(({ place, ...block }): SealedBlock => ({ first: place - start, ...block }));
    return this.#sealer.open(batch_id, blocks, from, to);
  }

  /** Rows and running hash as the blocks themselves say. */
  measure({ no }: BatchRow): { readonly rows: number; readonly hash: Buffer } {
    let hash: Buffer = HASH_START;
    let rows = 0;
    for (const block of this.#sql.following.iterate(placeOf(no, 0), placeOf(no + 1, 0)) as Iterable<BlockRow>) {
      hash = nextHash(hash, block.place - placeOf(no, 0), block.body);
      rows += block.rows;
    }
    return { rows, hash };
  }
  remove(no: number): void {
    this.#db.prepare(`DELETE FROM blocks WHERE place >= ? AND place < ?`).run(placeOf(no, 0), placeOf(no + 1, 0));
  }
}
