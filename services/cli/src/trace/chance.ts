import { hash } from 'node:crypto';

/** A share in [0, 1) that follows from the words alone: what is drawn by it is the same in every run. */
export const shareOf = (...words: readonly string[]): number => Number.parseInt(hash('sha256', words.join('/'), 'hex').slice(0, 12), 16) / 2 ** 48;
