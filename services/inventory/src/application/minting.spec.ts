import { systemRandom } from '@vouchsafe/runtime';
import { checkCharacter, codeMaker, DEFAULT_ALPHABET, DEFAULT_PATTERN, DEFAULT_RANDOM_BITS, MIN_RANDOM_BITS, patternProblem, randomBitsOf } from './minting.js';

const CODES = process.env['VOUCHSAFE_LONG'] === '1' ? 2_000_000 : 100_000;

describe('codes of our own', () => {
  it('hold eighty random bits unless asked otherwise, and never fewer than sixty', () => {
    expect([randomBitsOf(DEFAULT_PATTERN, DEFAULT_ALPHABET), DEFAULT_RANDOM_BITS]).toEqual([80, 80]);
    expect(patternProblem('***********', DEFAULT_ALPHABET)).toBe('ENTROPY_TOO_LOW');
    expect([randomBitsOf('************', DEFAULT_ALPHABET), MIN_RANDOM_BITS, patternProblem('************', DEFAULT_ALPHABET)]).toEqual([60, 60, undefined]);
  });

  it('favour no character in any place, and none comes twice', () => {
    const make = codeMaker({ quantity: CODES, pattern: DEFAULT_PATTERN, alphabet: DEFAULT_ALPHABET, randomBits: 80 }, systemRandom());
    const seen = new Set<string>();
    const counts = Array.from({ length: DEFAULT_PATTERN.length }, () => new Map<string, number>());
    for (let i = 0; i < CODES; i++) {
      const code = make();
      seen.add(code);
      [...code].forEach((letter, place) => counts[place]!.set(letter, (counts[place]!.get(letter) ?? 0) + 1));
    }
    expect(seen.size).toBe(CODES);
    const places = [...DEFAULT_PATTERN].flatMap((kind, place) => (kind === '*' ? [counts[place]!] : []));
    expect(places).toHaveLength(16);
    const expected = CODES / DEFAULT_ALPHABET.length;
    const chiSquares = places.map((place) => [...DEFAULT_ALPHABET].reduce((sum, letter) => sum + ((place.get(letter) ?? 0) - expected) ** 2 / expected, 0));
    // 31 degrees of freedom: once in a hundred thousand million tries above 115.
    expect(Math.max(...chiSquares)).toBeLessThan(115);
  });

  it('tell every single wrong character by their check character', () => {
    const make = codeMaker({ quantity: 1, pattern: DEFAULT_PATTERN, alphabet: DEFAULT_ALPHABET, randomBits: 80 }, systemRandom());
    for (let i = 0; i < 50; i++) {
      const code = make();
      const [body, check] = [code.slice(0, -1), code.slice(-1)];
      for (let at = 0; at < body.length; at++) {
        if (body[at] === '-') continue;
        const other = DEFAULT_ALPHABET[(DEFAULT_ALPHABET.indexOf(body[at]!) + 1 + (i % 31)) % 32]!;
        expect(checkCharacter(`${body.slice(0, at)}${other}${body.slice(at + 1)}`, DEFAULT_ALPHABET)).not.toBe(check);
      }
    }
  });
});
