import { EXIT } from '../speech.js';
import { bookOf } from './register-audit.js';

it('exports the only book, or the one that is named, and never an empty journal of a book that is not there', () => {
  expect([bookOf(['bok_a'], undefined), bookOf(['bok_a', 'bok_b'], 'bok_b')]).toEqual(['bok_a', 'bok_b']);
  const refusal = (books: readonly string[], wanted?: string): unknown => {
    try {
      return bookOf(books, wanted);
    } catch (error) {
      return error;
    }
  };
  expect(refusal(['bok_a'], 'bok_c')).toMatchObject({ exit: EXIT.refused, zh: expect.stringContaining('bok_a'), en: 'book bok_c has no entries; these have: bok_a' });
  expect(refusal(['bok_a', 'bok_b'])).toMatchObject({ exit: EXIT.usage });
  expect(refusal([])).toMatchObject({ exit: EXIT.refused, en: 'there is no entry yet' });
});
