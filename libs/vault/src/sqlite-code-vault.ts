import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { Fault, invariant, isFault } from '@vouchsafe/kernel';
import type { Clock, Log, Namespace, Random } from '@vouchsafe/runtime';
import { byExpiry } from './batch-math.js';
import { type BatchRow, BatchTable, toBatch } from './batch-table.js';
import { BlockStore } from './block-store.js';
import { BLOCK_ROWS } from './blocks.js';
import { CodeIndex } from './code-index.js';
import {
  type BatchUnits, type Erasure, KEEP_HASH_BITS, type MaintainedCodeVault, type NewBatch, type OpenedUnit, type PlainRow, type RowRefusal, type SealedLookupKey, type SealResult,
  type Segment, type UnitRef, type VaultBatch,
} from './code-vault.js';
import { KeyRing, type RingKey } from './key-ring.js';
import type { KeyWrap } from './key-wrap.js';
import type { SpoolKeys } from './spool.js';
import { inTransaction, openDatabase, overwriting } from './sqlite.js';
import { SqliteKeys } from './sqlite-keys.js';
import { batchTag, nameUnits, type Naming, namingOf, unitOf } from './voucher-ids.js';

export type CodeVaultOptions = {
  /** Path of the database; `:memory:` in tests. */
  readonly file: string;
  readonly namespace: Namespace; readonly wrap: KeyWrap; readonly random: Random; readonly clock: Clock; readonly log: Log;
};
export type SqliteCodeVault = MaintainedCodeVault & { readonly db: DatabaseSync };

/** Opens the vault of codes of one namespace on SQLite, every commit flushed. Fault `KEY_WRONG` where the key-encryption key is not the one it was sealed under. */
export const openCodeVault = async (options: CodeVaultOptions): Promise<SqliteCodeVault> => {
  const db = openDatabase(options.file);
  const stored = new SqliteKeys(db, options.clock);
  const ring = new KeyRing(stored, options.wrap, options.namespace, options.random, options.clock);
  const [voucherKey] = await ring.all('voucher-id');
  const lookupKeys = await ring.all('lookup');
  const voucher = voucherKey ?? (await ring.create('voucher-id'));
  return new Vault(db, { ring, stored, voucher, lookup: lookupKeys.length > 0 ? lookupKeys : [await ring.create('lookup')] });
};

type Keys = { readonly ring: KeyRing; readonly stored: SqliteKeys; readonly voucher: RingKey; readonly lookup: readonly RingKey[] };

const TAGS_MAX = 10_000;

class Vault implements SqliteCodeVault {
  readonly #batches: BatchTable;
  readonly #blocks: BlockStore;
  readonly #index: CodeIndex;
  readonly #voucherKey: KeyObject;
  readonly #naming: Naming;
  readonly #tags = new Map<string, Buffer>();
  readonly spoolKeys: SpoolKeys;

  constructor(readonly db: DatabaseSync, readonly keys: Keys) {
    const { ring, stored, voucher, lookup } = keys;
    this.#batches = new BatchTable(db);
    this.#blocks = new BlockStore(db, ring);
    this.#index = new CodeIndex(db, this.#batches, ring, lookup);
    this.#voucherKey = voucher.key;
    this.#naming = namingOf(voucher.key);
    const retire = (id: number): void => {
      ring.forget(id);
      stored.destroy(id);
    };
    this.spoolKeys = { create: (name) => ring.create('spool', name), get: async (id) => (await ring.get(id)).key, retire };
  }

  async begin(batch: NewBatch): Promise<void> {
    this.#batches.begin(batch);
  }

