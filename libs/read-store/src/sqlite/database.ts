import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';

const STATEMENTS_MAX = 256;

/** A connection that keeps its prepared statements. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new LRUCache<string, StatementSync>({ max: STATEMENTS_MAX });

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec('PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;');
  }

  exec(text: string): void {
    this.#db.exec(text);
  }

  /** Rows as objects, or with `arrays` as lists of values (faster). */
  prepare(text: string, arrays = false): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#db.prepare(text);
      if (arrays) statement.setReturnArrays(true);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  /** A failed statement (disk full) may have rolled back by itself; then there is nothing left to do. */
  #rollback(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

/**
 * Moving 8000 pages (32 MB) at once instead of the usual 1000 wrote a third more documents a second.
 * WAL with `synchronous=NORMAL`: a power cut may lose the newest commits but never one before another, so a checkpoint
 * never survives the documents it stands for.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS collections (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, fields TEXT NOT NULL, spec TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL, witness TEXT);
`;
/** Of how documents lie in their tables. */
const LAYOUT = 2;

/** Readies a file for its one writer. What was laid out otherwise is dropped: everything here is built again from the log. */
export const prepareForWriting = (db: Database): void => {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000;');
  db.transaction(() => {
    if (db.prepare('PRAGMA user_version').get()!['user_version'] !== LAYOUT) {
      const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'`).all();
      for (const { name } of tables) db.exec(`DROP TABLE ${name as string}`);
      db.exec(`PRAGMA user_version = ${LAYOUT}`);
    }
    db.exec(SCHEMA);
  });
};
