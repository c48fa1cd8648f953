import { Counter, type SavedCounter } from './counter.js';
import { Distinct, type SavedDistinct } from './distinct.js';
import { KeyTable, type SavedKeys } from './key-table.js';

export type TableSize = { readonly maxKeys: number; readonly maxNodes: number };

/** All there is to know of a table. */
export type SavedTable<C extends string, D extends string> = {
  readonly keys: SavedKeys; readonly counters: { readonly [K in C]: SavedCounter }; readonly distincts: { readonly [K in D]: SavedDistinct }; readonly since: Float64Array;
};

/** Windows of one kind of key: named counters and named sets of others met. Memory is bounded by {@link TableSize}. */
export class WindowTable<C extends string, D extends string> {
  readonly keys: KeyTable;
  readonly #counters: { readonly [K in C]: Counter };
  readonly #distincts: { readonly [K in D]: Distinct };
  /** When the key began to exist (sign-up), epoch ms by slot; NaN = not known. */
  #since: Float64Array = new Float64Array(1024).fill(Number.NaN);

  constructor(size: TableSize, counters: readonly C[], distincts: readonly D[]) {
    this.keys = new KeyTable(size.maxKeys, (slot) => this.#clear(slot));
    const room = (slot: number): boolean => this.keys.forgetOldest(slot);
    this.#counters = Object.fromEntries(counters.map((name) => [name, new Counter(size.maxNodes, room)])) as { readonly [K in C]: Counter };
    this.#distincts = Object.fromEntries(distincts.map((name) => [name, new Distinct(size.maxNodes, room)])) as { readonly [K in D]: Distinct };
  }

  add(slot: number, counter: C, at: number, count: number, sum = 0): void {
    this.#counters[counter].add(slot, at, count, sum);
  }
  see(slot: number, distinct: D, other: number, at: number): void {
    this.#distincts[distinct].see(slot, other, at);
  }
  count(slot: number, counter: C, now: number, windowMs: number): number {
    return this.#counters[counter].count(slot, now, windowMs);
  }
  sum(slot: number, counter: C, now: number, windowMs: number): number {
    return this.#counters[counter].sum(slot, now, windowMs);
  }
  distinct(slot: number, distinct: D, now: number, windowMs: number): number {
    return this.#distincts[distinct].count(slot, now, windowMs);
  }
  /** Whether `other` is among those met. */
  met(slot: number, distinct: D, other: number, now: number, windowMs: number): boolean {
    return this.#distincts[distinct].has(slot, other, now, windowMs);
  }

  /** The earliest beginning told counts. */
  begin(slot: number, at: number): void {
    if (slot >= this.#since.length) {
      const larger = new Float64Array(Math.max(slot + 1, this.#since.length * 2)).fill(Number.NaN);
      larger.set(this.#since);
      this.#since = larger;
    }
    if (!(this.#since[slot]! <= at)) this.#since[slot] = at;
  }
  since(slot: number): number {
    return slot < 0 ? Number.NaN : (this.#since[slot] ?? Number.NaN);
  }

  save(): SavedTable<C, D> {
    return { keys: this.keys.save(), counters: mapped(this.#counters, (counter) => counter.save()), distincts: mapped(this.#distincts, (distinct) => distinct.save()), since: this.#since.slice() };
  }
  /** Becomes the table that was saved, of the same size and names. */
  load(saved: SavedTable<C, D>): void {
    this.keys.load(saved.keys);
    for (const name of Object.keys(this.#counters) as C[]) this.#counters[name].load(saved.counters[name]);
    for (const name of Object.keys(this.#distincts) as D[]) this.#distincts[name].load(saved.distincts[name]);
    this.#since = saved.since;
  }

  #clear(slot: number): void {
    for (const counter of Object.values<Counter>(this.#counters)) counter.clear(slot);
    for (const distinct of Object.values<Distinct>(this.#distincts)) distinct.clear(slot);
    if (slot < this.#since.length) this.#since[slot] = Number.NaN;
  }
}

const mapped = <K extends string, A, B>(record: { readonly [key in K]: A }, to: (value: A) => B): { readonly [key in K]: B } =>
  Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, to(value)])) as { readonly [key in K]: B };