  async seal(batchId: string, rows: readonly PlainRow[], progress: { line: number; refusals: readonly RowRefusal[] }): Promise<SealResult> {
    await this.#blocks.prepare(batchId);
    const hashes = this.#index.hash(this.#batches.mustHave(batchId), rows);
    const result = this.#atomically(() => {
      const batch = this.#batches.mustHave(batchId);
      invariant(batch.status === 'open', 'rows are sealed into an open batch');
      const { kept, refused } = this.#index.withoutDuplicates(batch, rows, hashes);
      const sorted = byExpiry(rows, kept);
      const sealed = sorted.map((i) => rows[i]!);
      const own = this.#index.add(batch, hashes.newest, sorted);
      this.#batches.add(batch, { sealed, hash: this.#blocks.seal(batch, sealed), line: progress.line, refused: [...progress.refusals, ...refused] });
      return { sealed: sealed.length, refused, firstRow: batch.rows, hashes: own, hashVersion: hashes.version };
    });
    await this.#index.tidy(rows.length);
    return result;
  }

  async batch(batchId: string): Promise<VaultBatch | undefined> {
    const row = this.#batches.byId(batchId);
    return row && toBatch(row);
  }
  async batches(): Promise<readonly VaultBatch[]> {
    return this.#batches.all().map(toBatch);
  }
  async segments(batchId: string): Promise<readonly Segment[]> {
    return this.#batches.segments(this.#batches.mustHave(batchId));
  }
  async refusals(batchId: string, afterLine: number, max: number): Promise<readonly RowRefusal[]> {
    return this.#batches.refusals(this.#batches.mustHave(batchId), afterLine, max);
  }

  async complete(batchId: string): Promise<void> {
    const { no, status } = this.#batches.mustHave(batchId);
    invariant(status !== 'aborted', 'an aborted batch is not completed');
    if (status === 'open') this.#batches.setStatus(no, 'complete');
    this.#blocks.close(batchId);
  }
  async abort(batchId: string): Promise<void> {
    const row = this.#batches.byId(batchId);
    if (!row || row.status === 'aborted') return;
    invariant(row.status === 'open', 'a complete batch is not aborted');
    this.#blocks.close(batchId);
    this.#destroyKeys(batchId);
    inTransaction(this.db, () => {
      this.#batches.setStatus(row.no, 'aborted');
      this.#blocks.remove(row.no);
      this.#batches.removeSegments(row.no);
    });
  }

  async open(ranges: readonly BatchUnits[]): Promise<readonly OpenedUnit[]> {
    const opened: OpenedUnit[] = [];
    for (const { batchId, from, to } of ranges) {
      const batch = this.#batches.mustHave(batchId);
      const first = Math.floor(from / batch.uses);
      const rows = await this.#blocks.open(batch, first, Math.ceil(to / batch.uses));
      for (let index = from; index < to; index++) opened.push({ batchId, index, ...rows[Math.floor(index / batch.uses) - first]! });
    }
    return opened;
  }
  async find(code: string): Promise<(UnitRef & { uses: number }) | undefined> {
    const found = this.#index.find(code);
    return found && { batchId: found.batch.batch_id, index: found.row * found.batch.uses, uses: found.batch.uses };
  }

  nameUnits(units: readonly UnitRef[]): readonly string[] {
    return nameUnits(this.#naming, units, (batchId) => this.#tagOf(batchId));
  }
  async resolveIds(ids: readonly string[]): Promise<readonly (UnitRef | undefined)[]> {
    return ids.map((id) => {
      const unit = unitOf(this.#voucherKey, id);
      const batch = unit && this.#batches.byTag(unit.tag);
      return unit && batch && unit.index < batch.rows * batch.uses ? { batchId: batch.batch_id, index: unit.index } : undefined;
    });
  }

  async hashesOf(batchId: string, fromRow: number, toRow: number): Promise<Pick<SealResult, 'hashes' | 'hashVersion'>> {
    const batch = this.#batches.mustHave(batchId);
    const { newest, version } = this.#index.hash(batch, await this.#blocks.open(batch, fromRow, toRow));
    return { hashes: newest, hashVersion: version };
  }
  async verify(batchId: string): Promise<boolean> {
    const batch = this.#batches.mustHave(batchId);
    const { rows, hash } = this.#blocks.measure(batch);
    return rows === batch.rows && hash.equals(batch.hash);
  }

  async adoptHashes(hashes: Uint8Array, hashVersion: number): Promise<number | undefined> {
    if (!this.#index.hasKey(hashVersion)) return undefined;
    const adopted = this.#atomically(() => this.#index.adopt(hashes));
    await this.#index.tidy(adopted);
    return adopted;
  }
  async lookupKeys(): Promise<readonly SealedLookupKey[]> {
    return this.keys.ring.sealed('lookup');
  }
  async adoptLookupKey(key: SealedLookupKey): Promise<boolean> {
    try {
      await this.#index.adoptKey(key);
      return true;
    } catch (error) {
      if (isFault(error) && error.code === 'KEY_WRONG') return false;
      throw error;
    }
  }

  async erase(batchId: string): Promise<Erasure> {
    const batch = this.#batches.mustHave(batchId);
    this.#blocks.close(batchId);
    this.#destroyKeys(batchId);
    const hashesDeleted = overwriting(this.db, () =>
      inTransaction(this.db, () => {
        this.#batches.setStatus(batch.no, 'erased');
        return batch.entropy < KEEP_HASH_BITS ? this.#index.forget(batch.no) : 0;
      }));
    return { batchId, hashesDeleted };
  }

  rotateKek(next: KeyWrap): Promise<number> {
    return this.keys.ring.rewrap(next);
  }
  async rotateLookups(): Promise<number> {
    await this.#index.addKey();
    let hashed = 0;
    for (const batch of this.#batches.all(['open', 'complete'])) {
      for (let from = 0; from < batch.rows; from += BLOCK_ROWS) hashed += await this.#rehash(batch, from, Math.min(from + BLOCK_ROWS, batch.rows));
    }
    return hashed;
  }
  async #rehash(batch: BatchRow, from: number, to: number): Promise<number> {
    const rows = await this.#blocks.open(batch, from, to);
    this.#atomically(() => this.#index.rehash(batch, from, rows));
    await this.#index.tidy(rows.length);
    return rows.length;
  }

  async close(): Promise<void> {
    this.db.close();
  }

  #atomically<T>(work: () => T): T {
    try {
      return inTransaction(this.db, work);
    } catch (error) {
      this.#index.reload();
      throw isFull(error) ? new Fault('VAULT_FULL', 'no space for the vault; nothing was sealed', true, { cause: error }) : error;
    }
  }
  #destroyKeys(batchId: string): void {
    this.keys.ring.forgetBatch(batchId);
    this.keys.stored.destroyBatch(batchId);
  }
  #tagOf(batchId: string): Buffer {
    const known = this.#tags.get(batchId);
    if (known) return known;
    if (this.#tags.size >= TAGS_MAX) this.#tags.clear();
    const tag = batchTag(batchId);
    this.#tags.set(batchId, tag);
    return tag;
  }
}

const isFull = (error: unknown): boolean => error instanceof Error && error.message.includes('disk is full');
