import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import { fromText, toText } from './document-text.js';
import type { Collection, CollectionSpec, Commit, Doc, Folded, Query, ReadStore, Witness, WriteOp } from './port.js';
import type { RunnersElsewhere } from './runner-port.js';
import { cellsOf } from './sqlite/cells.js';
import { Database } from './sqlite/database.js';
import { InlineWriter } from './sqlite/inline-writer.js';
import { Reader } from './sqlite/reader.js';
import { type Cell, fieldsOf, hashOf, type PackedRows, type ReadRow, type WriteRequest, type Writer } from './sqlite/rows.js';
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
  readonly #fields = new Map<string, readonly string[]>();
  /** Where documents that were read lie, for whoever writes them on. */
  readonly #rows = new WeakMap<Doc<unknown>, number>();
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
    this.#fields.set(spec.name, fieldsOf(spec));
    return new SqliteCollection<T>({ reader: () => this.#read(), writer: () => this.#write(), watchers: this.#watchers, rows: this.#rows }, spec);
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
    return this.#read().loadCheckpoint(name)?.position as Position | undefined;
  }
  async loadWitness(name: string): Promise<Witness | undefined> {
    const text = this.#read().loadCheckpoint(name)?.witness;
    return text ? (JSON.parse(text) as Witness) : undefined;
  }
  async saveCheckpoint(name: string, position: Position, witness?: Witness): Promise<void> {
    await this.#write().run(checkpointRequest({ name, position, ...(witness && { witness }) }));
  }

  async commit({ documents, checkpoint }: Commit): Promise<void> {
    const requests: WriteRequest[] = [];
    for (const [name, folded] of documents) if (folded.length > 0) requests.push({ kind: 'put', name, rows: this.#packed(name, folded) });
    if (checkpoint) requests.push(checkpointRequest(checkpoint));
    if (requests.length > 0) await this.#write().run({ kind: 'all', requests });
    for (const name of documents.keys()) this.#watchers.tell(name);
  }
  #packed(name: string, folded: readonly Folded[]): PackedRows {
    const fields = this.#fields.get(name);
    invariant(fields, `collection ${name} was opened here`);
    const packed: Cell[] = [];
    for (const { id, value, from } of folded) {
      const row = from && this.#rows.get(from);
      invariant(!from || row !== undefined, 'a document is written on from what was read here');
      packed.push(row ?? null, hashOf(id), id);
      pushCells(packed, fields, value);
    }
    return packed;
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

const checkpointRequest = ({ name, position, witness }: NonNullable<Commit['checkpoint']>): WriteRequest => ({
  kind: 'checkpoint', name, position, witness: witness ? JSON.stringify(witness) : null,
});
/** Members of list-valued fields, the document, a cell per indexed field. */
const pushCells = (packed: Cell[], fields: readonly string[], value: unknown): void => {
  const { cells, lists } = cellsOf(fields, value ?? {});
  packed.push(lists, value === undefined ? null : toText(value));
  for (const cell of cells) packed.push(cell);
};

type Access = { readonly reader: () => Reader; readonly writer: () => Writer; readonly watchers: Watchers; readonly rows: WeakMap<Doc<unknown>, number> };

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
    const docs = new Map<string, Doc<T>>();
    for (const row of this.#access.reader().readMany(this.#name, ids)) {
      const doc = docOf<T>(row);
      this.#access.rows.set(doc, row[0]);
      docs.set(doc.id, doc);
    }
    return docs;
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
const docOf = <T>([, id, value, revisions]: ReadRow): Doc<T> => ({
  id, value: fromText(value) as T,
  get revisions() {
    return JSON.parse(revisions) as Record<string, number>;
  },
});
