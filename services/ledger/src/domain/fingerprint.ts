const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;
const OTHER_OFFSET = 0x2f0b4c47;

/**
 * A number of 53 bits that stands for a value's content: the same for the same leaves under the same names, in whatever
 * order they come; absent fields do not count. It tells a repeat from another ask under the same id; it is no defence
 * against somebody who looks for collisions. Frozen: it lies in events.
 */
export const fingerprintOf = (value: unknown): number => {
  let low = 0;
  let high = 0;
  // FNV-1a in two lanes at once; `a` and `b` are the lanes after the last mix.
  let a = 0;
  let b = 0;
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, FNV_PRIME);
      b = Math.imul(b ^ code, FNV_PRIME);
    }
    a = Math.imul(a ^ 0xff, FNV_PRIME);
    b = Math.imul(b ^ 0xff, FNV_PRIME);
  };
  const walk = (node: unknown, fromA: number, fromB: number): void => {
    if (node === undefined) return;
    a = fromA;
    b = fromB;
    if (node === null || typeof node !== 'object') {
      mix(typeof node === 'string' ? node : String(node));
      low = (low + a) | 0;
      high = (high + b) | 0;
      return;
    }
    for (const key of Object.keys(node)) {
      a = fromA;
      b = fromB;
      mix(key);
      walk((node as Record<string, unknown>)[key], a, b);
    }
  };
  walk(value, FNV_OFFSET, OTHER_OFFSET);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
};
