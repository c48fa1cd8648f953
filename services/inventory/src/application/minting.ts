import type { Random } from '@vouchsafe/runtime';
import type { MintPlan } from '../domain/batch.js';

/** Crockford's base32: no I, L, O or U, so that nothing can be mistaken for something else. */
export const DEFAULT_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Four groups of four random characters and a check character: 80 random bits. */
export const DEFAULT_PATTERN = '****-****-****-****-#';
/** What is minted unless asked otherwise, and below which nothing is minted: at four million guesses an hour against 10^8 live codes, 60 bits fall about three times a year (RELIABILITY §3.2). */
export const DEFAULT_RANDOM_BITS = 80;
export const MIN_RANDOM_BITS = 60;
export const ALPHABET_MIN = 10;
const RANDOM = '*';
const CHECK = '#';
/** Characters that people mix up with one another; of each group an alphabet may hold one. */
const LOOKALIKES = ['0Oo', '1IlLi'];

export type PatternProblem = 'PATTERN_INVALID' | 'ALPHABET_INVALID' | 'ALPHABET_CONFUSING' | 'ENTROPY_TOO_LOW';
export const randomBitsOf = (pattern: string, alphabet: string): number => Math.floor([...pattern].filter((c) => c === RANDOM).length * Math.log2(alphabet.length));

/** What is wrong with how somebody wants codes to look; undefined if nothing is. */
export const patternProblem = (pattern: string, alphabet: string): PatternProblem | undefined => {
  const letters = [...alphabet];
  if (letters.length < ALPHABET_MIN || new Set(letters).size !== letters.length || !/^[0-9A-Z]+$/.test(alphabet)) return 'ALPHABET_INVALID';
  if (LOOKALIKES.some((group) => letters.filter((letter) => group.includes(letter)).length > 1)) return 'ALPHABET_CONFUSING';
  if (!/^[*#0-9A-Z-]{1,64}$/.test(pattern) || pattern.split(CHECK).length > 2) return 'PATTERN_INVALID';
  return randomBitsOf(pattern, alphabet) < MIN_RANDOM_BITS ? 'ENTROPY_TOO_LOW' : undefined;
};

/** Draws codes of a plan, each as it is printed. */
export const codeMaker = ({ pattern, alphabet }: MintPlan, random: Random): (() => string) => {
  const draw = drawer(alphabet, random);
  return () => {
    const drawn = [...pattern].map((c) => (c === RANDOM ? draw() : c)).join('');
    return drawn.replace(CHECK, () => checkCharacter(drawn.replace(CHECK, ''), alphabet));
  };
};
/** Uniform characters: a byte that would favour some of them is thrown away. */
const drawer = (alphabet: string, random: Random): (() => string) => {
  const limit = 256 - (256 % alphabet.length);
  let bytes = Buffer.alloc(0);
  let at = 0;
  return () => {
    for (;;) {
      if (at >= bytes.length) {
        bytes = Buffer.from(random.bytes(1024));
        at = 0;
      }
      const byte = bytes[at++]!;
      if (byte < limit) return alphabet[byte % alphabet.length]!;
    }
  };
};

/**
 * Luhn mod N (the ISO/IEC 7812-1 annex B scheme over N characters): catches every single wrong character and nearly all swaps of
 * neighbours. It rejects typing errors before any look-up and is no part of the secret. Characters outside the alphabet are passed over.
 */
export const checkCharacter = (text: string, alphabet: string): string => {
  const n = alphabet.length;
  const sum = luhnSum(text, alphabet, 2);
  return alphabet[(n - (sum % n)) % n]!;
};
/** Whether a code with its check character (the last one of the alphabet in it) is typed right. */
export const isChecked = (code: string, alphabet: string): boolean => luhnSum(code, alphabet, 1) % alphabet.length === 0;
const luhnSum = (text: string, alphabet: string, firstFactor: 1 | 2): number => {
  const n = alphabet.length;
  const points = [...text].map((c) => alphabet.indexOf(c)).filter((point) => point >= 0).reverse();
  let factor: number = firstFactor;
  let sum = 0;
  for (const point of points) {
    const addend = factor * point;
    sum += Math.floor(addend / n) + (addend % n);
    factor = factor === 2 ? 1 : 2;
  }
  return sum;
};
