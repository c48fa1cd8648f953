import { type Cipheriv, createCipheriv, createDecipheriv, hash, type KeyObject } from 'node:crypto';
import type { UnitRef } from './code-vault.js';

const BLOCK = 16;
const CHARACTERS = 26;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));

/** First 64 bits of SHA-256 of a batch's id: its half of a voucher's identity. Unique per vault (checked when a batch begins). */
export const batchTag = (batchId: string): Buffer => Buffer.from(hash('sha256', batchId, 'buffer').subarray(0, 8));

/** What names vouchers under a key; made once, for it holds nothing between two blocks. */
export type Naming = Pick<Cipheriv, 'update'>;
/** One block per id and no chaining: this is the block cipher itself, used as a permutation, not a mode for messages. */
export const namingOf = (key: KeyObject): Naming => createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);

/**
 * Public voucher ids: AES-256 over one block of (batch tag, index), which is a keyed permutation of 128 bits: unique, reversible
 * with the key, and without it neither walkable nor telling how many there are.
 */
export const nameUnits = (naming: Naming, units: readonly UnitRef[], tagOf: (batchId: string) => Buffer): readonly string[] => {
  const plain = Buffer.alloc(units.length * BLOCK);
  units.forEach(({ batchId, index }, i) => {
    tagOf(batchId).copy(plain, i * BLOCK);
    plain.writeUIntBE(index, i * BLOCK + BLOCK - 6, 6);
  });
  const ids = naming.update(plain);
  return units.map((_, i) => `vch_${encode(ids.subarray(i * BLOCK, (i + 1) * BLOCK))}`);
};

/** (tag, index) behind an id; undefined where the text is none of ours. Whether such a batch exists is for the caller to look up. */
export const unitOf = (key: KeyObject, id: string): { tag: Buffer; index: number } | undefined => {
  const block = id.startsWith('vch_') ? decode(id.slice(4)) : undefined;
  if (!block) return undefined;
  const plain = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
  return plain.readUInt16BE(8) === 0 ? { tag: plain.subarray(0, 8), index: plain.readUIntBE(10, 6) } : undefined;
};

/** 128 bits as 26 characters of Crockford's base32, most significant first. */
const encode = (bytes: Uint8Array): string => {
  let text = '';
  let bits = 0;
  let held = 2; // 130 bits are written: two zeros in front
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += ALPHABET[(bits >>> held) & 31];
    }
    bits &= (1 << held) - 1;
  }
  return text;
};
const decode = (text: string): Buffer | undefined => {
  if (text.length !== CHARACTERS) return undefined;
  const out = Buffer.alloc(BLOCK);
  let bits = 0;
  let held = -2;
  let at = 0;
  for (const letter of text) {
    const value = VALUES.get(letter);
    if (value === undefined) return undefined;
    bits = ((bits & 0xfff) << 5) | value;
    held += 5;
    if (held >= 8) {
      held -= 8;
      out[at++] = (bits >>> held) & 0xff;
    }
  }
  return text[0]! <= '7' ? out : undefined; // 26 characters hold 130 bits; the first two must be zero
};
