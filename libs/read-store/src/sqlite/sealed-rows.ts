import { Bug } from '@vouchsafe/kernel';
import type { Cell, PackedRows, WriteRequest } from './rows.js';

/**
 * Rows on their way to another thread: all texts in one, for a message is copied value by value and a text costs little more
 * than its bytes. `marks`: of each cell its text's length, or what it is instead.
 */
export type SealedRows = { readonly text: string; readonly marks: Int32Array; readonly numbers: Float64Array };
/** A request as it passes to the writer's thread. */
export type SealedRequest =
  | Exclude<WriteRequest, { kind: 'write' | 'put' | 'all' }>
  | { readonly kind: 'write' | 'put'; readonly name: string; readonly rows: SealedRows }
  | { readonly kind: 'all'; readonly requests: readonly SealedRequest[] };

const NULL = -1;
const NUMBER = -2;
/** A one-byte blob holding 0, or 1: {@link Cell}. */
const FALSE = -3;
const TRUE = -4;

export const sealed = (request: WriteRequest): SealedRequest => {
  switch (request.kind) {
    case 'write':
    case 'put': return { ...request, rows: seal(request.rows) };
    case 'all': return { ...request, requests: request.requests.map(sealed) };
    default: return request;
  }
};
export const unsealed = (request: SealedRequest): WriteRequest => {
  switch (request.kind) {
    case 'write':
    case 'put': return { ...request, rows: unseal(request.rows) };
    case 'all': return { ...request, requests: request.requests.map(unsealed) };
    default: return request;
  }
};

const seal = (rows: PackedRows): SealedRows => {
  const marks = new Int32Array(rows.length);
  const numbers: number[] = [];
  let text = '';
  for (let i = 0; i < rows.length; i++) {
    const cell = rows[i]!;
    if (typeof cell === 'string') {
      text += cell;
      marks[i] = cell.length;
    } else if (cell === null) marks[i] = NULL;
    else if (typeof cell === 'number') {
      numbers.push(cell);
      marks[i] = NUMBER;
    } else marks[i] = cell[0] === 0 ? FALSE : TRUE;
  }
  return { text, marks, numbers: Float64Array.from(numbers) };
};

const unseal = ({ text, marks, numbers }: SealedRows): PackedRows => {
  const rows = new Array<Cell>(marks.length);
  let [at, taken] = [0, 0];
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i]!;
    if (mark >= 0) rows[i] = text.slice(at, (at += mark));
    else rows[i] = markedCell(mark, () => numbers[taken++]!);
  }
  return rows;
};
const markedCell = (mark: number, next: () => number): Cell => {
  switch (mark) {
    case NULL: return null;
    case NUMBER: return next();
    case FALSE: return Uint8Array.of(0);
    case TRUE: return Uint8Array.of(1);
    default: throw new Bug('a cell that was sealed can be opened');
  }
};
