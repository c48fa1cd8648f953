import { invariant } from '@vouchsafe/kernel';
import type { Query } from '../port.js';
import type { Database } from './database.js';
import { countSql, findSql, type Layout } from './query-sql.js';
import { hashOf, type ReadRow } from './rows.js';

/** Reads committed documents. In a file it has a connection of its own, beside the writer's. */
export class Reader {
  readonly #db: Database;
  readonly #layouts = new Map<string, Layout>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Looks up anew which tables serve `name`. */
  refresh(name: string): void {
    const row = this.#db.prepare('SELECT number, fields FROM collections WHERE name = ?').get(name);
    if (!row) this.#layouts.delete(name);
    else this.#layouts.set(name, layoutOf(row['number'] as number, JSON.parse(row['fields'] as string) as string[]));
  }

  names(): readonly string[] {
    return this.#db.prepare('SELECT name FROM collections ORDER BY name').all().map((row) => row['name'] as string);
  }

  readMany(name: string, ids: readonly string[]): readonly ReadRow[] {
    const { table } = this.#layout(name);
    const select = `SELECT rowid, id, value, revisions FROM ${table} WHERE`;
    if (ids.length === 1) return this.#db.prepare(`${select} hash = ? AND id = ? AND value IS NOT NULL`, true).all(hashOf(ids[0]!), ids[0]!) as unknown[] & ReadRow[];
    // One question for all costs a fraction of a question each: most of the documents asked for do not exist yet.
    const found = this.#db.prepare(`${select} hash IN (SELECT value FROM json_each(?)) AND value IS NOT NULL`, true).all(JSON.stringify(ids.map(hashOf))) as unknown[] & ReadRow[];
    if (found.length === 0) return found;
    const wanted = new Set(ids); // others may have the hash of one of them
    return found.filter((row: ReadRow) => wanted.has(row[1]));
  }

  find(name: string, query: Query): readonly ReadRow[] {
    const { text, values } = findSql(this.#layout(name), query);
    return this.#db.prepare(text, true).all(...values) as unknown[] & ReadRow[];
  }

  count(name: string, where: Query['where']): number {
    const { text, values } = countSql(this.#layout(name), where);
    return this.#db.prepare(text).get(...values)!['n'] as number;
  }

  loadCheckpoint(name: string): { readonly position: number; readonly witness: string | null } | undefined {
    return this.#db.prepare('SELECT position, witness FROM checkpoints WHERE name = ?').get(name) as { position: number; witness: string | null } | undefined;
  }

  close(): void {
    this.#layouts.clear();
    this.#db.close();
  }

  #layout(name: string): Layout {
    const layout = this.#layouts.get(name);
    invariant(layout, `collection ${name} is open (it may have been dropped)`);
    return layout;
  }
}

const layoutOf = (number: number, fields: readonly string[]): Layout => ({
  table: `c${number}`, fieldNumbers: new Map(fields.map((field, i) => [field, i])),
});
