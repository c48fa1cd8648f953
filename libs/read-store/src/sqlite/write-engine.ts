import { invariant } from '@vouchsafe/kernel';
import { type Database, prepareForWriting } from './database.js';
import { mergedRevisions } from './revisions-text.js';
import { type Cell, hashOf, type PackedRows, PUT_HEAD, ROW_HEAD, type WriteRequest } from './rows.js';
import { type Statements, statementsFor } from './statements.js';
import { Tables } from './tables.js';

type Known = readonly [rowid: number, revisions: string, lists: string];

/** Of documents that nobody else writes: none is ever applied twice, so they need none. */
const NO_REVISIONS = '{}';

/** The one writer of a file. Synchronous; each request of a group is atomic. */
export class WriteEngine {
  readonly #db: Database;
  readonly #tables: Tables;
  readonly #statements = new Map<string, Statements>();

  constructor(db: Database) {
    this.#db = db;
    prepareForWriting(db);
    this.#tables = new Tables(db);
    this.#db.transaction(() => this.#tables.purge());
  }

  /**
   * Runs requests in order and commits them together, for a commit costs more than a document. Where one fails, each is
   * run by itself instead. Answers an error, or undefined, for each.
   */
  runAll(requests: readonly WriteRequest[]): readonly unknown[] {
    if (requests.length > 1) {
      try {
        this.#db.transaction(() => {
          for (const request of requests) this.#run(request);
        });
        return requests.map(() => undefined);
      } catch {
        this.#statements.clear(); // what the group changed is undone; each request tells its own error below
      }
    }
    return requests.map((request) => this.#alone(request));
  }

  #alone(request: WriteRequest): unknown {
    try {
      this.#db.transaction(() => this.#run(request));
      return undefined;
    } catch (error) {
      this.#statements.clear();
      return error;
    }
  }

  #run(request: WriteRequest): void {
    switch (request.kind) {
      case 'write': return this.#writeAll(request.name, request.rows);
      case 'put': return this.#putAll(request.name, request.rows);
      case 'checkpoint': return this.#checkpoint(request);
      case 'all': return request.requests.forEach((one) => this.#run(one));
      case 'forget': return void this.#db.prepare(`DELETE FROM ${this.#of(request.name).table} WHERE value IS NULL`).run();
      case 'open': return this.#renamed(() => this.#tables.open(request.spec, (name, rows) => this.#writeAll(name, rows)));
      case 'drop': return this.#renamed(() => this.#tables.drop(request.name));
      case 'replace': return this.#renamed(() => this.#tables.replace(request.name, request.replacement));
      case 'purge': return this.#tables.purge();
    }
  }

  #renamed(work: () => void): void {
    this.#statements.clear();
    work();
  }

  #writeAll(name: string, rows: PackedRows): void {
    const statements = this.#of(name);
    for (let at = 0; at < rows.length; at += statements.width) this.#write(statements, rows, at);
  }

  #write({ table, find, insert, update, width }: Statements, rows: PackedRows, at: number): void {
    const [id, value, given, only, lists] = rows.slice(at, at + ROW_HEAD) as [string, string | null, string, number, string];
    const hash = hashOf(id);
    const old = this.#db.prepare(find, true).get(hash, id) as (unknown[] & Known) | undefined;
    const revisions = old ? mergedRevisions(given, old[1], only === 1) : given;
    if (revisions === undefined) return;
    const cells = [hash, id, lists, value, ...rows.slice(at + ROW_HEAD, at + width), revisions];
    const row = old ? (this.#db.prepare(update).run(...cells, old[0]), old[0]) : this.#db.prepare(insert).run(...cells).lastInsertRowid;
    const before = old?.[2] ?? '';
    if (lists !== before) this.#writeMembers(table, Number(row), { before, after: lists });
  }

  #putAll(name: string, rows: PackedRows): void {
    const statements = this.#of(name);
    const width = statements.width - ROW_HEAD + PUT_HEAD;
    const insert = this.#db.prepare(statements.insert);
    for (let at = 0; at < rows.length; at += width) {
      const cells = rows.slice(at + 1, at + width);
      cells.push(NO_REVISIONS);
      if (rows[at] !== null) this.#change(statements, rows[at] as number, cells);
      else {
        const { lastInsertRowid } = insert.run(...cells);
        const lists = cells[2] as string;
        if (lists !== '') this.#writeMembers(statements.table, Number(lastInsertRowid), { before: '', after: lists });
      }
    }
  }
  #change({ table, listsOf, update, remove }: Statements, row: number, cells: Cell[]): void {
    const [before] = this.#db.prepare(listsOf, true).get(row) as unknown as [string];
    const [, , lists, value] = cells as [number, string, string, string | null];
    if (value === null) this.#db.prepare(remove).run(row);
    else this.#db.prepare(update).run(...cells, row);
    if (lists !== before) this.#writeMembers(table, row, { before, after: lists });
  }

  #writeMembers(table: string, rowid: number, { before, after }: { readonly before: string; readonly after: string }): void {
    const gone = this.#db.prepare(`DELETE FROM ${table}_members WHERE field = ? AND member = ? AND doc = ?`);
    const fresh = this.#db.prepare(`INSERT INTO ${table}_members (field, member, doc) VALUES (?, ?, ?)`);
    const [old, now] = [membersOf(before), membersOf(after)];
    for (const [key, [field, member]] of old) if (!now.has(key)) gone.run(field, member, rowid);
    for (const [key, [field, member]] of now) if (!old.has(key)) fresh.run(field, member, rowid);
  }

  #checkpoint({ name, position, witness }: Extract<WriteRequest, { kind: 'checkpoint' }>): void {
    this.#db
      .prepare('INSERT INTO checkpoints (name, position, witness) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position, witness = excluded.witness')
      .run(name, position, witness);
  }

  #of(name: string): Statements {
    let statements = this.#statements.get(name);
    if (!statements) {
      const known = this.#tables.of(name);
      invariant(known, `collection ${name} is open (it may have been dropped)`);
      statements = statementsFor(known.number, known.fields.length);
      this.#statements.set(name, statements);
    }
    return statements;
  }

  close(): void {
    this.#db.close();
  }
}

const membersOf = (lists: string): Map<string, readonly [field: number, member: string]> => {
  const members = new Map<string, readonly [number, string]>();
  if (lists === '') return members;
  for (const [field, list] of Object.entries(JSON.parse(lists) as Record<string, string[]>)) {
    for (const member of list) members.set(`${field}/${member}`, [Number(field), member]);
  }
  return members;
};
