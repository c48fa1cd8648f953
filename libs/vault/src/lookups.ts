import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { nextTurn } from '@vouchsafe/runtime';
import { Bloom } from './bloom.js';
import { HASH_BYTES } from './code-vault.js';
import { inTransaction } from './sqlite.js';

export type LookupHit = { readonly batch: number; readonly row: number };
type Run = { readonly id: number; readonly level: number; readonly bloom: Bloom; count: number; readonly get: StatementSync };
type Merge = { readonly sources: readonly Run[]; readonly id: number; readonly level: number; readonly bloom: Bloom; next: number; count: number; readonly slices: number };

/** Entries of the run that is written; a full one is closed and never written again. */
const FRESH_MAX = 131_072;
/** Runs of one level that are merged into one of the next. */
const FAN_IN = 4;
/** Entries merged in one transaction, so that nobody waits long. */
const SLICE = 4_096;

/**
 * Hash → (batch, row) of every code ever taken in, as sorted runs: a small b-tree takes new entries, full ones are merged in
 * slices. So an insert costs the same with ten million codes present as with none (random inserts into one b-tree of that
 * size rewrite a page each), and memory is a filter of 1.5 bytes a code. Callers hold the transaction.
 */
export class Lookups {
  readonly #db: DatabaseSync;
  #runs: Run[] = [];
  #merge: Merge | undefined;
  #fresh: Run;
  #insert: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(`CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY AUTOINCREMENT, level INTEGER NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL, bloom BLOB)`);
    for (const { id } of db.prepare(`SELECT id FROM runs WHERE state = 'building'`).all()) this.#drop(Number(id));
    for (const row of db.prepare(`SELECT id, level, state, count, bloom FROM runs ORDER BY id`).all() as RunRow[]) this.#runs.push(this.#load(row));
    const last = this.#runs[this.#runs.length - 1];
    this.#fresh = last?.level === 0 && last.count < FRESH_MAX ? last : this.#create(0, FRESH_MAX, 'active');
    if (this.#fresh !== last) this.#runs.push(this.#fresh);
    this.#insert = this.#writer(this.#fresh.id);
  }

  /** Runs there are: a look-up asks each one whose filter says maybe. */
  get runCount(): number {
    return this.#runs.length;
  }
  get size(): number {
    return this.#runs.reduce((n, run) => n + run.count, 0);
  }

  /** All entries of the hash at byte `at`; more than one only where all but one belong to aborted batches. */
  find(hashes: Uint8Array, at = 0): readonly LookupHit[] {
    const hits: LookupHit[] = [];
    for (const run of this.#runs) {
      if (!run.bloom.maybe(hashes, at)) continue;
      const row = run.get.get(hashes.subarray(at, at + HASH_BYTES)) as { batch: number; row: number } | undefined;
      if (row) hits.push({ batch: Number(row.batch), row: Number(row.row) });
    }
    return hits;
  }

  insert(hashes: Uint8Array, at: number, batch: number, row: number): void {
    this.#insert.run(hashes.subarray(at, at + HASH_BYTES), batch, row);
    this.#fresh.bloom.add(hashes, at);
    this.#fresh.count++;
  }

