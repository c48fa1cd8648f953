import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { nextTurn } from '@vouchsafe/runtime';
import { Bloom } from './bloom.js';
import { HASH_BYTES } from './code-vault.js';
import { HashTable, type LookupEntry, type LookupHit } from './hash-table.js';
import { inTransaction, relaxed } from './sqlite.js';

export type { LookupHit } from './hash-table.js';
/** Sorted, never written again; `bloom` says of most absent hashes that they are absent. */
type Run = { readonly id: number; readonly level: number; readonly bloom: Bloom; readonly count: number; readonly get: StatementSync };
/** Newest entries: in memory, and appended to a table so that they survive. */
type Fresh = { readonly id: number; readonly table: HashTable; readonly append: StatementSync };
/** A run being written, slice by slice. */
type Job = { readonly id: number; readonly level: number; readonly bloom: Bloom; readonly slices: number; next: number; count: number; readonly entriesOf: (slice: number) => readonly LookupEntry[]; readonly replaces: readonly number[] };

export type LookupSizes = {
  /** Entries in memory before they are written as a run. */
  readonly freshMax: number;
  /** Runs of one level that are merged into one of the next. */
  readonly fanIn: number;
  /** Entries written in one transaction, so that nobody waits long. */
  readonly slice: number;
};
const SIZES: LookupSizes = { freshMax: 65_536, fanIn: 8, slice: 4_096 };
/** Slices that entries in memory are written in, by the first byte of their hash. */
const FRESH_SLICES = 16;

/**
 * Hash → (batch, row) of every code ever taken in, as sorted runs (a log-structured merge tree in SQLite): new entries are
 * appended and held in memory, full sets are written sorted, runs of like size merged, all in slices. So taking in a code
 * costs the same with ten million present as with none, where random inserts into one b-tree would rewrite a page each.
 * Memory: a filter of 1.5 bytes a code. Callers of the writing methods hold the transaction.
 */
export class Lookups {
  readonly #db: DatabaseSync;
  readonly #sizes: LookupSizes;
  #runs: Run[] = [];
  #fresh: Fresh;
  #frozen: Fresh | undefined;
  #job: Job | undefined;

