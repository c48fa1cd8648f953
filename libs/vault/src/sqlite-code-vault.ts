import { createHash, type KeyObject } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Clock, Log, Namespace, Random } from '@vouchsafe/runtime';
import { BLOCK_ROWS, decodeRows, openBlock, sealBlock } from './blocks.js';
import { entropyOf, hashInto, identitiesOf, identityOf } from './code-hash.js';
import {
  type BatchStatus, type BatchUnits, type CodeVault, type Erasure, HASH_BYTES, KEEP_HASH_BITS, type OpenedUnit, type PlainRow,
  type RowRefusal, type SealedLookupKey, type SealResult, type Segment, type UnitRef, type VaultBatch,
} from './code-vault.js';
import { KeyRing, type RingKey } from './key-ring.js';
import type { KeyWrap } from './key-wrap.js';
import { Lookups } from './lookups.js';
import type { SpoolKeys } from './spool.js';
import { inTransaction, openDatabase, overwriting } from './sqlite.js';
import { batchTag, nameUnits, unitOf } from './voucher-ids.js';

export type CodeVaultOptions = {
  /** Path of the database; `:memory:` in tests. */
  readonly file: string;
  readonly namespace: Namespace; readonly wrap: KeyWrap; readonly random: Random; readonly clock: Clock; readonly log: Log;
};
/** What only the embedded vault offers: maintenance by the command line, and a consistent copy for a backup. */
export type SqliteCodeVault = CodeVault & {
  /** Seals every data key anew under `next`. */
  rotateKek(next: KeyWrap): Promise<number>;
  /** Starts (or goes on with) hashing all codes under a new look-up key. Returns how many were hashed anew. */
  rotateLookups(): Promise<number>;
  /** Writes a consistent copy to `file` while others go on. */
  copyTo(file: string): Promise<void>;
  readonly keys: KeyRing;
  readonly db: DatabaseSync;
};

type BatchRow = { no: number; batch_id: string; import_id: string; status: BatchStatus; uses: number; rows: number; refused: number; hash: Uint8Array; line: number; entropy: number };
type BlockRow = { first: number; rows: number; key: number; body: Uint8Array };
type Incarnation = { readonly key: RingKey; counter: number };

const SCHEMA = `
CREATE TABLE IF NOT EXISTS batches (no INTEGER PRIMARY KEY, batch_id TEXT NOT NULL UNIQUE, tag BLOB NOT NULL UNIQUE, import_id TEXT NOT NULL, status TEXT NOT NULL,
  uses INTEGER NOT NULL, rows INTEGER NOT NULL, refused INTEGER NOT NULL, hash BLOB NOT NULL, line INTEGER NOT NULL, entropy INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS blocks (batch INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL, key INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (batch, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (batch INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL, expires_at INTEGER, PRIMARY KEY (batch, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusals (batch INTEGER NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (batch, line)) WITHOUT ROWID;`;
/** Refused lines kept per import; beyond it they are only counted. */
const REFUSALS_MAX = 100_000;
/** Merging done per row sealed, so that merging keeps up with importing. */
const TIDY_PER_ROW = 4;

/** Opens the vault of codes of one namespace on SQLite, every commit flushed. Fault `KEY_WRONG` where the key-encryption key is not the one it was sealed under. */
export const openCodeVault = async (options: CodeVaultOptions): Promise<SqliteCodeVault> => {
  const db = openDatabase(options.file);
  db.exec(SCHEMA);
  const ring = new KeyRing(db, options.wrap, options.namespace, options.random, options.clock);
  const [voucherKey] = await ring.all('voucher-id');
  const lookupKeys = await ring.all('lookup');
  return new Vault(options, db, ring, voucherKey ?? (await ring.create('voucher-id')), lookupKeys.length > 0 ? lookupKeys : [await ring.create('lookup')]);
};