  /** Ends the written run when it is full. Within the caller's transaction. */
  turnOver(): void {
    if (this.#fresh.count < FRESH_MAX) return;
    this.#save(this.#fresh);
    this.#fresh = this.#create(0, FRESH_MAX, 'active');
    this.#runs.push(this.#fresh);
    this.#insert = this.#writer(this.#fresh.id);
  }

  /** Does a share of the merging that is due, in slices, letting others run between them. */
  async tidy(maxEntries: number): Promise<void> {
    for (let left = maxEntries; left > 0 && (this.#merge || this.#due()); left -= SLICE) {
      await nextTurn();
      inTransaction(this.#db, () => this.#mergeStep());
    }
  }
  #mergeStep(): void {
    if (!this.#merge) this.#merge = this.#startMerge();
    else if (this.#merge.next < this.#merge.slices) this.#mergeSlice(this.#merge);
    else this.#finish(this.#merge);
  }

  /** Removes a batch's entries from all runs. Returns how many there were. */
  removeBatch(batch: number): number {
    let removed = 0;
    for (const { id } of this.#merge ? [...this.#runs, this.#merge] : this.#runs) removed += Number(this.#db.prepare(`DELETE FROM run_${id} WHERE batch = ?`).run(batch).changes);
    return removed;
  }

  #load({ id, level, count, bloom }: RunRow): Run {
    if (bloom) return { id, level, count, bloom: new Bloom(0, bloom), get: this.#getter(id) };
    const filter = new Bloom(FRESH_MAX); // the run being written keeps no filter on the disk: it is small
    let n = 0;
    for (const row of this.#db.prepare(`SELECT hash FROM run_${id}`).iterate() as Iterable<{ hash: Uint8Array }>) {
      filter.add(row.hash);
      n++;
    }
    return { id, level, count: n, bloom: filter, get: this.#getter(id) };
  }
  #create(level: number, capacity: number, state: string): Run {
    const id = Number(this.#db.prepare(`INSERT INTO runs (level, state, count) VALUES (?, ?, 0)`).run(level, state).lastInsertRowid);
    this.#db.exec(`CREATE TABLE run_${id} (hash BLOB PRIMARY KEY, batch INTEGER NOT NULL, row INTEGER NOT NULL) WITHOUT ROWID`);
    return { id, level, count: 0, bloom: new Bloom(capacity), get: this.#getter(id) };
  }
  #getter(id: number): StatementSync {
    return this.#db.prepare(`SELECT batch, row FROM run_${id} WHERE hash = ?`);
  }
  #writer(id: number): StatementSync {
    return this.#db.prepare(`INSERT OR REPLACE INTO run_${id} (hash, batch, row) VALUES (?, ?, ?)`);
  }
  #save({ id, count, bloom }: { id: number; count: number; bloom: Bloom }): void {
    this.#db.prepare(`UPDATE runs SET state = 'active', count = ?, bloom = ? WHERE id = ?`).run(count, bloom.bytes, id);
  }
  #drop(id: number): void {
    this.#db.exec(`DROP TABLE IF EXISTS run_${id}`);
    this.#db.prepare(`DELETE FROM runs WHERE id = ?`).run(id);
  }

  /** The lowest level with enough closed runs to merge, and those. */
  #due(): readonly Run[] | undefined {
    const closed = this.#runs.filter((run) => run !== this.#fresh);
    const level = closed.map((run) => run.level).sort((a, b) => a - b).find((one) => closed.filter((run) => run.level === one).length >= FAN_IN);
    return level === undefined ? undefined : closed.filter((run) => run.level === level).slice(0, FAN_IN);
  }
  #startMerge(): Merge | undefined {
    const sources = this.#due();
    if (!sources) return undefined;
    const level = sources[0]!.level;
    const total = sources.reduce((n, { count }) => n + count, 0);
    const { id, bloom } = this.#create(level + 1, total, 'building');
    return { sources, id, level: level + 1, bloom, next: 0, count: 0, slices: Math.max(1, Math.ceil(total / SLICE)) };
  }
  #mergeSlice(merge: Merge): void {
    const [low, high] = [bound(merge.next, merge.slices), bound(merge.next + 1, merge.slices)];
    const parts = merge.sources.map(({ id }) => `SELECT hash, batch, row FROM run_${id} WHERE hash >= ?1 AND hash < ?2`).join(' UNION ALL ');
    // What an aborted import left blocks nobody and need not be carried along.
    const rows = this.#db.prepare(`SELECT hash, batch, row FROM (${parts}) WHERE batch NOT IN (SELECT no FROM batches WHERE status = 'aborted') ORDER BY hash`).all(low, high) as { hash: Uint8Array; batch: number; row: number }[];
    const insert = this.#writer(merge.id);
    for (const { hash, batch, row } of rows) {
      insert.run(hash, batch, row);
      merge.bloom.add(hash);
    }
    merge.count += rows.length;
    merge.next++;
  }
  #finish(merge: Merge): void {
    this.#save(merge);
    const merged: Run = { id: merge.id, level: merge.level, bloom: merge.bloom, count: merge.count, get: this.#getter(merge.id) };
    this.#runs = [merged, ...this.#runs.filter((run) => !merge.sources.includes(run))];
    for (const { id } of merge.sources) this.#drop(id);
    this.#merge = undefined;
  }
}
type RunRow = { id: number; level: number; state: string; count: number; bloom: Uint8Array | null };

/** The lower end of slice `i` of `n` of the space of hashes; the end of the last lies above every hash. */
const bound = (i: number, n: number): Uint8Array => {
  if (i >= n) return new Uint8Array(HASH_BYTES + 1).fill(0xff);
  const bytes = Buffer.alloc(HASH_BYTES);
  bytes.writeUIntBE(Math.floor((i / n) * 2 ** 48), 0, 6);
  return bytes;
};
