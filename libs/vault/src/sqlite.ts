import { DatabaseSync } from 'node:sqlite';

/** Opens a vault's database: every commit is flushed; a reader never waits for a writer. `:memory:` in tests. */
export const openDatabase = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file);
  // temp_store: a sorter must not spill hashes or anything else into files of its own.
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA busy_timeout = 5000`);
  return db;
};

/** Runs `work` in one transaction: all of it or nothing. */
export const inTransaction = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};

/**
 * Runs commits that need not be flushed one by one, because a lost one is only done again. In a write-ahead log they lie
 * before later, flushed ones, so order holds and nothing flushed is ever at risk.
 */
export const relaxed = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('PRAGMA synchronous = NORMAL');
  try {
    return work();
  } finally {
    db.exec('PRAGMA synchronous = FULL');
  }
};

/** Runs deletions so that the deleted bytes are overwritten in the file, and its write-ahead log is emptied. */
export const overwriting = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('PRAGMA secure_delete = ON');
  try {
    return work();
  } finally {
    db.exec('PRAGMA secure_delete = OFF; PRAGMA wal_checkpoint(TRUNCATE)');
  }
};
