import { invariant } from '@vouchsafe/kernel';
import { type Database, SCHEMA } from './database.js';
import { type PackedRows, ROW_HEAD, type WriteRequest } from './rows.js';
import { Tables } from './tables.js';

type Target = { readonly table: string; readonly upsert: string; readonly select: string; readonly width: number };
type Known = readonly [rowid: number, revisions: string, lists: string];

/** The one writer of a file. Synchronous; each request of a group is atomic. */
export class WriteEngine {
  readonly #db: Database;
  readonly #tables: Tables;
  readonly #targets = new Map<string, Target>();

  constructor(db: Database) {
    this.#db = db;
    this.#db.exec(SCHEMA);
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
        this.#targets.clear(); // what the group changed is undone; each request tells its own error below
      }
    }
    return requests.map((request) => this.#alone(request));
  }

  #alone(request: WriteRequest): unknown {
    try {
      this.#db.transaction(() => this.#run(request));
      return undefined;
    } catch (error) {
      this.#targets.clear();
      return error;
    }
  }

  #run(request: WriteRequest): void {
    switch (request.kind) {
      case 'write': return this.#writeAll(request.name, request.rows);
      case 'checkpoint': return this.#checkpoint(request.name, request.position);
      case 'forget': return void this.#db.prepare(`DELETE FROM ${this.#target(request.name).table} WHERE value IS NULL`).run();
      case 'open': return this.#renamed(() => this.#tables.open(request.spec, (name, rows) => this.#writeAll(name, rows)));
      case 'drop': return this.#renamed(() => this.#tables.drop(request.name));
      case 'replace': return this.#renamed(() => this.#tables.replace(request.name, request.replacement));
      case 'purge': return this.#tables.purge();
    }
  }

  #renamed(work: () => void): void {
    this.#targets.clear();
    work();
  }

  #writeAll(name: string, rows: PackedRows): void {
    const target = this.#target(name);
    for (let at = 0; at < rows.length; at += target.width) this.#write(target, rows, at);
  }

  #write({ table, upsert, select, width }: Target, rows: PackedRows, at: number): void {
    const [id, value, given, only, lists] = rows.slice(at, at + ROW_HEAD) as [string, string | null, string, number, string];
    const find = this.#db.prepare(select, true);
    const lookUp = (): Known | undefined => find.get(id) as (unknown[] & Known) | undefined;
    const old = lookUp();
    const revisions = old ? merged(given, old[1], only === 1) : given;
    if (revisions === undefined) return;
    this.#db.prepare(upsert).run(id, value, revisions, lists, ...rows.slice(at + ROW_HEAD, at + width));
    const before = old?.[2] ?? '';
    if (lists !== before) this.#writeMembers(table, (old ?? lookUp()!)[0], { before, after: lists });
  }

  #writeMembers(table: string, rowid: number, { before, after }: { readonly before: string; readonly after: string }): void {
    const gone = this.#db.prepare(`DELETE FROM ${table}_members WHERE field = ? AND member = ? AND doc = ?`);
    const fresh = this.#db.prepare(`INSERT INTO ${table}_members (field, member, doc) VALUES (?, ?, ?)`);
    const [old, now] = [membersOf(before), membersOf(after)];
    for (const [key, [field, member]] of old) if (!now.has(key)) gone.run(field, member, rowid);
    for (const [key, [field, member]] of now) if (!old.has(key)) fresh.run(field, member, rowid);
  }

  #checkpoint(name: string, position: number): void {
    this.#db
      .prepare('INSERT INTO checkpoints (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position')
      .run(name, position);
  }

  #target(name: string): Target {
    let target = this.#targets.get(name);
    if (!target) {
      const known = this.#tables.of(name);
      invariant(known, `collection ${name} is open (it may have been dropped)`);
      target = targetOf(known.number, known.fields.map((_, i) => i));
      this.#targets.set(name, target);
    }
    return target;
  }

  close(): void {
    this.#db.close();
  }
}

const targetOf = (number: number, fields: readonly number[]): Target => {
  const table = `c${number}`;
  const [columns, marks] = [fields.map((i) => `, f${i}`).join(''), fields.map(() => ', ?').join('')];
  const sets = fields.map((i) => `, f${i} = excluded.f${i}`).join('');
  return {
    table, width: ROW_HEAD + fields.length,
    select: `SELECT rowid, revisions, lists FROM ${table} WHERE id = ?`,
    upsert: `INSERT INTO ${table} (id, value, revisions, lists${columns}) VALUES (?, ?, ?, ?${marks})
      ON CONFLICT (id) DO UPDATE SET value = excluded.value, revisions = excluded.revisions, lists = excluded.lists${sets}`,
  };
};

type Revisions = Record<string, number>;

/** The revisions after the write, as text; undefined where it must not be: no stream further than known, or one behind. */
const merged = (given: string, known: string, only: boolean): string | undefined => {
  if (given === known) return undefined;
  const [fresh, before] = [JSON.parse(given) as Revisions, JSON.parse(known) as Revisions];
  if (!isNewer(fresh, before)) return undefined;
  return only ? given : JSON.stringify({ ...before, ...fresh });
};

const isNewer = (revisions: Readonly<Revisions>, known: Readonly<Revisions>): boolean => {
  let newer = false;
  for (const stream in revisions) {
    const before = known[stream] ?? -1;
    if (revisions[stream]! < before) return false;
    if (revisions[stream]! > before) newer = true;
  }
  return newer;
};

const membersOf = (lists: string): Map<string, readonly [field: number, member: string]> => {
  const members = new Map<string, readonly [number, string]>();
  if (lists === '') return members;
  for (const [field, list] of Object.entries(JSON.parse(lists) as Record<string, string[]>)) {
    for (const member of list) members.set(`${field}/${member}`, [Number(field), member]);
  }
  return members;
};
