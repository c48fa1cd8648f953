import { Bug, invariant } from '@vouchsafe/kernel';
import type { Scalar } from '../port.js';
import type { Cell } from './rows.js';

const FALSE = Uint8Array.of(0);
const TRUE = Uint8Array.of(1);

/** How a scalar is stored and compared. */
export const cellOf = (value: Scalar | null): Cell => {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      invariant(Number.isFinite(value), 'an indexed number is finite');
      return value;
    case 'boolean':
      return value ? TRUE : FALSE;
    default:
      return null;
  }
};

/** The index entries of a document: one cell per field, and the members of those that are lists (by field number). */
export const cellsOf = (fields: readonly string[], value: unknown): { cells: Cell[]; lists: string } => {
  const record = value as Readonly<Record<string, unknown>>;
  const cells: Cell[] = [];
  let lists: Record<number, readonly string[]> | undefined;
  for (let i = 0; i < fields.length; i++) {
    const field = record[fields[i]!];
    if (Array.isArray(field)) {
      invariant(field.every((member) => typeof member === 'string'), 'an indexed list holds strings only');
      if (field.length > 0) (lists ??= {})[i] = [...new Set(field)];
      cells.push(null);
    } else cells.push(cellOf(scalarOrNull(field)));
  }
  return { cells, lists: lists ? JSON.stringify(lists) : '' };
};

const scalarOrNull = (field: unknown): Scalar | null => {
  if (field === undefined || field === null) return null;
  if (typeof field === 'string' || typeof field === 'number' || typeof field === 'boolean') return field;
  throw new Bug('an indexed field holds a string, a number, a boolean or a list of strings');
};
