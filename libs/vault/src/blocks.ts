import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { Fault } from '@vouchsafe/kernel';
import type { PlainRow } from './code-vault.js';

/** Rows sealed together: one tag and one row of the table for 64 codes, and little to decrypt for one. */
export const BLOCK_ROWS = 64;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HAS_NUMBER = 1;
const HAS_EXPIRY = 2;

/** Where a block belongs; bound to its bytes, so that it cannot be moved to another place, batch or name space. */
export type BlockPlace = { readonly namespace: string; readonly batchId: string; readonly first: number; readonly rows: number; readonly keyId: number };
const bindingOf = ({ namespace, batchId, first, rows, keyId }: BlockPlace): Buffer => Buffer.from(`${namespace}|${batchId}|${first}|${rows}|${keyId}`);

/** A counter IV (NIST SP 800-38D §8.2.1). Its key was made by this process for this batch, so the counter starts at zero and lives in memory only. */
const ivOf = (counter: number): Buffer => {
  const iv = Buffer.alloc(IV_BYTES);
  iv.writeUIntBE(counter, IV_BYTES - 6, 6);
  return iv;
};

export const sealBlock = (key: KeyObject, counter: number, place: BlockPlace, rows: readonly PlainRow[]): Buffer => {
  const iv = ivOf(counter);
  const plain = encodeRows(rows);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(bindingOf(place));
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  plain.fill(0);
  return sealed;
};

/** Fault `VAULT_DAMAGED` where the block is not what was sealed for this place. */
export const openBlock = (key: KeyObject, place: BlockPlace, sealed: Uint8Array): Buffer => {
  const tagAt = sealed.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES)).setAAD(bindingOf(place)).setAuthTag(sealed.subarray(tagAt));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, tagAt)), decipher.final()]);
  } catch (cause) {
    throw new Fault('VAULT_DAMAGED', `block ${place.first} of batch ${place.batchId} was changed or moved; restore the vault`, false, { cause });
  }
};

/** Per row: flags u8, length of the code u16, code, then number (u16 and bytes) and expiry (i48) where flagged. */
const encodeRows = (rows: readonly PlainRow[]): Buffer => {
  const sizes = rows.map((row) => 3 + Buffer.byteLength(row.code) + (row.number === undefined ? 0 : 2 + Buffer.byteLength(row.number)) + (row.expiresAt === undefined ? 0 : 6));
  const out = Buffer.allocUnsafe(sizes.reduce((a, b) => a + b, 0));
  let at = 0;
  for (const { code, number, expiresAt } of rows) {
    at = out.writeUInt8((number === undefined ? 0 : HAS_NUMBER) | (expiresAt === undefined ? 0 : HAS_EXPIRY), at);
    at = writeText(out, code, at);
    if (number !== undefined) at = writeText(out, number, at);
    if (expiresAt !== undefined) at = out.writeIntBE(expiresAt, at, 6);
  }
  return out;
};
const writeText = (out: Buffer, text: string, at: number): number => {
  const length = out.write(text, at + 2, 'utf8');
  out.writeUInt16BE(length, at);
  return at + 2 + length;
};

export type OpenedRow = { readonly code: string; readonly number?: string; readonly expiresAt?: number };
/** Rows `from` to `to` (within the block) of its plain bytes. */
export const decodeRows = (plain: Buffer, from: number, to: number): readonly OpenedRow[] => {
  const rows: OpenedRow[] = [];
  for (let i = 0, at = 0; i < to; i++) {
    const flags = plain.readUInt8(at);
    const codeEnd = at + 3 + plain.readUInt16BE(at + 1);
    const numberEnd = flags & HAS_NUMBER ? codeEnd + 2 + plain.readUInt16BE(codeEnd) : codeEnd;
    if (i >= from) {
      rows.push({
        code: plain.toString('utf8', at + 3, codeEnd),
        ...(flags & HAS_NUMBER && { number: plain.toString('utf8', codeEnd + 2, numberEnd) }),
        ...(flags & HAS_EXPIRY && { expiresAt: plain.readIntBE(numberEnd, 6) }),
      });
    }
    at = numberEnd + (flags & HAS_EXPIRY ? 6 : 0);
  }
  return rows;
};
