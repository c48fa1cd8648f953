import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';

export type SubjectRow = { readonly id: string; readonly owner: Uint8Array | null; readonly keyId: number; readonly key: Uint8Array; readonly page: number; readonly sealed: Uint8Array };
type Row = Record<string, unknown>;

/** The statements of a personal vault's file. Subjects hold their newest page; full pages lie in `pages`. */
export class PersonalTables {
  readonly db: DatabaseSync;
  readonly #byId: StatementSync;
  readonly #byOwner: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #page: StatementSync;
  readonly #addPage: StatementSync;
  readonly #claim: StatementSync;

  constructor(file: string) {
    this.db = new DatabaseSync(file);
    // Commits write the WAL; the vault flushes it itself, off the event loop, before anything is answered (see Flush). Moved to the
    // main file 32 MB at once: most of its pages were written several times until then, and moving them waits for the disk.
    this.db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA secure_delete = ON; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000;
      CREATE TABLE IF NOT EXISTS vault_keys (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, kek TEXT NOT NULL, wrapped BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS subjects (id TEXT PRIMARY KEY, owner BLOB UNIQUE, key_id INTEGER NOT NULL, key BLOB NOT NULL, page INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS pages (subject TEXT NOT NULL, page INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (subject, page)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS nonces (scope TEXT NOT NULL, nonce TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (scope, nonce)) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS nonces_until ON nonces (until);
    `);
    const columns = 'id, owner, key_id AS keyId, key, page, sealed';
    this.#byId = this.db.prepare(`SELECT ${columns} FROM subjects WHERE id = ?`);
    this.#byOwner = this.db.prepare(`SELECT ${columns} FROM subjects WHERE owner = ?`);
    this.#insert = this.db.prepare('INSERT INTO subjects (id, owner, key_id, key, page, sealed) VALUES (?, ?, ?, ?, ?, ?)');
    this.#update = this.db.prepare('UPDATE subjects SET page = ?, sealed = ? WHERE id = ?');
    this.#page = this.db.prepare('SELECT sealed FROM pages WHERE subject = ? AND page = ?');
    this.#addPage = this.db.prepare('INSERT INTO pages (subject, page, sealed) VALUES (?, ?, ?)');
    this.#claim = this.db.prepare('INSERT INTO nonces (scope, nonce, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET until = excluded.until WHERE nonces.until < ?');
  }

  keysNamed(name: string): readonly { readonly id: number; readonly wrapped: Uint8Array }[] {
    return this.db.prepare('SELECT id, wrapped FROM vault_keys WHERE name = ? ORDER BY id').all(name) as { id: number; wrapped: Uint8Array }[];
  }
  allKeys(): readonly { readonly id: number; readonly name: string; readonly kek: string; readonly wrapped: Uint8Array }[] {
    return this.db.prepare('SELECT id, name, kek, wrapped FROM vault_keys ORDER BY id').all() as { id: number; name: string; kek: string; wrapped: Uint8Array }[];
  }
  rewrap(id: number, kek: string, wrapped: Uint8Array): void {
    this.db.prepare('UPDATE vault_keys SET kek = ?, wrapped = ? WHERE id = ?').run(kek, wrapped, id);
  }
  addKey(name: string, kek: string, wrapped: Uint8Array): number {
    return Number(this.db.prepare('INSERT INTO vault_keys (name, kek, wrapped) VALUES (?, ?, ?)').run(name, kek, wrapped).lastInsertRowid);
  }

  subject(id: string): SubjectRow | undefined {
    return this.#byId.get(id) as SubjectRow | undefined;
  }
  subjectByOwner(owner: Uint8Array): SubjectRow | undefined {
    return this.#byOwner.get(owner) as SubjectRow | undefined;
  }
  insert({ id, owner, keyId, key, page, sealed }: SubjectRow): void {
    this.#insert.run(id, owner, keyId, key, page, sealed);
  }
  update({ id, page, sealed }: SubjectRow): void {
    this.#update.run(page, sealed, id);
  }
  page(subject: string, page: number): Uint8Array | undefined {
    return (this.#page.get(subject, page) as Row | undefined)?.['sealed'] as Uint8Array | undefined;
  }
  addPage(subject: string, page: number, sealed: Uint8Array): void {
    this.#addPage.run(subject, page, sealed);
  }
  erase(subject: string): boolean {
    this.db.prepare('DELETE FROM pages WHERE subject = ?').run(subject);
    return this.db.prepare('DELETE FROM subjects WHERE id = ?').run(subject).changes > 0;
  }
  /** A nonce whose time is over may be claimed again. */
  claim(scope: string, nonce: string, until: number, now: number): boolean {
    return this.#claim.run(scope, nonce, until, now).changes > 0;
  }
  forgetNonces(before: number): void {
    this.db.prepare('DELETE FROM nonces WHERE until < ?').run(before);
  }

  /** Moves everything from the write-ahead file into the main one and empties it: what was erased is nowhere afterwards. */
  checkpoint(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }
  async copyTo(file: string): Promise<void> {
    await backup(this.db, file);
  }
}