class Vault implements SqliteCodeVault {
  #lookups: Lookups;
  #lookupKeys: readonly RingKey[];
  readonly #voucherKey: KeyObject;
  /** Data keys made by this process, one per batch. */
  readonly #incarnations = new Map<string, Incarnation>();
  readonly #tags = new Map<string, Buffer>();
  readonly #sql: Record<'batch' | 'byNo' | 'byTag' | 'block' | 'blocksFrom', StatementSync>;

  constructor(readonly options: CodeVaultOptions, readonly db: DatabaseSync, readonly keys: KeyRing, voucherKey: RingKey, lookupKeys: readonly RingKey[]) {
    this.#lookups = new Lookups(db);
    this.#lookupKeys = lookupKeys;
    this.#voucherKey = voucherKey.key;
    this.#sql = {
      batch: db.prepare(`SELECT * FROM batches WHERE batch_id = ?`),
      byNo: db.prepare(`SELECT * FROM batches WHERE no = ?`),
      byTag: db.prepare(`SELECT * FROM batches WHERE tag = ?`),
      block: db.prepare(`SELECT first, rows, key, body FROM blocks WHERE batch = ? AND first <= ? ORDER BY first DESC LIMIT 1`),
      blocksFrom: db.prepare(`SELECT first, rows, key, body FROM blocks WHERE batch = ? AND first >= ? AND first < ? ORDER BY first`),
    };
  }

  async begin({ batchId, importId, uses }: { batchId: string; importId: string; uses: number }): Promise<void> {
    const known = this.#row(batchId);
    if (known) return invariant(known.import_id === importId && known.uses === uses, 'a batch belongs to one import');
    this.db
      .prepare(`INSERT INTO batches (batch_id, tag, import_id, status, uses, rows, refused, hash, line, entropy) VALUES (?, ?, ?, 'open', ?, 0, 0, ?, 0, ?)`)
      .run(batchId, batchTag(batchId), importId, uses, Buffer.alloc(32), Number.MAX_SAFE_INTEGER);
  }

  async seal(batchId: string, rows: readonly PlainRow[], progress: { line: number; refusals: readonly RowRefusal[] }): Promise<SealResult> {
    const data = await this.#incarnation(batchId);
    const newest = this.#lookupKeys[this.#lookupKeys.length - 1]!;
    const hashes = this.#hashAll(newest.key, rows);
    const older = this.#lookupKeys.slice(0, -1).map(({ key }) => this.#hashAll(key, rows));
    const result = this.#atomically(() => {
      const batch = this.#mustHave(batchId);
      invariant(batch.status === 'open', 'rows are sealed into an open batch');
      const { kept, refused } = this.#withoutDuplicates(batch, rows, [hashes, ...older]);
      const sorted = kept.sort((a, b) => (rows[a]!.expiresAt ?? Infinity) - (rows[b]!.expiresAt ?? Infinity) || a - b);
      const hash = this.#sealBlocks(batch, data, sorted.map((i) => rows[i]!));
      const own = Buffer.alloc(sorted.length * HASH_BYTES);
      sorted.forEach((i, row) => {
        this.#lookups.insert(hashes, i * HASH_BYTES, batch.no, batch.rows + row);
        own.set(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), row * HASH_BYTES);
      });
      this.#lookups.turnOver();
      this.#note(batch, { sealed: sorted.map((i) => rows[i]!), hash, line: progress.line, refused: [...progress.refusals, ...refused] });
      return { sealed: sorted.length, refused, firstRow: batch.rows, hashes: own, hashVersion: newest.version };
    });
    await this.#lookups.tidy(rows.length * TIDY_PER_ROW);
    return result;
  }

  /** Indexes of rows whose code is new, and refusals of the others. `hashes`: by look-up key, newest first. */
  #withoutDuplicates(batch: BatchRow, rows: readonly PlainRow[], hashes: readonly Uint8Array[]): { kept: number[]; refused: RowRefusal[] } {
    const seen = new Set<string>();
    const kept: number[] = [];
    const refused: RowRefusal[] = [];
    const status = new Map<number, BatchStatus>();
    const first = Buffer.from(hashes[0]!.buffer, hashes[0]!.byteOffset, hashes[0]!.byteLength);
    rows.forEach(({ line }, i) => {
      const name = first.toString('latin1', i * HASH_BYTES, (i + 1) * HASH_BYTES);
      const mine = seen.has(name);
      const hit = mine ? batch.no : this.#blocking(hashes, i * HASH_BYTES, status);
      if (hit === undefined) kept.push(i);
      else refused.push({ line, reason: hit === batch.no ? 'DUPLICATE_IN_FILE' : 'DUPLICATE' });
      seen.add(name);
    });
    return { kept, refused };
  }
  #blocking(hashes: readonly Uint8Array[], at: number, status: Map<number, BatchStatus>): number | undefined {
    for (const version of hashes) {
      for (const { batch } of this.#lookups.find(version, at)) {
        if (!status.has(batch)) status.set(batch, (this.#sql.byNo.get(batch) as BatchRow | undefined)?.status ?? 'complete');
        if (status.get(batch) !== 'aborted') return batch;
      }
    }
    return undefined;
  }

  #sealBlocks(batch: BatchRow, data: Incarnation, rows: readonly PlainRow[]): Buffer {
    const insert = this.db.prepare(`INSERT INTO blocks (batch, first, rows, key, body) VALUES (?, ?, ?, ?, ?)`);
    let hash: Buffer = Buffer.from(batch.hash);
    for (let i = 0; i < rows.length; i += BLOCK_ROWS) {
      const part = rows.slice(i, i + BLOCK_ROWS);
      const first = batch.rows + i;
      const place = { namespace: this.options.namespace, batchId: batch.batch_id, first, rows: part.length, keyId: data.key.id };
      const body = sealBlock(data.key.key, data.counter++, place, part);
      insert.run(batch.no, first, part.length, data.key.id, body);
      hash = nextHash(hash, first, body);
    }
    return hash;
  }

  #note(batch: BatchRow, { sealed, hash, line, refused }: { sealed: readonly PlainRow[]; hash: Buffer; line: number; refused: readonly RowRefusal[] }): void {
    const entropy = sealed.reduce((least, { code }) => Math.min(least, entropyOf(code)), batch.entropy);
    this.db
      .prepare(`UPDATE batches SET rows = rows + ?, refused = refused + ?, hash = ?, line = ?, entropy = ? WHERE no = ?`)
      .run(sealed.length, refused.length, hash, Math.max(line, batch.line), entropy, batch.no);
    const keep = this.db.prepare(`INSERT OR IGNORE INTO refusals (batch, line, reason) VALUES (?, ?, ?)`);
    for (const { line: at, reason } of refused.slice(0, Math.max(0, REFUSALS_MAX - batch.refused))) keep.run(batch.no, at, reason);
    this.#noteSegments(batch, sealed);
  }
  #noteSegments(batch: BatchRow, sealed: readonly PlainRow[]): void {
    const last = this.db.prepare(`SELECT first, rows, expires_at FROM segments WHERE batch = ? ORDER BY first DESC LIMIT 1`).get(batch.no) as SegmentRow | undefined;
    let open: SegmentRow | undefined = last;
    const put = this.db.prepare(`INSERT OR REPLACE INTO segments (batch, first, rows, expires_at) VALUES (?, ?, ?, ?)`);
    sealed.forEach(({ expiresAt }, i) => {
      if (open && open.expires_at === (expiresAt ?? null)) open = { ...open, rows: open.rows + 1 };
      else {
        if (open) put.run(batch.no, open.first, open.rows, open.expires_at);
        open = { first: batch.rows + i, rows: 1, expires_at: expiresAt ?? null };
      }
    });
    if (open) put.run(batch.no, open.first, open.rows, open.expires_at);
  }

  async batch(batchId: string): Promise<VaultBatch | undefined> {
    const row = this.#row(batchId);
    return row && toBatch(row);
  }
  async batches(): Promise<readonly VaultBatch[]> {
    return (this.db.prepare(`SELECT * FROM batches ORDER BY no`).all() as BatchRow[]).map(toBatch);
  }
  async segments(batchId: string): Promise<readonly Segment[]> {
    const { no, uses } = this.#mustHave(batchId);
    const rows = this.db.prepare(`SELECT first, rows, expires_at FROM segments WHERE batch = ? ORDER BY first`).all(no) as SegmentRow[];
    return rows.map(({ first, rows: n, expires_at }) => ({ from: first * uses, to: (first + n) * uses, ...(expires_at !== null && { expiresAt: expires_at }) }));
  }
  async refusals(batchId: string, afterLine: number, max: number): Promise<readonly RowRefusal[]> {
    return this.db.prepare(`SELECT line, reason FROM refusals WHERE batch = ? AND line > ? ORDER BY line LIMIT ?`).all(this.#mustHave(batchId).no, afterLine, max) as RowRefusal[];
  }

  async complete(batchId: string): Promise<void> {
    const { no, status } = this.#mustHave(batchId);
    invariant(status !== 'aborted', 'an aborted batch is not completed');
    this.db.prepare(`UPDATE batches SET status = 'complete' WHERE no = ? AND status = 'open'`).run(no);
    this.#incarnations.delete(batchId);
  }
  async abort(batchId: string): Promise<void> {
    const row = this.#row(batchId);
    if (!row || row.status === 'aborted') return;
    invariant(row.status === 'open', 'a complete batch is not aborted');
    this.#incarnations.delete(batchId);
    this.keys.destroy(batchId);
    inTransaction(this.db, () => {
      this.db.prepare(`UPDATE batches SET status = 'aborted' WHERE no = ?`).run(row.no);
      for (const table of ['blocks', 'segments']) this.db.prepare(`DELETE FROM ${table} WHERE batch = ?`).run(row.no);
    });
  }

  async open(ranges: readonly BatchUnits[]): Promise<readonly OpenedUnit[]> {
    const opened: OpenedUnit[] = [];
    for (const { batchId, from, to } of ranges) {
      const { no, uses } = this.#mustHave(batchId);
      const rows = await this.#openRows(batchId, no, Math.floor(from / uses), Math.ceil(to / uses));
      for (let index = from; index < to; index++) opened.push({ batchId, index, ...rows[Math.floor(index / uses) - Math.floor(from / uses)]! });
    }
    return opened;
  }
  async #openRows(batchId: string, no: number, from: number, to: number) {
    const head = this.#sql.block.get(no, from) as BlockRow | undefined;
    const rest = head && head.first + head.rows < to ? (this.#sql.blocksFrom.all(no, head.first + head.rows, to) as BlockRow[]) : [];
    const rows = [];
    for (const block of head ? [head, ...rest] : []) {
      const { key } = await this.keys.get(block.key);
      const plain = openBlock(key, { namespace: this.options.namespace, batchId, first: block.first, rows: block.rows, keyId: block.key }, block.body);
      rows.push(...decodeRows(plain, Math.max(0, from - block.first), Math.min(block.rows, to - block.first)));
      plain.fill(0);
    }
    if (rows.length !== to - from) throw new Fault('BATCH_NOT_IN_VAULT', `the vault lacks rows of batch ${batchId}: it is older than the log`, false);
    return rows;
  }

  async find(code: string): Promise<(UnitRef & { uses: number }) | undefined> {
    let found: (UnitRef & { uses: number }) | undefined;
    const hash = Buffer.alloc(HASH_BYTES);
    for (const { key } of this.#lookupKeys) {
      for (const identity of identitiesOf(code)) {
        hashInto(key, identity, hash, 0);
        for (const { batch, row } of this.#lookups.find(hash)) {
          const of = this.#sql.byNo.get(batch) as BatchRow | undefined;
          if (of && of.status === 'complete' && row < of.rows) found ??= { batchId: of.batch_id, index: row * of.uses, uses: of.uses };
        }
      }
    }
    return found;
  }

  nameUnits(units: readonly UnitRef[]): readonly string[] {
    return nameUnits(this.#voucherKey, units, (batchId) => this.#tagOf(batchId));
  }
  resolveIds(ids: readonly string[]): readonly (UnitRef | undefined)[] {
    return ids.map((id) => {
      const unit = unitOf(this.#voucherKey, id);
      const batch = unit && (this.#sql.byTag.get(unit.tag) as BatchRow | undefined);
      return unit && batch && unit.index < batch.rows * batch.uses ? { batchId: batch.batch_id, index: unit.index } : undefined;
    });
  }

  readonly spoolKeys: SpoolKeys = {
    create: (name) => this.keys.create('spool', name),
    get: async (id) => (await this.keys.get(id)).key,
    retire: (id) => this.keys.retire(id),
  };
  async hashesOf(batchId: string, fromRow: number, toRow: number): Promise<Pick<SealResult, 'hashes' | 'hashVersion'>> {
    const rows = await this.#openRows(batchId, this.#mustHave(batchId).no, fromRow, toRow);
    const newest = this.#lookupKeys[this.#lookupKeys.length - 1]!;
    return { hashes: this.#hashAll(newest.key, rows.map((row) => ({ ...row, line: 0 }))), hashVersion: newest.version };
  }

  async verify(batchId: string): Promise<boolean> {
    const batch = this.#mustHave(batchId);
    let hash: Buffer = Buffer.alloc(32);
    let rows = 0;
    for (const { first, rows: n, body } of this.#sql.blocksFrom.iterate(batch.no, 0, Number.MAX_SAFE_INTEGER) as Iterable<BlockRow>) {
      hash = nextHash(hash, first, body);
      rows += n;
    }
    return rows === batch.rows && hash.equals(batch.hash);
  }

  async adoptHashes(batchId: string, hashes: Uint8Array, hashVersion: number): Promise<number> {
    invariant(this.#lookupKeys.some(({ version }) => version === hashVersion), 'hashes come with their key');
    return this.#atomically(() => {
      let adopted = 0;
      // No batch of this number exists: such a hash blocks for ever and finds nothing.
      for (let at = 0; at < hashes.length; at += HASH_BYTES) {
        if (this.#lookups.find(hashes, at).length > 0) continue;
        this.#lookups.insert(hashes, at, 0, 0);
        adopted++;
      }
      this.#lookups.turnOver();
      this.options.log.debug({ batchId, adopted }, 'took hashes of the journal as duplicates');
      return adopted;
    });
  }
  async lookupKeys(): Promise<readonly SealedLookupKey[]> {
    return this.keys.sealed('lookup');
  }
  async adoptLookupKey({ version, wrapped }: SealedLookupKey): Promise<void> {
    if (this.#lookupKeys.some((key) => key.version === version)) return;
    const key = await this.keys.adopt('lookup', version, wrapped);
    this.#lookupKeys = [...this.#lookupKeys, key].sort((a, b) => a.version - b.version);
  }

  async erase(batchId: string): Promise<Erasure> {
    const batch = this.#mustHave(batchId);
    this.#incarnations.delete(batchId);
    this.keys.destroy(batchId);
    const forget = batch.entropy < KEEP_HASH_BITS;
    const hashesDeleted = overwriting(this.db, () =>
      inTransaction(this.db, () => {
        this.db.prepare(`UPDATE batches SET status = 'erased' WHERE no = ?`).run(batch.no);
        return forget ? this.#lookups.removeBatch(batch.no) : 0;
      }));
    return { batchId, hashesDeleted };
  }

  rotateKek(next: KeyWrap): Promise<number> {
    return this.keys.rewrap(next);
  }

  async rotateLookups(): Promise<number> {
    const newest = this.#lookupKeys[this.#lookupKeys.length - 1]!;
    const next = await this.keys.create('lookup', undefined, newest.version + 1);
    this.#lookupKeys = [...this.#lookupKeys, next];
    let hashed = 0;
    for (const batch of this.db.prepare(`SELECT * FROM batches WHERE status IN ('open', 'complete') ORDER BY no`).all() as BatchRow[]) hashed += await this.#rehash(batch, next);
    return hashed;
  }
  /** Hashes a batch's codes anew. The old hashes stay: those of erased batches can never be hashed again. */
  async #rehash(batch: BatchRow, { key }: RingKey): Promise<number> {
    for (let from = 0; from < batch.rows; from += BLOCK_ROWS) {
      const rows = await this.#openRows(batch.batch_id, batch.no, from, Math.min(from + BLOCK_ROWS, batch.rows));
      const hashes = this.#hashAll(key, rows.map((row) => ({ ...row, line: 0 })));
      this.#atomically(() => {
        rows.forEach((_, i) => this.#lookups.insert(hashes, i * HASH_BYTES, batch.no, from + i));
        this.#lookups.turnOver();
      });
    }
    await this.#lookups.tidy(batch.rows * TIDY_PER_ROW);
    return batch.rows;
  }

  async copyTo(file: string): Promise<void> {
    this.db.prepare(`VACUUM INTO ?`).run(file);
  }
  async close(): Promise<void> {
    this.db.close();
  }

  #atomically<T>(work: () => T): T {
    try {
      return inTransaction(this.db, work);
    } catch (error) {
      this.#lookups = new Lookups(this.db); // what it held in memory was not written after all
      throw isFull(error) ? new Fault('VAULT_FULL', 'no space for the vault; nothing was sealed', true, { cause: error }) : error;
    }
  }
  #hashAll(key: KeyObject, rows: readonly PlainRow[]): Uint8Array {
    const hashes = new Uint8Array(rows.length * HASH_BYTES);
    rows.forEach((row, i) => hashInto(key, identityOf(row), hashes, i * HASH_BYTES));
    return hashes;
  }
  async #incarnation(batchId: string): Promise<Incarnation> {
    const known = this.#incarnations.get(batchId);
    if (known) return known;
    const fresh = { key: await this.keys.create('data', batchId), counter: 0 };
    this.#incarnations.set(batchId, fresh);
    return fresh;
  }
  #tagOf(batchId: string): Buffer {
    let tag = this.#tags.get(batchId);
    if (!tag) {
      if (this.#tags.size >= TAGS_MAX) this.#tags.clear();
      this.#tags.set(batchId, (tag = batchTag(batchId)));
    }
    return tag;
  }
  #row(batchId: string): BatchRow | undefined {
    return this.#sql.batch.get(batchId) as BatchRow | undefined;
  }
  #mustHave(batchId: string): BatchRow {
    const row = this.#row(batchId);
    if (!row) throw new Fault('BATCH_NOT_IN_VAULT', `the vault has no batch ${batchId}: it is older than the log`, false);
    return row;
  }
}

const TAGS_MAX = 10_000;
type SegmentRow = { first: number; rows: number; expires_at: number | null };
const nextHash = (before: Uint8Array, first: number, body: Uint8Array): Buffer =>
  createHash('sha256').update(before).update(String(first)).update(body).digest();
const isFull = (error: unknown): boolean => error instanceof Error && /disk is full|database or disk is full/.test(error.message);
const toBatch = ({ batch_id, import_id, status, uses, rows, refused, hash, line, entropy }: BatchRow): VaultBatch => ({
  batchId: batch_id, importId: import_id, status, uses, rows, refused, hash: Buffer.from(hash).toString('hex'), line, entropyBits: rows === 0 ? 0 : entropy,
});
