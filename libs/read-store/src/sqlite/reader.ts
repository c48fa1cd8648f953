import { invariant } from '@vouchsafe/kernel';
import type { Query } from '../port.js';
import type { Database } from './database.js';
import { countSql, findSql, type Layout } from './query-sql.js';
import type { ReadRow } from './rows.js';

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
    // One question for all costs a fraction of a question each: most of the documents asked for do not exist yet.
    const found = ids.length === 1
      ? this.#db.prepare(`SELECT id, value, revisions FROM ${table} WHERE id = ? AND value IS NOT NULL`, true).all(ids[0]!)
      : this.#db.prepare(`SELECT id, value, revisions FROM ${table} WHERE id IN (SELECT value FROM json_each(?)) AND value IS NOT NULL`, true).all(JSON.stringify(ids));
    return found as unknown[] & ReadRow[];
  }

  find(name: string, query: Query): readonly ReadRow[] {
    const { text, values } = findSql(this.#layout(name), query);
    return this.#db.prepare(text, true).all(...values) as unknown[] & ReadRow[];
  }

  count(name: string, where: Query['where']): number {
    const { text, values } = countSql(this.#layout(name), where);
    return this.#db.prepare(text).get(...values)!['n'] as number;
  }

  loadCheckpoint(name: string): number | undefined {
    return this.#db.prepare('SELECT position FROM checkpoints WHERE name = ?').get(name)?.['position'] as number | undefined;
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
