import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@vouchsafe/runtime';
import type { KeyPurpose, NewKey, StoredKey, StoredKeys } from './key-ring.js';
import { inTransaction, overwriting } from './sqlite.js';

type KeyRow = { id: number; purpose: KeyPurpose; batch_id: string | null; version: number; wrapped: Uint8Array | null; kek: string };
const COLUMNS = 'id, purpose, batch_id, version, wrapped, kek';

/** The key table of an embedded vault. Destroyed keys are overwritten in the file. */
export class SqliteKeys implements StoredKeys {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    db.exec(`CREATE TABLE IF NOT EXISTS keys (id INTEGER PRIMARY KEY AUTOINCREMENT, purpose TEXT NOT NULL, batch_id TEXT, version INTEGER NOT NULL,
      wrapped BLOB, kek TEXT NOT NULL, created_at INTEGER NOT NULL, erased_at INTEGER)`);
    db.exec(`CREATE INDEX IF NOT EXISTS keys_by_batch ON keys (batch_id)`);
  }

  add({ purpose, batchId, version, wrapped, kek, createdAt }: NewKey): number {
    const insert = this.#db.prepare(`INSERT INTO keys (purpose, batch_id, version, wrapped, kek, created_at) VALUES (?, ?, ?, ?, ?, ?)`);
    return Number(insert.run(purpose, batchId ?? null, version, wrapped, kek, createdAt).lastInsertRowid);
  }
  byId(id: number): StoredKey | undefined {
    const row = this.#db.prepare(`SELECT ${COLUMNS} FROM keys WHERE id = ?`).get(id) as KeyRow | undefined;
    return row && toKey(row);
  }
  ofPurpose(purpose: KeyPurpose): readonly StoredKey[] {
    return (this.#db.prepare(`SELECT ${COLUMNS} FROM keys WHERE purpose = ? AND wrapped IS NOT NULL ORDER BY id`).all(purpose) as KeyRow[]).map(toKey);
  }
  notUnder(kek: string): readonly StoredKey[] {
    return (this.#db.prepare(`SELECT ${COLUMNS} FROM keys WHERE wrapped IS NOT NULL AND kek <> ?`).all(kek) as KeyRow[]).map(toKey);
  }
  rewrap(keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[], kek: string): void {
    overwriting(this.#db, () =>
      inTransaction(this.#db, () => {
        const update = this.#db.prepare(`UPDATE keys SET wrapped = ?, kek = ? WHERE id = ?`);
        for (const { id, wrapped } of keys) update.run(wrapped, kek, id);
      }));
  }

  destroyBatch(batchId: string): void {
    overwriting(this.#db, () => this.#db.prepare(`UPDATE keys SET wrapped = NULL, erased_at = ? WHERE batch_id = ? AND wrapped IS NOT NULL`).run(this.#clock.now(), batchId));
  }
  destroy(id: number): void {
    overwriting(this.#db, () => this.#db.prepare(`UPDATE keys SET wrapped = NULL, erased_at = ? WHERE id = ?`).run(this.#clock.now(), id));
  }
}

const toKey = ({ id, purpose, batch_id, version, wrapped, kek }: KeyRow): StoredKey => ({
  id, purpose, version, batchId: batch_id ?? undefined, wrapped: wrapped ?? undefined, kek,
});
