import { grown, roomFor } from './key-table.js';

const NONE = -1;
const FIRST_NODES = 4096;
/** Others a slot remembers at most; a count beyond it says "at least so many". */
export const DISTINCT_MAX = 64;

/** All there is to know of it. */
export type SavedDistinct = {
  readonly heads: Int32Array; readonly lengths: Int32Array;
  readonly other: Uint32Array; readonly at: Float64Array; readonly next: Int32Array; readonly free: number;
};

/** How many different others each slot met over a sliding window: the last {@link DISTINCT_MAX}, each with when it was last met. */
export class Distinct {
  #heads: Int32Array = new Int32Array(1024).fill(NONE);
  #lengths: Int32Array = new Int32Array(1024);
  #other: Uint32Array = new Uint32Array(FIRST_NODES);
  #at: Float64Array = new Float64Array(FIRST_NODES);
  #next: Int32Array = new Int32Array(FIRST_NODES);
  #free = NONE;
  #used = 0;

  constructor(readonly maxNodes: number, readonly makeRoom: (slot: number) => boolean) {}

  /** The slot met `other` at a moment. Kept newest first. */
  see(slot: number, other: number, at: number): void {
    this.#room(slot);
    let met = at;
    let before = NONE;
    for (let node = this.#heads[slot]!; node !== NONE; before = node, node = this.#next[node]!) {
      if (this.#other[node] !== other) continue;
      met = Math.max(met, this.#at[node]!);
      this.#drop(slot, before, node);
      break;
    }
    if (this.#lengths[slot]! >= DISTINCT_MAX) this.#dropOldest(slot);
    const node = this.#take(slot);
    if (node === NONE) return;
    this.#other[node] = other;
    this.#at[node] = met;
    this.#insert(slot, node, met);
    this.#lengths[slot]!++;
  }

  /** Different others within (now − windowMs, now], {@link DISTINCT_MAX} at most. */
  count(slot: number, now: number, windowMs: number): number {
    if (slot < 0) return 0;
    let total = 0;
    for (let node = this.#heads[slot] ?? NONE; node !== NONE && this.#at[node]! > now - windowMs; node = this.#next[node]!) {
      if (this.#at[node]! <= now) total++;
    }
    return total;
  }
  /** Whether the slot met `other` within the window; with {@link Distinct.count} the number it would be with it. */
  has(slot: number, other: number, now: number, windowMs: number): boolean {
    if (slot < 0) return false;
    for (let node = this.#heads[slot] ?? NONE; node !== NONE && this.#at[node]! > now - windowMs; node = this.#next[node]!) {
      if (this.#other[node] === other) return true;
    }
    return false;
  }

  clear(slot: number): void {
    if (slot >= this.#heads.length) return;
    for (let node = this.#heads[slot]!; node !== NONE; ) {
      const next = this.#next[node]!;
      this.#next[node] = this.#free;
      this.#free = node;
      node = next;
    }
    this.#heads[slot] = NONE;
    this.#lengths[slot] = 0;
  }

  #insert(slot: number, node: number, at: number): void {
    let before = NONE;
    let after = this.#heads[slot]!;
    while (after !== NONE && this.#at[after]! > at) {
      before = after;
      after = this.#next[after]!;
    }
    this.#next[node] = after;
    if (before === NONE) this.#heads[slot] = node;
    else this.#next[before] = node;
  }
  #drop(slot: number, before: number, node: number): void {
    if (before === NONE) this.#heads[slot] = this.#next[node]!;
    else this.#next[before] = this.#next[node]!;
    this.#next[node] = this.#free;
    this.#free = node;
    this.#lengths[slot]!--;
  }
  #dropOldest(slot: number): void {
    let before = NONE;
    let node = this.#heads[slot]!;
    while (this.#next[node] !== NONE) {
      before = node;
      node = this.#next[node]!;
    }
    this.#drop(slot, before, node);
  }
  save(): SavedDistinct {
    const used = this.#used;
    return {
      heads: this.#heads.slice(), lengths: this.#lengths.slice(),
      other: this.#other.slice(0, used), at: this.#at.slice(0, used), next: this.#next.slice(0, used), free: this.#free,
    };
  }
  /** Becomes the one that was saved. */
  load(saved: SavedDistinct): void {
    const length = Math.min(this.maxNodes, roomFor(saved.at.length, FIRST_NODES));
    this.#heads = saved.heads;
    this.#lengths = saved.lengths;
    this.#other = grown(saved.other, new Uint32Array(length));
    this.#at = grown(saved.at, new Float64Array(length));
    this.#next = grown(saved.next, new Int32Array(length));
    [this.#free, this.#used] = [saved.free, saved.at.length];
  }

  #take(slot: number): number {
    if (this.#free === NONE && this.#used === this.maxNodes) while (this.#free === NONE && this.makeRoom(slot)) continue;
    if (this.#free !== NONE) {
      const node = this.#free;
      this.#free = this.#next[node]!;
      return node;
    }
    if (this.#used === this.maxNodes) return NONE;
    if (this.#used === this.#at.length) this.#grow(Math.min(this.maxNodes, this.#used * 2));
    return this.#used++;
  }
  #grow(length: number): void {
    this.#other = grown(this.#other, new Uint32Array(length));
    this.#at = grown(this.#at, new Float64Array(length));
    this.#next = grown(this.#next, new Int32Array(length));
  }
  #room(slot: number): void {
    if (slot < this.#heads.length) return;
    const length = Math.max(slot + 1, this.#heads.length * 2);
    this.#heads = grown(this.#heads, new Int32Array(length).fill(NONE));
    this.#lengths = grown(this.#lengths, new Int32Array(length));
  }
}
