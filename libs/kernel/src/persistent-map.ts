/** A map of no more than so many things is copied: that is cheap, and no version of it hangs on another. */
const SMALL_MAX = 8;

/**
 * A map of which every version stays as it is: `set` and `delete` give the next one. Made for folds that hold many things:
 * all versions share one table, the newest reads it as it lies there, an older one holds what differs from its neighbour
 * (Baker's trick). The newest version costs what a plain Map does; an older one costs a step per change since, and going on
 * from it turns the table back. Values are never undefined.
 */
export class PersistentMap<K, V extends {} | null> implements Iterable<readonly [K, V]> {
  /** Only the version that the table shows has it. */
  #table: Map<K, V> | undefined;
  /** Of the others: the version next to this one on the way to the table, and what `#key` has here that differs. */
  #next: PersistentMap<K, V> | undefined = undefined;
  #key: K | undefined = undefined;
  #value: V | undefined = undefined;
  readonly size: number;

  private constructor(table: Map<K, V> | undefined, size: number) {
    this.#table = table;
    this.size = size;
  }

  static empty<K, V extends {} | null>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(undefined, 0);
  }
  static of<K, V extends {} | null>(entries: Iterable<readonly [K, V]>): PersistentMap<K, V> {
    const table = new Map(entries);
    return new PersistentMap(table, table.size);
  }

  get(key: K): V | undefined {
    if (this.#table !== undefined) return this.#table.get(key);
    if (this.size === 0) return undefined;
    let version: PersistentMap<K, V> = this;
    for (; version.#table === undefined; version = version.#next!) if (version.#key === key) return version.#value;
    return version.#table.get(key);
  }
  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  set(key: K, value: V): PersistentMap<K, V> {
    const before = this.get(key);
    if (before === value) return this;
    const table = this.size > SMALL_MAX ? this.#turned() : this.#copy();
    table.set(key, value);
    return this.#handOn(table, key, before);
  }
  delete(key: K): PersistentMap<K, V> {
    const before = this.get(key);
    if (before === undefined) return this;
    const table = this.size > SMALL_MAX ? this.#turned() : this.#copy();
    table.delete(key);
    return this.#handOn(table, key, before);
  }

  /** A copy, so that versions may be made while it is gone through. In no order that means anything. */
  [Symbol.iterator](): Iterator<readonly [K, V]> {
    return (this.size === 0 ? [] : [...this.#turned()])[Symbol.iterator]();
  }
  values(): readonly V[] {
    return this.size === 0 ? [] : [...this.#turned().values()];
  }

  #copy(): Map<K, V> {
    return this.size === 0 ? new Map() : new Map(this.#turned());
  }
  /** The next version, which has `table` now; where it was this one's, this one differs from it from here on. */
  #handOn(table: Map<K, V>, key: K, before: V | undefined): PersistentMap<K, V> {
    const next = new PersistentMap(table, table.size);
    if (table === this.#table) this.#differ(next, key, before);
    return next;
  }
  #differ(next: PersistentMap<K, V>, key: K, value: V | undefined): void {
    this.#table = undefined;
    this.#next = next;
    this.#key = key;
    this.#value = value;
  }
  /** The table, turned so that it shows this version. */
  #turned(): Map<K, V> {
    if (this.#table !== undefined) return this.#table;
    const way: PersistentMap<K, V>[] = [];
    let shown: PersistentMap<K, V> = this;
    for (; shown.#table === undefined; shown = shown.#next!) way.push(shown);
    const table = shown.#table;
    for (let version = way.pop(); version !== undefined; version = way.pop()) {
      const key = version.#key!;
      const there = table.get(key);
      if (version.#value === undefined) table.delete(key);
      else table.set(key, version.#value);
      shown.#differ(version, key, there);
      version.#table = table;
      version.#next = undefined;
      version.#key = undefined;
      version.#value = undefined;
      shown = version;
    }
    return table;
  }
}
