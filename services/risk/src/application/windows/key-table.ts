const NONE = -1;

/**
 * Keys with small numbers (slots), at most `max` of them: the one not touched for longest gives way. What hangs on a slot
 * is freed by `onEvict` before the slot is given to another key.
 */
export class KeyTable {
  readonly #slots = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #freed: number[] = [];
  #used = 0;
  #newer: Int32Array;
  #older: Int32Array;
  #newest = NONE;
  #oldest = NONE;

  constructor(readonly max: number, readonly onEvict: (slot: number) => void) {
    const first = Math.min(max, 1024);
    this.#newer = new Int32Array(first).fill(NONE);
    this.#older = new Int32Array(first).fill(NONE);
  }

  get size(): number {
    return this.#slots.size;
  }
  /** The slot of a key, -1 if it is not (or no longer) known. */
  find(key: string): number {
    return this.#slots.get(key) ?? NONE;
  }
  /** The slot of a key, made if need be; it is now the last to give way. */
  touch(key: string): number {
    const known = this.#slots.get(key);
    if (known !== undefined) {
      if (known !== this.#newest) {
        this.#unlink(known);
        this.#front(known);
      }
      return known;
    }
    const slot = this.#freeSlot();
    this.#room(slot);
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#front(slot);
    return slot;
  }

  /** Forgets the key that was not touched for longest, never that of `except`. False if there is no other. */
  forgetOldest(except: number): boolean {
    let slot = this.#oldest;
    if (slot === except) slot = this.#newer[slot] ?? NONE;
    if (slot === NONE) return false;
    this.onEvict(slot);
    this.#slots.delete(this.#keys[slot]!);
    this.#keys[slot] = undefined;
    this.#unlink(slot);
    this.#freed.push(slot);
    return true;
  }

  #freeSlot(): number {
    const reused = this.#freed.pop();
    if (reused !== undefined) return reused;
    if (this.#used < this.max) return this.#used++;
    this.forgetOldest(NONE);
    return this.#freed.pop()!;
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
  #room(slot: number): void {
    if (slot < this.#newer.length) return;
    const length = Math.min(this.max, this.#newer.length * 2);
    this.#newer = grown(this.#newer, new Int32Array(length).fill(NONE));
    this.#older = grown(this.#older, new Int32Array(length).fill(NONE));
  }
}

/** `into` with what `from` held at its beginning. */
export const grown = <A extends Int32Array | Float64Array | Uint32Array>(from: A, into: A): A => {
  into.set(from);
  return into;
};
