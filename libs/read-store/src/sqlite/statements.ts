import { ROW_HEAD } from './rows.js';

/** Statements over one collection's tables, and how wide its rows are on their way in ({@link ROW_HEAD}). */
export type Statements = {
  readonly table: string; readonly width: number; readonly find: string; readonly insert: string; readonly update: string; readonly listsOf: string; readonly remove: string;
};

/** Of the tables with this number, of a collection with so many indexed fields. */
export const statementsFor = (number: number, fields: number): Statements => {
  const table = `c${number}`;
  const numbers = Array.from({ length: fields }, (_, i) => i);
  const columns = `hash, id, lists, value${numbers.map((i) => `, f${i}`).join('')}`;
  const marks = `?, ?, ?, ?${numbers.map(() => ', ?').join('')}`;
  return {
    table, width: ROW_HEAD + fields,
    find: `SELECT rowid, revisions, lists FROM ${table} WHERE hash = ? AND id = ?`,
    insert: `INSERT INTO ${table} (${columns}, revisions) VALUES (${marks}, ?)`,
    update: `UPDATE ${table} SET (${columns}, revisions) = (${marks}, ?) WHERE rowid = ?`,
    listsOf: `SELECT lists FROM ${table} WHERE rowid = ?`,
    remove: `DELETE FROM ${table} WHERE rowid = ?`,
  };
};
