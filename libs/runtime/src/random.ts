import { randomFillSync } from 'node:crypto';

/** Unpredictable numbers from outside: cryptographic, or seeded in a simulation. */
export interface Random {
  /** `size` random bytes. */
  bytes(size: number): Buffer;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** The operating system's generator. */
export const systemRandom = (): Random => ({
  bytes: (size) => randomFillSync(Buffer.allocUnsafe(size)),
  fraction: () => randomFillSync(Buffer.allocUnsafe(4)).readUInt32BE() / 2 ** 32,
});
