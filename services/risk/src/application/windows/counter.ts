import { grown, roomFor } from './key-table.js';

const NONE = -1;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What is older than this is forgotten. */
export const HORIZON_MS = 30 * DAY;
/** How far apart two moments may lie and still be kept as one, by their age; only keys with many events are thinned so. */
const GRAINS: readonly (readonly [age: number, grain: number])[] = [
  [MINUTE, 2_000], [10 * MINUTE, 30_000], [HOUR, 2 * MINUTE], [DAY, HOUR], [HORIZON_MS + DAY, 12 * HOUR],
];
const grainOf = (age: number): number => {
  for (const [upTo, grain] of GRAINS) if (age <= upTo) return grain;
  return 12 * HOUR;
};
/** A key's list is thinned when it has grown by so many moments since the last time. */
const THIN_AFTER = 32;
const FIRST_NODES = 4096;

/** All there is to know of it. */
export type SavedCounter = {
  readonly heads: Int32Array; readonly lengths: Int32Array; readonly thinAt: Int32Array;
  readonly at: Float64Array; readonly count: Float64Array; readonly sum: Float64Array; readonly next: Int32Array; readonly free: number;
};

/**
 * Counts and sums per slot over sliding windows up to {@link HORIZON_MS}. A slot is a list of moments, newest first; exact
 * while it is short, then thinned to a bounded number. A thinned moment counts as late as its newest event, so a window may
 * hold events up to a grain (and the finer grains it was thinned by before) too old, never miss one.
 */
export class Counter {
  #heads: Int32Array = new Int32Array(1024).fill(NONE);
  #lengths: Int32Array = new Int32Array(1024);
  #thinAt: Int32Array = new Int32Array(1024);
  #at: Float64Array = new Float64Array(FIRST_NODES);
  #count: Float64Array = new Float64Array(FIRST_NODES);
  #sum: Float64Array = new Float64Array(FIRST_NODES);
  #next: Int32Array = new Int32Array(FIRST_NODES);
  #free = NONE;
  #used = 0;

  /** `makeRoom`: asked when all `maxNodes` are taken; frees some or answers false. */
  constructor(readonly maxNodes: number, readonly makeRoom: (slot: number) => boolean) {}

  /** Adds `count` (and `sum`) at a moment; moments may come out of order. */
  add(slot: number, at: number, count: number, sum: number): void {
    this.#room(slot);
    let before = NONE;
    let node = this.#heads[slot]!;
    while (node !== NONE && this.#at[node]! > at) {
      before = node;
      node = this.#next[node]!;
    }
    if (node !== NONE && this.#at[node] === at) {
      this.#count[node]! += count;
      this.#sum[node]! += sum;
      return;
    }
    const fresh = this.#take(slot);
    if (fresh === NONE) return;
    this.#at[fresh] = at;
    this.#count[fresh] = count;
    this.#sum[fresh] = sum;
    this.#next[fresh] = node;
    if (before === NONE) this.#heads[slot] = fresh;
    else this.#next[before] = fresh;
    if (++this.#lengths[slot]! > Math.max(THIN_AFTER, this.#thinAt[slot]!)) this.#thin(slot);
  }

  /** How many within (now − windowMs, now]. */
  count(slot: number, now: number, windowMs: number): number {
    if (slot < 0) return 0;
    let total = 0;
    for (let node = this.#heads[slot] ?? NONE; node !== NONE && this.#at[node]! > now - windowMs; node = this.#next[node]!) {
      if (this.#at[node]! <= now) total += this.#count[node]!;
    }
    return total;
  }
  /** The sum within (now − windowMs, now]. */
  sum(slot: number, now: number, windowMs: number): number {
    if (slot < 0) return 0;
    let total = 0;
    for (let node = this.#heads[slot] ?? NONE; node !== NONE && this.#at[node]! > now - windowMs; node = this.#next[node]!) {
      if (this.#at[node]! <= now) total += this.#sum[node]!;
    }
    return total;
  }

  clear(slot: number): void {
    if (slot >= this.#heads.length) return;
    this.#release(this.#heads[slot]!);
    this.#heads[slot] = NONE;
    this.#lengths[slot] = 0;
    this.#thinAt[slot] = 0;
  }
  /** Moments held, over all slots. */
  get nodes(): number {
    let free = 0;
    for (let node = this.#free; node !== NONE; node = this.#next[node]!) free++;
    return this.#used - free;
  }

  /** Joins neighbours of one grain and forgets what is beyond the horizon. */
  #thin(slot: number): void {
    const newest = this.#at[this.#heads[slot]!]!;
    let node = this.#heads[slot]!;
    let length = 1;
    for (let older = this.#next[node]!; older !== NONE; older = this.#next[node]!) {
      const age = newest - this.#at[older]!;
      if (age > HORIZON_MS) {
        this.#next[node] = NONE;
        this.#release(older);
        break;
      }
      // By the age of the one that stays: what it takes in is then never further from it than a window of that length may err.
      const grain = grainOf(newest - this.#at[node]!);
      if (Math.floor(this.#at[node]! / grain) === Math.floor(this.#at[older]! / grain)) {
        this.#count[node]! += this.#count[older]!;
        this.#sum[node]! += this.#sum[older]!;
        this.#next[node] = this.#next[older]!;
        this.#next[older] = this.#free;
        this.#free = older;
      } else {
        node = older;
        length++;
      }
    }
    this.#lengths[slot] = length;
    this.#thinAt[slot] = length + THIN_AFTER;
  }

  #release(first: number): void {
    for (let node = first; node !== NONE; ) {
      const next = this.#next[node]!;
      this.#next[node] = this.#free;
      this.#free = node;
      node = next;
    }
  }
  save(): SavedCounter {
    const used = this.#used;
    return {
      heads: this.#heads.slice(), lengths: this.#lengths.slice(), thinAt: this.#thinAt.slice(),
      at: this.#at.slice(0, used), count: this.#count.slice(0, used), sum: this.#sum.slice(0, used), next: this.#next.slice(0, used), free: this.#free,
    };
  }
  /** Becomes the one that was saved. */
  load(saved: SavedCounter): void {
    const length = Math.min(this.maxNodes, roomFor(saved.at.length, FIRST_NODES));
    this.#heads = saved.heads;
    this.#lengths = saved.lengths;
    this.#thinAt = saved.thinAt;
    this.#at = grown(saved.at, new Float64Array(length));
    this.#count = grown(saved.count, new Float64Array(length));
    this.#sum = grown(saved.sum, new Float64Array(length));
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
    this.#at = grown(this.#at, new Float64Array(length));
    this.#count = grown(this.#count, new Float64Array(length));
    this.#sum = grown(this.#sum, new Float64Array(length));
    this.#next = grown(this.#next, new Int32Array(length));
  }
  #room(slot: number): void {
    if (slot < this.#heads.length) return;
    const length = Math.max(slot + 1, this.#heads.length * 2);
    this.#heads = grown(this.#heads, new Int32Array(length).fill(NONE));
    this.#lengths = grown(this.#lengths, new Int32Array(length));
    this.#thinAt = grown(this.#thinAt, new Int32Array(length));
  }
}
