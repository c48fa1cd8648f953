import type { Key } from './key.js';

const NONE = -1;
const FIRST = 1024;

/** All there is to know of a table, but for what follows from it. */
export type SavedKeys = { readonly keys: Float64Array; readonly newer: Int32Array; readonly older: Int32Array; readonly freed: readonly number[]; readonly newest: number; readonly oldest: number };

/**
 * Keys with small numbers (slots), at most `max` of them: the one not touched for longest gives way. What hangs on a slot
 * is freed by `onEvict` before the slot is given to another key. An open hash table in typed arrays: nothing for the
 * garbage collector to walk.
 */
export class KeyTable {
  /** Slot + 1 by hash, 0 where there is none; at least half of it is empty. */
  #cells = new Int32Array(FIRST * 2);
  #keys: Float64Array = new Float64Array(FIRST);
  #newer: Int32Array = new Int32Array(FIRST).fill(NONE);
  #older: Int32Array = new Int32Array(FIRST).fill(NONE);
  readonly #freed: number[] = [];
  #used = 0;
  #newest = NONE;
  #oldest = NONE;

  constructor(readonly max: number, readonly onEvict: (slot: number) => void) {}

  get size(): number {
    return this.#used - this.#freed.length;
  }
  /** The slot of a key, -1 if it is not (or no longer) known. */
  find(key: Key): number {
    const mask = this.#cells.length - 1;
    for (let cell = key & mask; ; cell = (cell + 1) & mask) {
      const slot = this.#cells[cell]! - 1;
      if (slot === NONE || this.#keys[slot] === key) return slot;
    }
  }
  /** The slot of a key, made if need be; it is now the last to give way. */
  touch(key: Key): number {
    const known = this.find(key);
    if (known !== NONE) {
      if (known !== this.#newest) {
        this.#unlink(known);
        this.#front(known);
      }
      return known;
    }
    const slot = this.#freeSlot();
    this.#keys[slot] = key;
    this.#enter(slot);
    this.#front(slot);
    return slot;
  }

  /** Forgets the key that was not touched for longest, never that of `except`. False if there is no other. */
  forgetOldest(except: number): boolean {
    let slot = this.#oldest;
    if (slot === except) slot = this.#newer[slot] ?? NONE;
    if (slot === NONE) return false;
    this.onEvict(slot);
    this.#leave(slot);
    this.#unlink(slot);
    this.#freed.push(slot);
    return true;
  }

  save(): SavedKeys {
    const used = this.#used;
    return { keys: this.#keys.slice(0, used), newer: this.#newer.slice(0, used), older: this.#older.slice(0, used), freed: [...this.#freed], newest: this.#newest, oldest: this.#oldest };
  }
  /** Becomes the table that was saved. */
  load({ keys, newer, older, freed, newest, oldest }: SavedKeys): void {
    const length = roomFor(keys.length, FIRST);
    this.#keys = grown(keys, new Float64Array(length));
    this.#newer = grown(newer, new Int32Array(length).fill(NONE));
    this.#older = grown(older, new Int32Array(length).fill(NONE));
    this.#freed.splice(0, this.#freed.length, ...freed);
    [this.#used, this.#newest, this.#oldest] = [keys.length, newest, oldest];
    this.#cells = new Int32Array(length * 2);
    const free = new Set(freed);
    for (let slot = 0; slot < keys.length; slot++) if (!free.has(slot)) this.#enter(slot);
  }

  #freeSlot(): number {
    const reused = this.#freed.pop();
    if (reused !== undefined) return reused;
    if (this.#used < this.max) {
      if (this.#used === this.#keys.length) this.#grow();
      return this.#used++;
    }
    this.forgetOldest(NONE);
    return this.#freed.pop()!;
  }
  #enter(slot: number): void {
    const mask = this.#cells.length - 1;
    let cell = this.#keys[slot]! & mask;
    while (this.#cells[cell] !== 0) cell = (cell + 1) & mask;
    this.#cells[cell] = slot + 1;
  }
  /** Empties the key's cell and moves those behind it up, so that no search stops too early. */
  #leave(slot: number): void {
    const mask = this.#cells.length - 1;
    let hole = this.#keys[slot]! & mask;
    while (this.#cells[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let cell = (hole + 1) & mask; this.#cells[cell] !== 0; cell = (cell + 1) & mask) {
      const home = this.#keys[this.#cells[cell]! - 1]! & mask;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      this.#cells[hole] = this.#cells[cell]!;
      hole = cell;
    }
    this.#cells[hole] = 0;
  }
  #front(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest !== NONE) this.#newer[this.#newest] = slot;
    this.#newest = slot;
    if (this.#oldest === NONE) this.#oldest = slot;
  }
  #unlink(slot: number): void {
    const [newer, older] = [this.#newer[slot]!, this.#older[slot]!];
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
  }
  #grow(): void {
    const length = this.#keys.length * 2;
    this.#keys = grown(this.#keys, new Float64Array(length));
    this.#newer = grown(this.#newer, new Int32Array(length).fill(NONE));
    this.#older = grown(this.#older, new Int32Array(length).fill(NONE));
    this.#cells = new Int32Array(length * 2);
    for (let slot = 0; slot < this.#used; slot++) this.#enter(slot);
  }
}

/** `first`, doubled until `used` fit in. */
export const roomFor = (used: number, first: number): number => {
  let length = first;
  while (length < used) length *= 2;
  return length;
};

/** `into` with what `from` held at its beginning. */
export const grown = <A extends Int32Array | Float64Array | Uint32Array>(from: A, into: A): A => {
  into.set(from);
  return into;
};
