import { HASH_BYTES } from './code-vault.js';

export type LookupHit = { readonly batch: number; readonly row: number };
export type LookupEntry = LookupHit & { readonly hash: Uint8Array };

/** Share of slots that may be taken before the table grows. */
const LOAD = 0.6;

/** Hashes of codes in memory: open addressing in flat arrays, no object per entry. Keys are uniform, so their own bits place them. */
export class HashTable {
  #keys: Uint8Array;
  #batches: Float64Array;
  #rows: Float64Array;
  #slots: number;
  #size = 0;

  constructor(slots = 16_384) {
    this.#slots = slots;
    this.#keys = new Uint8Array(slots * HASH_BYTES);
    this.#batches = new Float64Array(slots).fill(-1);
    this.#rows = new Float64Array(slots);
  }
  get size(): number {
    return this.#size;
  }

  /** The entry of the hash at byte `at` of `hashes`. */
  get(hashes: Uint8Array, at: number): LookupHit | undefined {
    const slot = this.#slotOf(hashes, at);
    return this.#batches[slot] === -1 ? undefined : { batch: this.#batches[slot]!, row: this.#rows[slot]! };
  }
  /** Sets an entry; a later one of the same hash takes its place. */
  set(hashes: Uint8Array, at: number, batch: number, row: number): void {
    const slot = this.#slotOf(hashes, at);
    if (this.#batches[slot] === -1) {
      this.#size++;
      this.#keys.set(hashes.subarray(at, at + HASH_BYTES), slot * HASH_BYTES);
    }
    this.#batches[slot] = batch;
    this.#rows[slot] = row;
    if (this.#size > this.#slots * LOAD) this.#grow();
  }
  /** Returns how many entries there were of it. */
  removeBatch(batch: number): number {
    const before = this.#size;
    const kept = this.entries().filter((entry) => entry.batch !== batch);
    this.#reset(this.#slots);
    for (const { hash, batch: of, row } of kept) this.set(hash, 0, of, row);
    return before - kept.length;
  }

  /** Entries whose hash begins with a byte from `low` to below `high`, sorted by hash. */
  entries(low = 0, high = 256): readonly LookupEntry[] {
    const found: LookupEntry[] = [];
    for (let slot = 0; slot < this.#slots; slot++) {
      const first = this.#keys[slot * HASH_BYTES]!;
      if (this.#batches[slot] === -1 || first < low || first >= high) continue;
      found.push({ hash: this.#keys.subarray(slot * HASH_BYTES, (slot + 1) * HASH_BYTES), batch: this.#batches[slot]!, row: this.#rows[slot]! });
    }
    return found.sort((a, b) => Buffer.compare(a.hash, b.hash));
  }

  #slotOf(hashes: Uint8Array, at: number): number {
    const mask = this.#slots - 1;
    let slot = (hashes[at]! | (hashes[at + 1]! << 8) | (hashes[at + 2]! << 16) | (hashes[at + 3]! << 24)) & mask;
    while (this.#batches[slot] !== -1 && !this.#isAt(slot, hashes, at)) slot = (slot + 1) & mask;
    return slot;
  }
  #isAt(slot: number, hashes: Uint8Array, at: number): boolean {
    const base = slot * HASH_BYTES;
    for (let i = HASH_BYTES - 1; i >= 0; i--) if (this.#keys[base + i] !== hashes[at + i]) return false;
    return true;
  }
  #grow(): void {
    const entries = this.entries();
    this.#reset(this.#slots * 2);
    for (const { hash, batch, row } of entries) this.set(hash, 0, batch, row);
  }
  #reset(slots: number): void {
    this.#slots = slots;
    this.#size = 0;
    this.#keys = new Uint8Array(slots * HASH_BYTES);
    this.#batches = new Float64Array(slots).fill(-1);
    this.#rows = new Float64Array(slots);
  }
}