  constructor(db: DatabaseSync, sizes: LookupSizes = SIZES) {
    this.#db = db;
    this.#sizes = sizes;
    db.exec(`CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY AUTOINCREMENT, level INTEGER NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL, bloom BLOB)`);
    const rows = db.prepare(`SELECT id, level, state, count, bloom FROM runs ORDER BY id`).all() as RunRow[];
    for (const { id } of rows.filter(({ state }) => state === 'building')) this.#drop(id);
    this.#runs = rows.filter(({ state }) => state === 'run').map(({ id, level, count, bloom }) => ({ id, level, count, bloom: new Bloom(0, bloom!), get: this.#getter(id) }));
    const fresh = rows.filter(({ state }) => state === 'fresh').map(({ id }) => this.#load(id));
    this.#frozen = fresh.length > 1 ? fresh[0] : undefined;
    this.#fresh = fresh[fresh.length - 1] ?? this.#startFresh();
  }

  get runCount(): number {
    return this.#runs.length;
  }
  get size(): number {
    return this.#runs.reduce((n, run) => n + run.count, this.#fresh.table.size + (this.#frozen?.table.size ?? 0));
  }

  /** All entries of the hash at byte `at`; more than one only where all but one belong to aborted batches. */
  find(hashes: Uint8Array, at = 0): readonly LookupHit[] {
    const hits: LookupHit[] = [];
    for (const held of this.#frozen ? [this.#fresh, this.#frozen] : [this.#fresh]) {
      const hit = held.table.get(hashes, at);
      if (hit) hits.push(hit);
    }
    for (const run of this.#runs) {
      if (!run.bloom.maybe(hashes, at)) continue;
      const row = run.get.get(hashes.subarray(at, at + HASH_BYTES)) as { batch: number; row: number } | undefined;
      if (row) hits.push(row);
    }
    return hits;
  }

  /** Adds the hashes of a batch's rows from `first` on. */
  insert(batch: number, first: number, hashes: Uint8Array): void {
    if (hashes.length === 0) return;
    this.#fresh.append.run(batch, first, hashes);
    fill(this.#fresh.table, { batch, first, hashes });
  }

  /** Sets the entries in memory aside when they are many; {@link Lookups.tidy} writes them. */
  turnOver(): void {
    if (this.#fresh.table.size < this.#sizes.freshMax || this.#frozen) return;
    this.#frozen = this.#fresh;
    this.#fresh = this.#startFresh();
  }

  /** Does a share of the writing and merging that is due, in slices with a transaction each, letting others run between them. */
  async tidy(maxEntries: number): Promise<void> {
    for (let left = maxEntries; left > 0 && (this.#job || this.#isDue()); left -= this.#sizes.slice) {
      await nextTurn();
      relaxed(this.#db, () => inTransaction(this.#db, () => this.#step()));
    }
  }

  /** Removes a batch's entries. Returns how many there were. */
  removeBatch(batch: number): number {
    let removed = 0;
    for (const { id, table } of this.#frozen ? [this.#fresh, this.#frozen] : [this.#fresh]) {
      this.#db.prepare(`DELETE FROM fresh_${id} WHERE batch = ?`).run(batch);
      removed += table.removeBatch(batch);
    }
    for (const { id } of this.#runs) removed += Number(this.#db.prepare(`DELETE FROM run_${id} WHERE batch = ?`).run(batch).changes);
    if (this.#job) this.#abandon(this.#job); // it may have copied some already
    return removed;
  }

  #isDue(): boolean {
    return this.#frozen !== undefined || this.#mergeable() !== undefined;
  }
  #step(): void {
    if (!this.#job) this.#job = this.#frozen ? this.#writingOf(this.#frozen) : this.#mergingOf(this.#mergeable()!);
    else if (this.#job.next < this.#job.slices) this.#writeSlice(this.#job);
    else this.#finish(this.#job);
  }
  #writingOf({ id, table }: Fresh): Job {
    const step = 256 / FRESH_SLICES;
    return this.#newJob(0, table.size, { slices: FRESH_SLICES, replaces: [id], entriesOf: (i) => table.entries(i * step, (i + 1) * step) });
  }
  #mergeable(): readonly Run[] | undefined {
    const level = this.#runs.map((run) => run.level).sort((a, b) => a - b).find((one) => this.#runs.filter((run) => run.level === one).length >= this.#sizes.fanIn);
    return level === undefined ? undefined : this.#runs.filter((run) => run.level === level).slice(0, this.#sizes.fanIn);
  }
  #mergingOf(sources: readonly Run[]): Job {
    const total = sources.reduce((n, { count }) => n + count, 0);
    const slices = Math.max(1, Math.ceil(total / this.#sizes.slice));
    const parts = sources.map(({ id }) => `SELECT hash, batch, row FROM run_${id} WHERE hash >= ?1 AND hash < ?2`).join(' UNION ALL ');
    // What an aborted import left blocks nobody and need not be carried along.
    const select = this.#db.prepare(`SELECT hash, batch, row FROM (${parts}) WHERE batch NOT IN (SELECT no FROM batches WHERE status = 'aborted') ORDER BY hash`);
    const entriesOf = (i: number): readonly LookupEntry[] => select.all(bound(i, slices), bound(i + 1, slices)) as LookupEntry[];
    return this.#newJob(sources[0]!.level + 1, total, { slices, replaces: sources.map(({ id }) => id), entriesOf });
  }
  #newJob(level: number, total: number, rest: Pick<Job, 'slices' | 'entriesOf' | 'replaces'>): Job {
    const id = Number(this.#db.prepare(`INSERT INTO runs (level, state, count) VALUES (?, 'building', 0)`).run(level).lastInsertRowid);
    this.#db.exec(`CREATE TABLE run_${id} (hash BLOB PRIMARY KEY, batch INTEGER NOT NULL, row INTEGER NOT NULL) WITHOUT ROWID`);
    return { id, level, bloom: new Bloom(total), next: 0, count: 0, ...rest };
  }
  #writeSlice(job: Job): void {
    const insert = this.#db.prepare(`INSERT OR REPLACE INTO run_${job.id} (hash, batch, row) VALUES (?, ?, ?)`);
    const entries = job.entriesOf(job.next);
    for (const { hash, batch, row } of entries) {
      insert.run(hash, batch, row);
      job.bloom.add(hash);
    }
    job.count += entries.length;
    job.next++;
  }
  #finish({ id, level, bloom, count, replaces }: Job): void {
    this.#db.prepare(`UPDATE runs SET state = 'run', count = ?, bloom = ? WHERE id = ?`).run(count, bloom.bytes, id);
    this.#runs = [...this.#runs.filter((run) => !replaces.includes(run.id)), { id, level, bloom, count, get: this.#getter(id) }];
    if (this.#frozen && replaces.includes(this.#frozen.id)) this.#frozen = undefined;
    for (const old of replaces) this.#drop(old);
    this.#job = undefined;
  }
  #abandon({ id }: Job): void {
    this.#drop(id);
    this.#job = undefined;
  }

  #startFresh(): Fresh {
    const id = Number(this.#db.prepare(`INSERT INTO runs (level, state, count) VALUES (0, 'fresh', 0)`).run().lastInsertRowid);
    this.#db.exec(`CREATE TABLE fresh_${id} (batch INTEGER NOT NULL, first INTEGER NOT NULL, hashes BLOB NOT NULL)`);
    return this.#open(id);
  }
  #load(id: number): Fresh {
    const fresh = this.#open(id);
    for (const rows of this.#db.prepare(`SELECT batch, first, hashes FROM fresh_${id} ORDER BY rowid`).iterate() as Iterable<FreshRows>) fill(fresh.table, rows);
    return fresh;
  }
  #open(id: number): Fresh {
    return { id, table: new HashTable(), append: this.#db.prepare(`INSERT INTO fresh_${id} (batch, first, hashes) VALUES (?, ?, ?)`) };
  }
  #getter(id: number): StatementSync {
    return this.#db.prepare(`SELECT batch, row FROM run_${id} WHERE hash = ?`);
  }
  #drop(id: number): void {
    this.#db.exec(`DROP TABLE IF EXISTS run_${id}; DROP TABLE IF EXISTS fresh_${id}`);
    this.#db.prepare(`DELETE FROM runs WHERE id = ?`).run(id);
  }
}
type FreshRows = { batch: number; first: number; hashes: Uint8Array };
const fill = (table: HashTable, { batch, first, hashes }: FreshRows): void => {
  for (let i = 0; i * HASH_BYTES < hashes.length; i++) table.set(hashes, i * HASH_BYTES, batch, first + i);
};
type RunRow = { id: number; level: number; state: 'fresh' | 'building' | 'run'; count: number; bloom: Uint8Array | null };

/** The lower end of slice `i` of `n` of the space of hashes; the end of the last lies above every hash. */
const bound = (i: number, n: number): Uint8Array => {
  if (i >= n) return new Uint8Array(HASH_BYTES + 1).fill(0xff);
  const bytes = Buffer.alloc(HASH_BYTES);
  bytes.writeUIntBE(Math.floor((i / n) * 2 ** 48), 0, 6);
  return bytes;
};
