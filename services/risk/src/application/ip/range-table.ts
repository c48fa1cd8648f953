import type { Address, Range } from './address.js';

const compare = (table: Uint32Array, at: number, words: Address['words']): number => {
  for (let i = 0; i < 4; i++) {
    const difference = table[at * 4 + i]! - words[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
};
const order = (a: Address['words'], b: Address['words']): number => {
  for (let i = 0; i < 4; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
};

/**
 * A set of addresses as sorted, disjoint ranges in typed arrays: 8 bytes per IPv4 range, 32 per IPv6 range. A look-up is one
 * binary search.
 */
export class RangeTable {
  readonly #v4First: Uint32Array;
  readonly #v4Last: Uint32Array;
  readonly #v6First: Uint32Array;
  readonly #v6Last: Uint32Array;

  constructor(ranges: readonly Range[]) {
    const merge = (some: readonly Range[]): { first: Address['words']; last: Address['words'] }[] => {
      const merged: { first: Address['words']; last: Address['words'] }[] = [];
      for (const { first, last } of [...some].sort((a, b) => order(a.first, b.first))) {
        const before = merged.at(-1);
        if (!before || order(before.last, first) < 0) merged.push({ first, last });
        else if (order(before.last, last) < 0) before.last = last;
      }
      return merged;
    };
    const v4 = merge(ranges.filter((range) => range.v4));
    const v6 = merge(ranges.filter((range) => !range.v4));
    this.#v4First = Uint32Array.from(v4, ({ first }) => first[3]);
    this.#v4Last = Uint32Array.from(v4, ({ last }) => last[3]);
    this.#v6First = Uint32Array.from(v6.flatMap(({ first }) => first));
    this.#v6Last = Uint32Array.from(v6.flatMap(({ last }) => last));
  }

  /** Disjoint ranges held. */
  get size(): number {
    return this.#v4First.length + this.#v6First.length / 4;
  }
  has(address: Address): boolean {
    return address.v4 ? this.#hasV4(address.words[3]) : this.#hasV6(address.words);
  }

  #hasV4(word: number): boolean {
    let low = 0;
    let high = this.#v4First.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.#v4First[middle]! <= word) low = middle + 1;
      else high = middle - 1;
    }
    return high >= 0 && word <= this.#v4Last[high]!;
  }
  #hasV6(words: Address['words']): boolean {
    let low = 0;
    let high = this.#v6First.length / 4 - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#v6First, middle, words) <= 0) low = middle + 1;
      else high = middle - 1;
    }
    return high >= 0 && compare(this.#v6Last, high, words) >= 0;
  }
}
