import { HASH_BYTES } from './code-vault.js';

/** Bits per entry and probes: about one false "maybe" in 300. */
const BITS = 12;
const PROBES = 7;

/** Says of a hash "surely not there" or "maybe". Keys are uniform hashes already, so their own words serve as probes. */
export class Bloom {
  readonly #bits: Uint8Array;
  readonly #size: number;
  constructor(capacity: number, bytes?: Uint8Array) {
    this.#bits = bytes ?? new Uint8Array(Math.ceil((Math.max(capacity, 1024) * BITS) / 8));
    this.#size = this.#bits.length * 8;
  }
  get bytes(): Uint8Array {
    return this.#bits;
  }
  /** `hashes` holds the key at byte `at`. */
  add(hashes: Uint8Array, at = 0): void {
    let probe = word(hashes, at);
    const step = word(hashes, at + 4) | 1;
    for (let i = 0; i < PROBES; i++, probe = (probe + step) >>> 0) {
      const bit = this.#bitOf(probe);
      this.#bits[bit >>> 3]! |= 1 << (bit & 7);
    }
  }
  maybe(hashes: Uint8Array, at = 0): boolean {
    let probe = word(hashes, at);
    const step = word(hashes, at + 4) | 1;
    for (let i = 0; i < PROBES; i++, probe = (probe + step) >>> 0) {
      const bit = this.#bitOf(probe);
      if ((this.#bits[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
  #bitOf(probe: number): number {
    return Math.floor((probe / 2 ** 32) * this.#size);
  }
}
/** Reads from the tail of the key: its head is what runs are sorted and sliced by. */
const word = (bytes: Uint8Array, at: number): number => {
  const i = at + HASH_BYTES - 8;
  return (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)) >>> 0;
};
