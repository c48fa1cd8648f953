import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import { fromText, toText } from './document-text.js';
import type { Collection, CollectionSpec, Doc, Query, ReadStore, WriteOp } from './port.js';
import type { RunnersElsewhere } from './runner-port.js';
import { cellsOf } from './sqlite/cells.js';
import { Database } from './sqlite/database.js';
import { InlineWriter } from './sqlite/inline-writer.js';
import { Reader } from './sqlite/reader.js';
import { type Cell, fieldsOf, type PackedRows, type ReadRow, type Writer } from './sqlite/rows.js';
import { WriteEngine } from './sqlite/write-engine.js';
import type { Written } from './thread/grouped-writer.js';
import { ViewsThread } from './thread/views-thread.js';
import { Watchers } from './watchers.js';

export type SqliteReadStoreOptions = {
  /** The SQLite file; `:memory:` in tests. */
  readonly file: string;
  readonly log: Log;
  /** Compiled script of the views' thread; false does everything in the caller's thread. By default the one beside this code, if it is compiled. */
  readonly thread?: string | false;
  /** Script that exports `SERVICE_PROJECTIONS` by runner: with it projections run in the thread too, where the log hands on its records. */
  readonly projections?: string;
};

/** The read store of one process in one SQLite file. Everything in it can be rebuilt from the log. */
export const sqliteReadStore = ({ file, log, thread, projections }: SqliteReadStoreOptions): ReadStore => {
  const script = file === ':memory:' ? undefined : scriptOf(thread);
  log.debug({ file, threaded: script !== undefined }, 'read store opens');
  const db = new Database(file);
  const engine = new WriteEngine(db); // creates the schema, which the reader needs
  const reader = new Reader(db);
  if (script === undefined) return new SqliteReadStore(reader, new InlineWriter(engine));
  const views = new ViewsThread({ file, script, log, written: (written) => store.changed(written), ...(projections !== undefined && { projections }) });
  const store = new SqliteReadStore(reader, views, views);
  return store;
};

/** The same over parts that are open already; within the views' thread. */
export const readStoreOver = (reader: Reader, writer: Writer): ReadStore => new SqliteReadStore(reader, writer);

const scriptOf = (thread: string | false | undefined): string | undefined => {
  if (thread !== undefined) return thread === false ? undefined : thread;
  const beside = join(__dirname, 'thread', 'views-worker.js');
  return existsSync(beside) ? beside : undefined;
};

class SqliteReadStore implements ReadStore {
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #watchers = new Watchers();
  #closed = false;

  constructor(reader: Reader, writer: Writer, readonly runners?: RunnersElsewhere) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /** The thread has written. */
  changed({ documents, tables }: Written): void {
    if (this.#closed) return;
    for (const name of tables) this.#reader.refresh(name);
    for (const name of documents) this.#watchers.tell(name);
  }

  async collection<T>(spec: CollectionSpec): Promise<Collection<T>> {
    await this.#write().run({ kind: 'open', spec });
    this.#read().refresh(spec.name);
    return new SqliteCollection<T>({ reader: () => this.#read(), writer: () => this.#write(), watchers: this.#watchers }, spec);
  }
  async collectionNames(): Promise<readonly string[]> {
    return this.#read().names();
  }
  async dropCollection(name: string): Promise<void> {
    await this.#write().run({ kind: 'drop', name });
    this.#read().refresh(name);
    await this.#write().run({ kind: 'purge' });
  }
  async replaceCollection(name: string, replacement: string): Promise<void> {
    await this.#write().run({ kind: 'replace', name, replacement });
    for (const changed of [name, replacement]) this.#read().refresh(changed);
    await this.#write().run({ kind: 'purge' });
    this.#watchers.tell(name);
  }
  async loadCheckpoint(name: string): Promise<Position | undefined> {
    return this.#read().loadCheckpoint(name) as Position | undefined;
  }
  async saveCheckpoint(name: string, position: Position): Promise<void> {
    await this.#write().run({ kind: 'checkpoint', name, position });
  }
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.close();
    this.#reader.close();
  }

  #read(): Reader {
    this.#checkOpen();
    return this.#reader;
  }
  #write(): Writer {
    this.#checkOpen();
    return this.#writer;
  }
  #checkOpen(): void {
    if (this.#closed) throw new Fault('READ_STORE_CLOSED', 'the read store is closed', false);
  }
}

type Access = { readonly reader: () => Reader; readonly writer: () => Writer; readonly watchers: Watchers };

class SqliteCollection<T> implements Collection<T> {
  readonly #access: Access;
  readonly #name: string;
  readonly #fields: readonly string[];

  constructor(access: Access, spec: CollectionSpec) {
    this.#access = access;
    this.#name = spec.name;
    this.#fields = fieldsOf(spec);
  }

  async get(id: string): Promise<Doc<T> | undefined> {
    const [row] = this.#access.reader().readMany(this.#name, [id]);
    return row && docOf<T>(row);
  }
  async getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Doc<T>>> {
    return new Map(this.#access.reader().readMany(this.#name, ids).map((row) => [row[0], docOf<T>(row)]));
  }
  async find(query: Query): Promise<readonly Doc<T>[]> {
    return this.#access.reader().find(this.#name, query).map((row) => docOf<T>(row));
  }
  async count(where?: Query['where']): Promise<number> {
    return this.#access.reader().count(this.#name, where);
  }
  async write(ops: readonly WriteOp<T>[]): Promise<void> {
    if (ops.length === 0) return;
    await this.#access.writer().run({ kind: 'write', name: this.#name, rows: this.#pack(ops) });
    this.#access.watchers.tell(this.#name);
  }
  async forgetDeleted(): Promise<void> {
    await this.#access.writer().run({ kind: 'forget', name: this.#name });
  }
  watch(changed: () => void): () => void {
    return this.#access.watchers.add(this.#name, changed);
  }

  #pack(ops: readonly WriteOp<T>[]): PackedRows {
    const packed: Cell[] = [];
    for (const { id, value, revisions, onlyRevisions } of ops) {
      const { cells, lists } = cellsOf(this.#fields, value ?? {});
      packed.push(id, value === undefined ? null : toText(value), JSON.stringify(revisions), onlyRevisions ? 1 : 0, lists, ...cells);
    }
    return packed;
  }
}

/** Most readers never ask for the revisions, so these are parsed when somebody does. */
const docOf = <T>([id, value, revisions]: ReadRow): Doc<T> => ({
  id, value: fromText(value) as T,
  get revisions() {
    return JSON.parse(revisions) as Record<string, number>;
  },
});
