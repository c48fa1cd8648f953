const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;
const OTHER_OFFSET = 0x2f0b4c47;

/**
 * A number of 53 bits that stands for a value's content: the same for the same leaves under the same names, in whatever
 * order they come; absent fields do not count. It tells a repeat from another ask under the same id; it is no defence
 * against somebody who looks for collisions. Frozen: it lies in events.
 */
export const fingerprintOf = (value: unknown): number => {
  const sum = new Sum();
  sum.walk(value, FNV_OFFSET, OTHER_OFFSET);
  return (sum.high & 0x1fffff) * 2 ** 32 + (sum.low >>> 0);
};

/** FNV-1a in two lanes at once; `a` and `b` are the lanes after the last text. */
class Sum {
  low = 0;
  high = 0;
  #a = 0;
  #b = 0;

  walk(node: unknown, fromA: number, fromB: number): void {
    if (node === undefined) return;
    if (node === null || typeof node !== 'object') {
      this.#mix(typeof node === 'string' ? node : String(node), fromA, fromB);
      this.low = (this.low + this.#a) | 0;
      this.high = (this.high + this.#b) | 0;
      return;
    }
    for (const key of Object.keys(node)) {
      this.#mix(key, fromA, fromB);
      this.walk((node as Record<string, unknown>)[key], this.#a, this.#b);
    }
  }
  #mix(text: string, fromA: number, fromB: number): void {
    let a = fromA;
    let b = fromB;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, FNV_PRIME);
      b = Math.imul(b ^ code, FNV_PRIME);
    }
    this.#a = Math.imul(a ^ 0xff, FNV_PRIME);
    this.#b = Math.imul(b ^ 0xff, FNV_PRIME);
  }
}
