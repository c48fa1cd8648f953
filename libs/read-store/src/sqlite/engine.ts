import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { invariant } from '@vouchsafe/kernel';
import { LRUCache } from 'lru-cache';
import { fromText } from '../document-text.js';
import type { CollectionSpec, Query } from '../port.js';
import { cellsOf } from './cells.js';
import { countSql, findSql, type Layout, type Sql } from './query-sql.js';
import { fieldsOf, type ReadRow, type SqliteEngine, type WriteRow } from './rows.js';

const STATEMENTS_MAX = 256;
const COPY_PAGE = 1000;

type Open = Layout & { readonly fields: readonly string[]; readonly select: StatementSync; readonly upsert: StatementSync; readonly byId: StatementSync };

/**
 * All documents of one namespace in one SQLite file. WAL with `synchronous=NORMAL`: a power cut may lose the newest
 * commits but never one before another, so a checkpoint never survives the documents it stands for.
 */
export const openEngine = (file: string): SqliteEngine => new Engine(new DatabaseSync(file));

class Engine implements SqliteEngine {
  readonly #db: DatabaseSync;
  readonly #open = new Map<string, Open>();
  readonly #statements = new LRUCache<string, StatementSync>({ max: STATEMENTS_MAX });

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -65536;
      CREATE TABLE IF NOT EXISTS collections (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, fields TEXT NOT NULL, spec TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL);
    `);
  }

  open(spec: CollectionSpec): void {
    const known = this.#prepare('SELECT number, spec FROM collections WHERE name = ?').get(spec.name) as { number: number; spec: string } | undefined;
    const text = JSON.stringify(spec.indexes.map(({ fields }) => fields));
    if (!known) this.#inTransaction(() => this.#create(spec, text));
    else if (known.spec !== text) this.#inTransaction(() => this.#reindex(spec, text, known.number));
    else if (!this.#open.has(spec.name)) this.#remember(spec.name, known.number, fieldsOf(spec));
  }

  #create(spec: CollectionSpec, text: string): void {
    const fields = fieldsOf(spec);
    this.#prepare('INSERT INTO collections (name, fields, spec) VALUES (?, ?, ?)').run(spec.name, JSON.stringify(fields), text);
    const { number } = this.#prepare('SELECT number FROM collections WHERE name = ?').get(spec.name) as { number: number };
    const table = `c${number}`;
    const columns = fields.map((_, i) => `, f${i}`).join('');
    this.#db.exec(`
      CREATE TABLE ${table} (rowid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, value TEXT, revisions TEXT NOT NULL, lists TEXT NOT NULL${columns});
      CREATE INDEX ${table}_dead ON ${table} (rowid) WHERE value IS NULL;
      CREATE TABLE ${table}_members (field INTEGER NOT NULL, member TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (field, member, doc)) WITHOUT ROWID;
    `);
    spec.indexes.forEach(({ fields: indexed }, i) => {
      const list = indexed.map((field) => `f${fields.indexOf(field)}`).join(', ');
      this.#db.exec(`CREATE INDEX ${table}_i${i} ON ${table} (${list}, id) WHERE value IS NOT NULL`);
    });
    this.#remember(spec.name, number, fields);
  }

  /** The same documents under other indexes: values hold all that is needed, so they are copied row by row. */
  #reindex(spec: CollectionSpec, text: string, oldNumber: number): void {
    this.#prepare('UPDATE collections SET name = ? WHERE number = ?').run(`${spec.name} (old)`, oldNumber);
    this.#create(spec, text);
    const { fields } = this.#collection(spec.name);
    const page = this.#db.prepare(`SELECT rowid, id, value, revisions FROM c${oldNumber} WHERE rowid > ? ORDER BY rowid LIMIT ${COPY_PAGE}`);
    for (let after = 0; ; ) {
      const rows = page.all(after) as { rowid: number; id: string; value: string | null; revisions: string }[];
      for (const { id, value, revisions } of rows) {
        const { cells, lists } = cellsOf(fields, value === null ? {} : fromText(value));
        this.#writeOne(this.#collection(spec.name), { id, value, revisions: JSON.parse(revisions), onlyRevisions: true, cells, lists });
      }
      if (rows.length < COPY_PAGE) break;
      after = rows[rows.length - 1]!.rowid;
    }
    this.#dropTables(`${spec.name} (old)`, oldNumber);
  }

  names(): readonly string[] {
    return this.#prepare('SELECT name FROM collections ORDER BY name').all().map((row) => row['name'] as string);
  }

  drop(name: string): void {
    const number = this.#numberOf(name);
    if (number !== undefined) this.#inTransaction(() => this.#dropTables(name, number));
  }

  replace(name: string, replacement: string): void {
    const fresh = this.#prepare('SELECT number, fields FROM collections WHERE name = ?').get(replacement) as { number: number; fields: string } | undefined;
    invariant(fresh, 'a collection is replaced by one that exists');
    this.#inTransaction(() => {
      const old = this.#numberOf(name);
      if (old !== undefined) this.#dropTables(name, old);
      this.#prepare('UPDATE collections SET name = ? WHERE number = ?').run(name, fresh.number);
      this.#open.delete(replacement);
      this.#remember(name, fresh.number, JSON.parse(fresh.fields));
    });
  }

  readMany(name: string, ids: readonly string[]): readonly ReadRow[] {
    const { byId } = this.#collection(name);
    const rows: ReadRow[] = [];
    for (const id of ids) {
      const row = byId.get(id) as unknown[] | undefined;
      if (row && row[1] !== null) rows.push(row as unknown[] & ReadRow);
    }
    return rows;
  }

  find(name: string, query: Query): readonly ReadRow[] {
    const { text, values }: Sql = findSql(this.#collection(name), query);
    return this.#prepare(text, true).all(...values) as unknown[] as ReadRow[];
  }

  count(name: string, where: Query['where']): number {
    const { text, values } = countSql(this.#collection(name), where);
    return (this.#prepare(text, true).get(...values) as unknown as [number])[0];
  }

  write(name: string, rows: readonly WriteRow[]): void {
    const collection = this.#collection(name);
    this.#inTransaction(() => {
      for (const row of rows) this.#writeOne(collection, row);
    });
  }

  #writeOne(collection: Open, row: WriteRow): void {
    const old = collection.select.get(row.id) as unknown as [rowid: number, revisions: string, lists: string] | undefined;
    const known = old ? (JSON.parse(old[1]) as Record<string, number>) : {};
    if (!isNewer(row.revisions, known)) return;
    const revisions = JSON.stringify(row.onlyRevisions || !old ? row.revisions : { ...known, ...row.revisions });
    collection.upsert.run(row.id, row.value, revisions, row.lists, ...row.cells);
    if (row.lists === (old?.[2] ?? '')) return;
    const rowid = old?.[0] ?? (collection.select.get(row.id) as unknown as [number])[0];
    this.#writeMembers(collection, rowid, { before: old?.[2] ?? '', after: row.lists });
  }

  #writeMembers({ table }: Open, rowid: number, { before, after }: { before: string; after: string }): void {
    const gone = this.#prepare(`DELETE FROM ${table}_members WHERE field = ? AND member = ? AND doc = ?`);
    const fresh = this.#prepare(`INSERT OR IGNORE INTO ${table}_members (field, member, doc) VALUES (?, ?, ?)`);
    const [old, now] = [membersOf(before), membersOf(after)];
    for (const [key, [field, member]] of old) if (!now.has(key)) gone.run(field, member, rowid);
    for (const [key, [field, member]] of now) if (!old.has(key)) fresh.run(field, member, rowid);
  }

  forgetDeleted(name: string): void {
    const { table } = this.#collection(name);
    this.#prepare(`DELETE FROM ${table} WHERE value IS NULL`).run();
  }

  loadCheckpoint(name: string): number | undefined {
    return this.#prepare('SELECT position FROM checkpoints WHERE name = ?').get(name)?.['position'] as number | undefined;
  }

  saveCheckpoint(name: string, position: number): void {
    this.#prepare('INSERT INTO checkpoints (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position').run(name, position);
  }

  close(): void {
    this.#statements.clear();
    this.#open.clear();
    this.#db.close();
  }

  #numberOf(name: string): number | undefined {
    return this.#prepare('SELECT number FROM collections WHERE name = ?').get(name)?.['number'] as number | undefined;
  }

  #dropTables(name: string, number: number): void {
    this.#open.delete(name);
    this.#statements.clear(); // none may be left that reads the dropped tables
    this.#db.exec(`DROP TABLE c${number}; DROP TABLE c${number}_members; DELETE FROM collections WHERE number = ${number};`);
  }

  #remember(name: string, number: number, fields: readonly string[]): void {
    const table = `c${number}`;
    const numbers = fields.map((_, i) => i);
    const select = this.#db.prepare(`SELECT rowid, revisions, lists FROM ${table} WHERE id = ?`);
    const byId = this.#db.prepare(`SELECT id, value, revisions FROM ${table} WHERE id = ?`);
    select.setReturnArrays(true);
    byId.setReturnArrays(true);
    const upsert = this.#db.prepare(
      `INSERT INTO ${table} (id, value, revisions, lists${numbers.map((i) => `, f${i}`).join('')}) VALUES (?, ?, ?, ?${numbers.map(() => ', ?').join('')})
       ON CONFLICT (id) DO UPDATE SET value = excluded.value, revisions = excluded.revisions, lists = excluded.lists${numbers.map((i) => `, f${i} = excluded.f${i}`).join('')}`,
    );
    this.#open.set(name, { table, fields, fieldNumbers: new Map(fields.map((field, i) => [field, i])), select, byId, upsert });
  }

  #collection(name: string): Open {
    const open = this.#open.get(name);
    invariant(open, `collection ${name} is open (it may have been dropped)`);
    return open;
  }

  #prepare(text: string, arrays = false): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#db.prepare(text);
      if (arrays) statement.setReturnArrays(true);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #inTransaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** At least one stream further than known, and none behind. */
const isNewer = (revisions: Readonly<Record<string, number>>, known: Readonly<Record<string, number>>): boolean => {
  let newer = false;
  for (const stream in revisions) {
    const before = known[stream] ?? -1;
    if (revisions[stream]! < before) return false;
    if (revisions[stream]! > before) newer = true;
  }
  return newer;
};

const membersOf = (lists: string): Map<string, [field: number, member: string]> => {
  const members = new Map<string, [number, string]>();
  if (lists === '') return members;
  for (const [field, list] of Object.entries(JSON.parse(lists) as Record<string, string[]>)) {
    for (const member of list) members.set(`${field}/${member}`, [Number(field), member]);
  }
  return members;
};
