import { invariant } from '@vouchsafe/kernel';
import { fromText } from '../document-text.js';
import type { CollectionSpec } from '../port.js';
import { cellsOf } from './cells.js';
import type { Database } from './database.js';
import { type Cell, fieldsOf, type PackedRows } from './rows.js';

const COPY_PAGE = 1000;
type Known = { readonly number: number; readonly fields: string; readonly spec: string };

/** Which tables serve which collection; all of it inside a transaction of the caller. */
export class Tables {
  constructor(readonly db: Database) {}

  /** The number of the collection's tables and its indexed fields. */
  of(name: string): { readonly number: number; readonly fields: readonly string[] } | undefined {
    const known = this.#known(name);
    return known && { number: known.number, fields: JSON.parse(known.fields) as string[] };
  }

  /** Creates what is missing; where the indexes changed, copies the documents under the new ones with `write`. */
  open(spec: CollectionSpec, write: (name: string, rows: PackedRows) => void): void {
    const known = this.#known(spec.name);
    const text = JSON.stringify(spec.indexes.map(({ fields }) => fields));
    if (known?.spec === text) return;
    if (known) this.db.prepare('UPDATE collections SET name = ? WHERE number = ?').run(`${spec.name} (old)`, known.number);
    this.#create(spec, text);
    if (!known) return;
    this.#copy(known.number, spec, write);
    this.drop(`${spec.name} (old)`);
  }

  #known(name: string): Known | undefined {
    return this.db.prepare('SELECT number, fields, spec FROM collections WHERE name = ?').get(name) as Known | undefined;
  }

  #create(spec: CollectionSpec, text: string): void {
    const fields = fieldsOf(spec);
    this.db.prepare('INSERT INTO collections (name, fields, spec) VALUES (?, ?, ?)').run(spec.name, JSON.stringify(fields), text);
    const table = `c${this.#known(spec.name)!.number}`;
    const columns = fields.map((_, i) => `, f${i}`).join('');
    this.db.exec(`
      CREATE TABLE ${table} (rowid INTEGER PRIMARY KEY, hash INTEGER NOT NULL, id TEXT NOT NULL, revisions TEXT NOT NULL, lists TEXT NOT NULL, value TEXT${columns});
      CREATE INDEX ${table}_hash ON ${table} (hash);
      CREATE INDEX ${table}_dead ON ${table} (rowid) WHERE value IS NULL;
      CREATE TABLE ${table}_members (field INTEGER NOT NULL, member TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (field, member, doc)) WITHOUT ROWID;
    `);
    spec.indexes.forEach(({ fields: indexed }, i) => {
      const list = indexed.map((field) => `f${fields.indexOf(field)}`).join(', ');
      this.db.exec(`CREATE INDEX ${table}_i${i} ON ${table} (${list}, id) WHERE value IS NOT NULL`);
    });
  }

  #copy(number: number, spec: CollectionSpec, write: (name: string, rows: PackedRows) => void): void {
    const fields = fieldsOf(spec);
    const page = this.db.prepare(`SELECT rowid, id, value, revisions FROM c${number} WHERE rowid > ? ORDER BY rowid LIMIT ${COPY_PAGE}`);
    for (let after = 0; ; ) {
      const rows = page.all(after) as { rowid: number; id: string; value: string | null; revisions: string }[];
      const packed: Cell[] = [];
      for (const { id, value, revisions } of rows) {
        const { cells, lists } = cellsOf(fields, value === null ? {} : fromText(value));
        packed.push(id, value, revisions, 1, lists, ...cells);
      }
      write(spec.name, packed);
      if (rows.length < COPY_PAGE) break;
      after = rows[rows.length - 1]!.rowid;
    }
  }

  drop(name: string): void {
    this.db.prepare('DELETE FROM collections WHERE name = ?').run(name);
  }

  replace(name: string, replacement: string): void {
    const fresh = this.#known(replacement);
    invariant(fresh, 'a collection is replaced by one that exists');
    this.drop(name);
    this.db.prepare('UPDATE collections SET name = ? WHERE number = ?').run(name, fresh.number);
  }

  /** Drops the tables of numbers that serve no name: a reader may still have used them when the name was taken away. */
  purge(): void {
    const served = new Set(this.db.prepare('SELECT number FROM collections').all().map((row) => `c${row['number'] as number}`));
    const tables = this.db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'c[0-9]*'`).all();
    for (const row of tables) {
      const name = row['name'] as string;
      if (!served.has(name.replace('_members', ''))) this.db.exec(`DROP TABLE ${name}`);
    }
  }
}
