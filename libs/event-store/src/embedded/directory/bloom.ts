import type { StreamHash } from './tail.js';

/** Ten bits a row and seven probes: about one wrong "maybe" in a hundred. */
const BITS_PER_ROW = 10;
const PROBES = 7;

export const filterBytesFor = (rows: number): number => Math.max(8, Math.ceil((rows * BITS_PER_ROW) / 8));

export const addToFilter = (filter: Uint8Array, { a, b }: StreamHash): void => {
  const bits = filter.length * 8;
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = ((a + Math.imul(probe, b | 1)) >>> 0) % bits;
    filter[bit >>> 3]! |= 1 << (bit & 7);
  }
};

/** False: it was surely never added. */
export const mayHold = (filter: Uint8Array, { a, b }: StreamHash): boolean => {
  const bits = filter.length * 8;
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = ((a + Math.imul(probe, b | 1)) >>> 0) % bits;
    if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
  }
  return true;
};
