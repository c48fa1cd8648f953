import { hash } from 'node:crypto';
import { NO_STREAM, type Position, type Revision, START } from '../../port.js';

/** The position of every so many revisions is kept, so that a long stream can be entered in its middle. */
export const MARK_EVERY = 64;

/** Ninety-six bits of SHA-256 over a stream's name, in three unsigned words. */
export type StreamHash = { readonly a: number; readonly b: number; readonly c: number };

export const hashOf = (stream: string): StreamHash => {
  const digest = hash('sha256', stream, 'binary');
  return { a: word(digest, 0), b: word(digest, 4), c: word(digest, 8) };
};
const word = (digest: string, at: number): number =>
  ((digest.charCodeAt(at) << 24) |
    (digest.charCodeAt(at + 1) << 16) |
    (digest.charCodeAt(at + 2) << 8) |
    digest.charCodeAt(at + 3)) >>>
  0;

export const READ = 0;
export const FRESH = -1;

/** Where a stream ends, and the marks it got within one generation of the directory's memory. */
export class Tail implements StreamHash {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  revision: Revision = NO_STREAM;
  position: Position = START;
  /** Positions of consecutive marks, the first of revision `firstMark`. */
  marks: number[] | undefined;
  firstMark: Revision = 0;

  /** `generation`: of the memory it was changed in; {@link READ} if it was only read, {@link FRESH} if it is of a stream that does not exist. */
  constructor(
    { a, b, c }: StreamHash,
    public generation: number,
  ) {
    this.a = a;
    this.b = b;
    this.c = c;
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
