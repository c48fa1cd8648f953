import { hash } from 'node:crypto';
import { NO_STREAM, type Position, type Revision, START } from '../../port.js';

/** The position of every so many revisions is kept, so that a long stream can be entered in its middle. */
export const MARK_EVERY = 64;

/** Ninety-six bits of SHA-256 over a stream's name, in three unsigned words. */
export type StreamHash = { readonly a: number; readonly b: number; readonly c: number };

const word = (digest: string, at: number): number =>
  (digest.charCodeAt(at) << 24) | (digest.charCodeAt(at + 1) << 16) | (digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3);

/** {@link Tail.generation} of an end that was only read, and of that of a stream that does not exist. */
export const READ = 0;
export const FRESH = -1;

/** Where a stream ends, and the marks it got within one generation of the directory's memory. */
export class Tail implements StreamHash {
  // The hash, signed: as many numbers as there are streams in memory are then no objects of their own.
  readonly #a: number;
  readonly #b: number;
  readonly #c: number;
  revision: Revision = NO_STREAM;
  position: Position = START;
  /** Positions of consecutive marks, the first of revision `firstMark`. */
  marks: number[] | undefined;
  firstMark: Revision = 0;

  /** `generation`: of the memory it was changed in. */
  constructor(
    a: number,
    b: number,
    c: number,
    public generation: number,
  ) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
  }

  static of(stream: string, generation: number): Tail {
    const digest = hash('sha256', stream, 'binary');
    return new Tail(word(digest, 0), word(digest, 4), word(digest, 8), generation);
  }

  get a(): number {
    return this.#a >>> 0;
  }
  get b(): number {
    return this.#b >>> 0;
  }
  get c(): number {
    return this.#c >>> 0;
  }

  /** Moves the end to a later event; true if that got a mark. */
  moveTo(revision: Revision, position: Position): boolean {
    this.revision = revision;
    this.position = position;
    if (revision === 0 || revision % MARK_EVERY !== 0) return false;
    if (!this.marks) {
      this.marks = [];
      this.firstMark = revision;
    }
    this.marks.push(position);
    return true;
  }

  /** Position of revision `revision`, if it has a mark here. */
  markAt(revision: Revision): Position | undefined {
    return this.marks?.[(revision - this.firstMark) / MARK_EVERY] as Position | undefined;
  }
}
