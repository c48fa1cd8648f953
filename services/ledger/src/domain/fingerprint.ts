const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;
const OTHER_OFFSET = 0x2f0b4c47;

const mix = (hash: number, text: string): number => {
  let h = hash;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  return Math.imul(h ^ 0xff, FNV_PRIME);
};

/**
 * A number of 53 bits that stands for a value's content: the same for the same leaves under the same names, in whatever
 * order they come; absent fields do not count. It tells a repeat from another ask under the same id; it is no defence
 * against somebody who looks for collisions. Frozen: it lies in events.
 */
export const fingerprintOf = (value: unknown): number => {
  let low = 0;
  let high = 0;
  const walk = (node: unknown, a: number, b: number): void => {
    if (node === undefined) return;
    if (node !== null && typeof node === 'object') {
      for (const key of Object.keys(node)) walk((node as Record<string, unknown>)[key], mix(a, key), mix(b, key));
      return;
    }
    const leaf = typeof node === 'string' ? node : String(node);
    low = (low + mix(a, leaf)) | 0;
    high = (high + mix(b, leaf)) | 0;
  };
  walk(value, FNV_OFFSET, OTHER_OFFSET);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
};
