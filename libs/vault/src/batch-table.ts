import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Fault, invariant } from '@vouchsafe/kernel';
import { ENTROPY_START, leastEntropy, REFUSALS_MAX, type RowSegment, segmentsAfter } from './batch-math.js';
import { HASH_START } from './block-sealer.js';
import type { BatchStatus, NewBatch, PlainRow, RowRefusal, Segment, VaultBatch } from './code-vault.js';
import { batchTag } from './voucher-ids.js';

export type BatchRow = { no: number; batch_id: string; import_id: string; status: BatchStatus; uses: number; own: number; rows: number; refused: number; hash: Uint8Array; line: number; entropy: number };
/** What of a batch a look-up asks for. */
export type SoldBatch = Pick<BatchRow, 'batch_id' | 'status' | 'uses' | 'rows'>;
type SegmentRow = { first: number; rows: number; expires_at: number | null };
/** What one sealing adds to a batch. */
export type Addition = { readonly sealed: readonly PlainRow[]; readonly hash: Uint8Array; readonly line: number; readonly refused: readonly RowRefusal[] };

const SCHEMA = `
CREATE TABLE IF NOT EXISTS batches (no INTEGER PRIMARY KEY, batch_id TEXT NOT NULL UNIQUE, tag BLOB NOT NULL UNIQUE, import_id TEXT NOT NULL, status TEXT NOT NULL,
  uses INTEGER NOT NULL, own INTEGER NOT NULL, rows INTEGER NOT NULL, refused INTEGER NOT NULL, hash BLOB NOT NULL, line INTEGER NOT NULL, entropy INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS segments (batch INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL, expires_at INTEGER, PRIMARY KEY (batch, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusals (batch INTEGER NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (batch, line)) WITHOUT ROWID;`;

/** Batches, their segments of equal expiry and their refused lines. Callers hold the transaction where several go together. */
export class BatchTable {
  readonly #db: DatabaseSync;
  readonly #sql: Record<'byId' | 'byNo' | 'byTag' | 'sold', StatementSync>;

  constructor(db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#db = db;
    this.#sql = {
      byId: db.prepare(`SELECT * FROM batches WHERE batch_id = ?`), byNo: db.prepare(`SELECT * FROM batches WHERE no = ?`), byTag: db.prepare(`SELECT * FROM batches WHERE tag = ?`),
      sold: db.prepare(`SELECT batch_id, status, uses, rows FROM batches WHERE no = ?`),
    };
  }

  byId(batchId: string): BatchRow | undefined {
    return this.#sql.byId.get(batchId) as BatchRow | undefined;
  }
  byNo(no: number): BatchRow | undefined {
    return this.#sql.byNo.get(no) as BatchRow | undefined;
  }
  sold(no: number): SoldBatch | undefined {
    return this.#sql.sold.get(no) as SoldBatch | undefined;
  }
  byTag(tag: Uint8Array): BatchRow | undefined {
    return this.#sql.byTag.get(tag) as BatchRow | undefined;
  }
  /** Fault `BATCH_NOT_IN_VAULT` where there is none. */
  mustHave(batchId: string): BatchRow {
    const row = this.byId(batchId);
    if (!row) throw new Fault('BATCH_NOT_IN_VAULT', `the vault has no batch ${batchId}: it is older than the log`, false);
    return row;
  }
  all(statuses: readonly BatchStatus[] = ['open', 'complete', 'aborted', 'erased']): readonly BatchRow[] {
    return (this.#db.prepare(`SELECT * FROM batches ORDER BY no`).all() as BatchRow[]).filter(({ status }) => statuses.includes(status));
  }

  begin({ batchId, importId, uses, own = false }: NewBatch): void {
    const known = this.byId(batchId);
    if (known) return invariant(known.import_id === importId && known.uses === uses, 'a batch belongs to one import');
    this.#db
      .prepare(`INSERT INTO batches (batch_id, tag, import_id, status, uses, own, rows, refused, hash, line, entropy) VALUES (?, ?, ?, 'open', ?, ?, 0, 0, ?, 0, ?)`)
      .run(batchId, batchTag(batchId), importId, uses, own ? 1 : 0, HASH_START, ENTROPY_START);
  }
  setStatus(no: number, status: BatchStatus): void {
    this.#db.prepare(`UPDATE batches SET status = ? WHERE no = ?`).run(status, no);
  }
  add(batch: BatchRow, { sealed, hash, line, refused }: Addition): void {
    const entropy = leastEntropy(batch.entropy, sealed);
    this.#db
      .prepare(`UPDATE batches SET rows = rows + ?, refused = refused + ?, hash = ?, line = ?, entropy = ? WHERE no = ?`)
      .run(sealed.length, refused.length, hash, Math.max(line, batch.line), entropy, batch.no);
    const keep = this.#db.prepare(`INSERT OR IGNORE INTO refusals (batch, line, reason) VALUES (?, ?, ?)`);
    for (const { line: at, reason } of refused.slice(0, Math.max(0, REFUSALS_MAX - batch.refused))) keep.run(batch.no, at, reason);
    this.#addSegments(batch, sealed);
  }
  #addSegments(batch: BatchRow, sealed: readonly PlainRow[]): void {
    const last = this.#db.prepare(`SELECT first, rows, expires_at FROM segments WHERE batch = ? ORDER BY first DESC LIMIT 1`).get(batch.no) as SegmentRow | undefined;
    const open: RowSegment | undefined = last && { first: last.first, rows: last.rows, expiresAt: last.expires_at ?? undefined };
    const put = this.#db.prepare(`INSERT OR REPLACE INTO segments (batch, first, rows, expires_at) VALUES (?, ?, ?, ?)`);
    for (const { first, rows, expiresAt } of segmentsAfter(open, batch.rows, sealed)) put.run(batch.no, first, rows, expiresAt ?? null);
  }

  segments({ no, uses }: BatchRow): readonly Segment[] {
    const rows = this.#db.prepare(`SELECT first, rows, expires_at FROM segments WHERE batch = ? ORDER BY first`).all(no) as SegmentRow[];
    return rows.map(({ first, rows: n, expires_at }) => ({ from: first * uses, to: (first + n) * uses, ...(expires_at !== null && { expiresAt: expires_at }) }));
  }
  refusals({ no }: BatchRow, afterLine: number, max: number): readonly RowRefusal[] {
    return this.#db.prepare(`SELECT line, reason FROM refusals WHERE batch = ? AND line > ? ORDER BY line LIMIT ?`).all(no, afterLine, max) as RowRefusal[];
  }
  removeSegments(no: number): void {
    this.#db.prepare(`DELETE FROM segments WHERE batch = ?`).run(no);
  }
}

export const toBatch = ({ batch_id, import_id, status, uses, rows, refused, hash, line, entropy }: BatchRow): VaultBatch => ({
  batchId: batch_id, importId: import_id, status, uses, rows, refused, hash: Buffer.from(hash).toString('hex'), line, entropyBits: rows === 0 ? 0 : entropy,
});
