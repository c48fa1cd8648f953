import type { Position } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import { fromText, toText } from './document-text.js';
import type { Collection, CollectionSpec, Doc, Query, ReadStore, WriteOp } from './port.js';
import { cellsOf } from './sqlite/cells.js';
import { openEngine } from './sqlite/engine.js';
import { fieldsOf, type ReadRow, type SqliteEngine, type WriteRow } from './sqlite/rows.js';

/** The read store of one process in one SQLite file (`:memory:` in tests). Everything in it can be rebuilt from the log. */
export const sqliteReadStore = ({ file, log }: { readonly file: string; readonly log: Log }): ReadStore => {
  log.debug({ file }, 'read store opens');
  return new SqliteReadStore(openEngine(file));
};

class SqliteReadStore implements ReadStore {
  #closed = false;
  constructor(readonly engine: SqliteEngine) {}

  async collection<T>(spec: CollectionSpec): Promise<Collection<T>> {
    this.#ready().open(spec);
    return new SqliteCollection<T>(() => this.#ready(), spec);
  }
  async collectionNames(): Promise<readonly string[]> {
    return this.#ready().names();
  }
  async dropCollection(name: string): Promise<void> {
    this.#ready().drop(name);
  }
  async replaceCollection(name: string, replacement: string): Promise<void> {
    this.#ready().replace(name, replacement);
  }
  async loadCheckpoint(name: string): Promise<Position | undefined> {
    return this.#ready().loadCheckpoint(name) as Position | undefined;
  }
  async saveCheckpoint(name: string, position: Position): Promise<void> {
    this.#ready().saveCheckpoint(name, position);
  }
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.engine.close();
  }

  #ready(): SqliteEngine {
    if (this.#closed) throw new Fault('READ_STORE_CLOSED', 'the read store is closed', false);
    return this.engine;
  }
}

class SqliteCollection<T> implements Collection<T> {
  readonly #engine: () => SqliteEngine;
  readonly #name: string;
  readonly #fields: readonly string[];

  constructor(engine: () => SqliteEngine, spec: CollectionSpec) {
    this.#engine = engine;
    this.#name = spec.name;
    this.#fields = fieldsOf(spec);
  }

  async get(id: string): Promise<Doc<T> | undefined> {
    const [row] = this.#engine().readMany(this.#name, [id]);
    return row && docOf<T>(row);
  }
  async getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Doc<T>>> {
    return new Map(this.#engine().readMany(this.#name, ids).map((row) => [row[0], docOf<T>(row)]));
  }
  async find(query: Query): Promise<readonly Doc<T>[]> {
    return this.#engine().find(this.#name, query).map((row) => docOf<T>(row));
  }
  async count(where?: Query['where']): Promise<number> {
    return this.#engine().count(this.#name, where);
  }
  async write(ops: readonly WriteOp<T>[]): Promise<void> {
    if (ops.length > 0) this.#engine().write(this.#name, ops.map((op) => this.#rowOf(op)));
  }
  async forgetDeleted(): Promise<void> {
    this.#engine().forgetDeleted(this.#name);
  }

  #rowOf({ id, value, revisions, onlyRevisions }: WriteOp<T>): WriteRow {
    const { cells, lists } = cellsOf(this.#fields, value ?? {});
    return { id, value: value === undefined ? null : toText(value), revisions, onlyRevisions: onlyRevisions === true, cells, lists };
  }
}

const docOf = <T>([id, value, revisions]: ReadRow): Doc<T> => ({
  id, value: fromText(value) as T, revisions: JSON.parse(revisions) as Record<string, number>,
});
