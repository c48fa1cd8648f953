import { createSecretKey, type KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '@vouchsafe/kernel';
import type { Clock, Namespace, Random } from '@vouchsafe/runtime';
import type { KeyWrap } from './key-wrap.js';
import { inTransaction, overwriting } from './sqlite.js';

export type KeyPurpose = 'data' | 'spool' | 'lookup' | 'voucher-id';
export type RingKey = { readonly id: number; readonly purpose: KeyPurpose; readonly version: number; readonly batchId: string | undefined; readonly key: KeyObject };
type KeyRow = { id: number; purpose: KeyPurpose; batch_id: string | null; version: number; wrapped: Uint8Array | null; kek: string };

const KEY_BYTES = 32;
const CACHE_MAX = 4_096;

/**
 * Data keys, each wrapped by the key-encryption key. Unwrapped ones are held in memory, bounded. A destroyed key leaves a row
 * without key, so that its loss can be told from damage.
 */
export class KeyRing {
  readonly #db: DatabaseSync;
  readonly #open = new Map<number, RingKey>();
  #wrap: KeyWrap;

  constructor(db: DatabaseSync, wrap: KeyWrap, readonly namespace: Namespace, readonly random: Random, readonly clock: Clock) {
    this.#db = db;
    this.#wrap = wrap;
    db.exec(`CREATE TABLE IF NOT EXISTS keys (id INTEGER PRIMARY KEY AUTOINCREMENT, purpose TEXT NOT NULL, batch_id TEXT, version INTEGER NOT NULL,
      wrapped BLOB, kek TEXT NOT NULL, created_at INTEGER NOT NULL, erased_at INTEGER)`);
    db.exec(`CREATE INDEX IF NOT EXISTS keys_by_batch ON keys (batch_id)`);
  }

  get kekId(): string {
    return this.#wrap.id;
  }

  /** A fresh key, never used before. */
  async create(purpose: KeyPurpose, batchId?: string, version = 1): Promise<RingKey> {
    return this.#add(purpose, this.random.bytes(KEY_BYTES), version, batchId);
  }
  /** A key sealed elsewhere by the same key-encryption key. */
  async adopt(purpose: KeyPurpose, version: number, wrapped: Uint8Array): Promise<RingKey> {
    return this.#add(purpose, await this.#wrap.unwrap(wrapped, this.#context(purpose)), version);
  }
  async #add(purpose: KeyPurpose, secret: Buffer, version: number, batchId?: string): Promise<RingKey> {
    const wrapped = await this.#wrap.wrap(secret, this.#context(purpose));
    const { lastInsertRowid } = this.#db
      .prepare(`INSERT INTO keys (purpose, batch_id, version, wrapped, kek, created_at) VALUES (?, ?, ?, ?, ?, ?)`)
      .run(purpose, batchId ?? null, version, wrapped, this.#wrap.id, this.clock.now());
    return this.#remember({ id: Number(lastInsertRowid), purpose, version, batchId, key: createSecretKey(secret) });
  }

  /** Fault `KEY_ERASED` where it was destroyed. */
  async get(id: number): Promise<RingKey> {
    const known = this.#open.get(id);
    if (known) return known;
    const row = this.#db.prepare(`SELECT id, purpose, batch_id, version, wrapped, kek FROM keys WHERE id = ?`).get(id) as KeyRow | undefined;
    if (!row?.wrapped) throw new Fault('KEY_ERASED', 'the key of these codes was destroyed; they cannot be read any more', false);
    return this.#load(row);
  }
  async all(purpose: KeyPurpose): Promise<readonly RingKey[]> {
    const rows = this.#db.prepare(`SELECT id, purpose, batch_id, version, wrapped, kek FROM keys WHERE purpose = ? AND wrapped IS NOT NULL ORDER BY id`).all(purpose) as KeyRow[];
    return Promise.all(rows.map(async (row) => this.#open.get(row.id) ?? this.#load(row)));
  }
  /** As stored: sealed. */
  sealed(purpose: KeyPurpose): readonly { version: number; kekId: string; wrapped: Uint8Array }[] {
    return (this.#db.prepare(`SELECT version, kek, wrapped FROM keys WHERE purpose = ? AND wrapped IS NOT NULL ORDER BY id`).all(purpose) as KeyRow[])
      .map(({ version, kek, wrapped }) => ({ version, kekId: kek, wrapped: wrapped! }));
  }

  /** Destroys all keys of a batch; the bytes are overwritten. */
  destroy(batchId: string): void {
    for (const [id, { batchId: of }] of this.#open) if (of === batchId) this.#open.delete(id);
    overwriting(this.#db, () => this.#db.prepare(`UPDATE keys SET wrapped = NULL, erased_at = ? WHERE batch_id = ? AND wrapped IS NOT NULL`).run(this.clock.now(), batchId));
  }
  retire(id: number): void {
    this.#open.delete(id);
    overwriting(this.#db, () => this.#db.prepare(`UPDATE keys SET wrapped = NULL, erased_at = ? WHERE id = ?`).run(this.clock.now(), id));
  }

  /** Wraps every key anew under `next`, all or none; from here the old key-encryption key opens nothing. Returns how many. */
  async rewrap(next: KeyWrap): Promise<number> {
    const rows = this.#db.prepare(`SELECT id, purpose, batch_id, version, wrapped, kek FROM keys WHERE wrapped IS NOT NULL AND kek <> ?`).all(next.id) as KeyRow[];
    const fresh: { id: number; wrapped: Buffer }[] = [];
    for (const { id, purpose, wrapped } of rows) {
      const secret = await this.#wrap.unwrap(wrapped!, this.#context(purpose));
      fresh.push({ id, wrapped: await next.wrap(secret, this.#context(purpose)) });
      secret.fill(0);
    }
    overwriting(this.#db, () =>
      inTransaction(this.#db, () => {
        const update = this.#db.prepare(`UPDATE keys SET wrapped = ?, kek = ? WHERE id = ?`);
        for (const { id, wrapped } of fresh) update.run(wrapped, next.id, id);
      }));
    this.#wrap = next;
    return fresh.length;
  }

  async #load({ id, purpose, batch_id, version, wrapped }: KeyRow): Promise<RingKey> {
    const secret = await this.#wrap.unwrap(wrapped!, this.#context(purpose));
    const key = createSecretKey(secret);
    secret.fill(0);
    return this.#remember({ id, purpose, version, batchId: batch_id ?? undefined, key });
  }
  #remember(key: RingKey): RingKey {
    if (this.#open.size >= CACHE_MAX) for (const id of this.#open.keys()) { this.#open.delete(id); break; }
    this.#open.set(key.id, key);
    return key;
  }
  #context(purpose: KeyPurpose): string {
    return `vouchsafe/${this.namespace}/${purpose}`;
  }
}
