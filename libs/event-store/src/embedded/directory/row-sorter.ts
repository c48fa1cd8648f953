import type { Row } from './run-format.js';
import { MARK_EVERY, type Tail } from './tail.js';

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

/**
 * The rows of changed streams in the order of a run. In flat arrays and by radix, for a comparing sort of so many objects
 * would hold the event loop for tens of milliseconds.
 */
export class RowSorter {
  readonly #a: Uint32Array;
  readonly #b: Uint32Array;
  readonly #c: Uint32Array;
  readonly #revisions: Uint32Array;
  readonly #positions: Float64Array;
  #count = 0;

  constructor(rowsMax: number) {
    this.#a = new Uint32Array(rowsMax);
    this.#b = new Uint32Array(rowsMax);
    this.#c = new Uint32Array(rowsMax);
    this.#revisions = new Uint32Array(rowsMax);
    this.#positions = new Float64Array(rowsMax);
  }

  /** Adds a stream's marks and its end. */
  add(tail: Tail): void {
    const { marks, firstMark, position, revision } = tail;
    if (marks) for (let i = 0; i < marks.length; i++) this.#put(tail, firstMark + i * MARK_EVERY, marks[i]!);
    if (marks?.[marks.length - 1] !== position) this.#put(tail, revision, position);
  }

  #put({ a, b, c }: Tail, revision: number, position: number): void {
    const at = this.#count++;
    this.#a[at] = a;
    this.#b[at] = b;
    this.#c[at] = c;
    this.#revisions[at] = revision;
    this.#positions[at] = position;
  }

  /** All rows, sorted; each is only valid until the next. */
  *rows(): Generator<Row> {
    const row = { a: 0, b: 0, c: 0, revision: 0, position: 0 };
    for (const index of this.#sorted()) {
      row.a = this.#a[index]!;
      row.b = this.#b[index]!;
      row.c = this.#c[index]!;
      row.revision = this.#revisions[index]!;
      row.position = this.#positions[index]!;
      yield row;
    }
  }

  #sorted(): Uint32Array {
    let order = new Uint32Array(this.#count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    for (const shift of [0, DIGIT_BITS]) order = this.#byDigit(order, shift);
    for (let i = 1; i < order.length; i++) this.#settle(order, i);
    return order;
  }

  /** One pass of a radix sort by the hash's first word; equal ones stay in order. */
  #byDigit(order: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
    const ends = new Uint32Array(DIGITS);
    for (const index of order) ends[this.#digit(index, shift)]!++;
    for (let digit = 0, sum = 0; digit < DIGITS; digit++) {
      const count = ends[digit]!;
      ends[digit] = sum;
      sum += count;
    }
    const sorted = new Uint32Array(order.length);
    for (const index of order) sorted[ends[this.#digit(index, shift)]!++] = index;
    return sorted;
  }
  #digit(index: number, shift: number): number {
    return (this.#a[index]! >>> shift) & (DIGITS - 1);
  }

  /** Moves the row at `at` before those that come after it in the order, all of the same first word: hardly ever any. */
  #settle(order: Uint32Array, at: number): void {
    const index = order[at]!;
    let to = at;
    while (to > 0 && this.#compare(order[to - 1]!, index) > 0) {
      order[to] = order[to - 1]!;
      to--;
    }
    order[to] = index;
  }
  #compare(one: number, other: number): number {
    return (
      this.#a[one]! - this.#a[other]! ||
      this.#b[one]! - this.#b[other]! ||
      this.#c[one]! - this.#c[other]! ||
      this.#revisions[one]! - this.#revisions[other]!
    );
  }
}
