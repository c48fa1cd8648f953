import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Fault } from '@vouchsafe/kernel';
import type { BatchRow } from './batch-table.js';
import { BLOCK_ROWS, decodeRows, openBlock, type OpenedRow, sealBlock } from './blocks.js';
import type { PlainRow } from './code-vault.js';
import type { KeyRing, RingKey } from './key-ring.js';

type BlockRow = { place: number; rows: number; key: number; body: Uint8Array };
type Incarnation = { readonly key: RingKey; counter: number };

/** Where a block lies: its batch and first row in one number, so that a batch's blocks are neighbours. Room for two million batches of four thousand million rows. */
const placeOf = (no: number, first: number): number => no * ROWS_MAX + first;
const ROWS_MAX = 2 ** 32;
const nextHash = (before: Uint8Array, first: number, body: Uint8Array): Buffer => createHash('sha256').update(before).update(String(first)).update(body).digest();

/** Sealed rows on the disk. A data key is made per batch and process, so that no counter has to survive anything. */
export class BlockStore {
  readonly #db: DatabaseSync;
  readonly #keys: KeyRing;
  readonly #incarnations = new Map<string, Incarnation>();
  readonly #sql: Record<'insert' | 'holding' | 'following', StatementSync>;

  constructor(db: DatabaseSync, keys: KeyRing) {
    db.exec(`CREATE TABLE IF NOT EXISTS blocks (place INTEGER PRIMARY KEY, rows INTEGER NOT NULL, key INTEGER NOT NULL, body BLOB NOT NULL)`);
    this.#db = db;
    this.#keys = keys;
    this.#sql = {
      insert: db.prepare(`INSERT INTO blocks (place, rows, key, body) VALUES (?, ?, ?, ?)`),
      holding: db.prepare(`SELECT place, rows, key, body FROM blocks WHERE place >= ? AND place <= ? ORDER BY place DESC LIMIT 1`),
      following: db.prepare(`SELECT place, rows, key, body FROM blocks WHERE place >= ? AND place < ? ORDER BY place`),
    };
  }

  /** This process's key for a batch; {@link BlockStore.seal} needs it made beforehand. */
  async prepare(batchId: string): Promise<void> {
    if (!this.#incarnations.has(batchId)) this.#incarnations.set(batchId, { key: await this.#keys.create('data', batchId), counter: 0 });
  }
  /** No more is sealed into the batch by this process. */
  close(batchId: string): void {
    this.#incarnations.delete(batchId);
  }

  /** Seals rows behind those the batch has; the running hash over all its blocks. */
  seal(batch: BatchRow, rows: readonly PlainRow[]): Uint8Array {
    const data = this.#incarnations.get(batch.batch_id)!;
    let hash = batch.hash;
    for (let i = 0; i < rows.length; i += BLOCK_ROWS) {
      const part = rows.slice(i, i + BLOCK_ROWS);
      const first = batch.rows + i;
      const body = sealBlock(data.key.key, data.counter++, this.#place(batch, first, part.length, data.key.id), part);
      this.#sql.insert.run(placeOf(batch.no, first), part.length, data.key.id, body);
      hash = nextHash(hash, first, body);
    }
    return hash;
  }

  /** Rows `from` to `to` of a batch in the clear. Faults: `KEY_ERASED`, `VAULT_DAMAGED`, `BATCH_NOT_IN_VAULT` (rows are missing). */
  async open(batch: BatchRow, from: number, to: number): Promise<readonly OpenedRow[]> {
    const start = placeOf(batch.no, 0);
    const head = this.#sql.holding.get(start, start + from) as BlockRow | undefined;
    const rest = head && head.place + head.rows < start + to ? (this.#sql.following.all(head.place + head.rows, start + to) as BlockRow[]) : [];
    const opened: OpenedRow[] = [];
    for (const { place, rows, key: keyId, body } of head ? [head, ...rest] : []) {
      const first = place - start;
      const { key } = await this.#keys.get(keyId);
      const plain = openBlock(key, this.#place(batch, first, rows, keyId), body);
      opened.push(...decodeRows(plain, Math.max(0, from - first), Math.min(rows, to - first)));
      plain.fill(0);
    }
    if (opened.length !== to - from) throw new Fault('BATCH_NOT_IN_VAULT', `the vault lacks rows of batch ${batch.batch_id}: it is older than the log`, false);
    return opened;
  }

  /** Rows and running hash as the blocks themselves say. */
  measure({ no }: BatchRow): { readonly rows: number; readonly hash: Buffer } {
    let hash: Buffer = Buffer.alloc(32);
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

  #place({ batch_id }: BatchRow, first: number, rows: number, keyId: number) {
    return { namespace: this.#keys.namespace, batchId: batch_id, first, rows, keyId };
  }
}
