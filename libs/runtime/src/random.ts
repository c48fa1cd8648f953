import { randomFillSync } from 'node:crypto';

/** Unpredictable numbers from outside: cryptographic, or seeded in a simulation. */
export interface Random {
  /** `size` random bytes. */
  bytes(size: number): Buffer;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** Asking the operating system costs more than the bytes do, so small wishes are served out of one larger answer. */
const POOL_BYTES = 4096;
const POOLED_MAX = 256;

/** The operating system's generator. No byte is handed out twice, and none is kept once handed out. */
export const systemRandom = (): Random => {
  const pool = Buffer.alloc(POOL_BYTES);
  let at = POOL_BYTES;
  const bytes = (size: number): Buffer => {
    if (size > POOLED_MAX) return randomFillSync(Buffer.allocUnsafeSlow(size));
    if (at + size > POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    const out = Buffer.allocUnsafe(size);
    pool.copy(out, 0, at, at + size);
    pool.fill(0, at, at + size);
    at += size;
    return out;
  };
  return { bytes, fraction: () => bytes(4).readUInt32BE() / 2 ** 32 };
};
