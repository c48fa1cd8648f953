import type { Random } from './random.js';

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** Four well mixed words from one seed (SplitMix32), never all zero. */
const mix = (seed: number): [number, number, number, number] => {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  return [next(), next(), next(), next() | 1];
};

/**
 * Predictable numbers (xoshiro128**): the same seed gives the same sequence on every machine. For tests, simulations and
 * samples; never for a secret.
 */
export const seededRandom = (seed: number): Random => {
  let [a, b, c, d] = mix(seed);
  const word = (): number => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result;
  };
  return {
    bytes: (size) => {
      const out = Buffer.allocUnsafe(size);
      for (let at = 0; at < size; at += 4) {
        const value = word();
        for (let i = 0; i < 4 && at + i < size; i++) out[at + i] = value >>> (8 * i);
      }
      return out;
    },
    fraction: () => word() / 2 ** 32,
  };
};
