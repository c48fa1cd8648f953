import { createHmac, type KeyObject } from 'node:crypto';
import { HASH_BYTES, type PlainRow } from './code-vault.js';

/** A number and its password are one identity: passwords alone repeat, numbers alone may repeat between suppliers. */
const SEPARATOR = '\u0000';
/** What of a row is compared with everything ever imported. Codes of others are taken as they are (some tell capitals apart), our own however they are typed. */
export const identityOf = ({ number, code }: Pick<PlainRow, 'number' | 'code'>, own: boolean): string => {
  if (number !== undefined) return number + SEPARATOR + code;
  return own ? asTyped(code) : code;
};
const asTyped = (code: string): string => code.toUpperCase().replace(/[\s-]/g, '');

/**
 * The ways a presented code can be meant: as it is; as one of ours typed with dashes, spaces or small letters; as number and
 * password. Each once: how many there are depends on what was typed alone, never on what the vault has.
 */
export const identitiesOf = (presented: string): readonly string[] => {
  const exact = presented.trim();
  const [own, pair] = [asTyped(exact), exact.replace(/[\s,:|]+/, SEPARATOR)];
  if (own === exact) return pair === exact ? [exact] : [exact, pair];
  return pair === exact ? [exact, own] : [exact, own, pair];
};

/** HMAC-SHA256 cut to {@link HASH_BYTES}, written to `into` at `at`. */
export const hashInto = (key: KeyObject, identity: string, into: Uint8Array, at: number): void => {
  into.set(createHmac('sha256', key).update(identity).digest().subarray(0, HASH_BYTES), at);
};

/** A lower bound of a code's entropy by its form: length × log2 of the smallest usual alphabet that holds it. Says nothing of a careless maker. */
export const entropyOf = (code: string): number => {
  const letters = code.replace(/[\s-]/g, '');
  return Math.floor(letters.length * Math.log2(alphabetOf(letters)));
};
const alphabetOf = (text: string): number => {
  if (/^\d*$/.test(text)) return 10;
  if (/^[\dA-F]*$/.test(text) || /^[\da-f]*$/.test(text)) return 16;
  return /^[\dA-Z]*$/.test(text) || /^[\da-z]*$/.test(text) ? 32 : 62;
};
