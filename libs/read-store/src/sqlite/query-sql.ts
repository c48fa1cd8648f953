import { invariant } from '@vouchsafe/kernel';
import type { Condition, Query, Scalar } from '../port.js';
import { cellOf } from './cells.js';
import type { Cell } from './rows.js';

/** A collection's tables and the number of each indexed field: all that a statement is built from. */
export type Layout = { readonly table: string; readonly fieldNumbers: ReadonlyMap<string, number> };
export type Sql = { readonly text: string; readonly values: readonly Cell[] };

const FIND_MAX = 10_000;
const IN_MAX = 1024;

type Term = { readonly text: string; readonly values: readonly Cell[] };
/** Only numbered columns reach the text of a statement: a name that is no indexed field of the collection is a Bug. */
const numberOf = ({ fieldNumbers }: Layout, field: string): number => {
  const number = fieldNumbers.get(field);
  invariant(number !== undefined, `a query names indexed fields only, ${JSON.stringify(field)} is none`);
  return number;
};

export const findSql = (layout: Layout, { where, orderBy = [], after, limit }: Query): Sql => {
  invariant(Number.isInteger(limit) && limit >= 1 && limit <= FIND_MAX, `a query's limit is 1 to ${FIND_MAX}`);
  const columns = orderBy.map(([field, direction]) => [`f${numberOf(layout, field)}`, direction] as const);
  const terms = whereTerms(layout, where);
  if (after) {
    invariant(after.values.length === columns.length, 'a page goes on after one value per orderBy field');
    terms.push(afterTerm(columns, after.values.map(cellOf), after.id));
  }
  const order = [...columns.map(([column, direction]) => `${column} ${direction === 'desc' ? 'DESC' : 'ASC'}`), 'id ASC'].join(', ');
  return {
    text: `SELECT rowid, id, value, revisions FROM ${layout.table} WHERE ${conjunction(terms)} ORDER BY ${order} LIMIT ?`,
    values: [...terms.flatMap(({ values }) => values), limit],
  };
};

export const countSql = (layout: Layout, where: Query['where']): Sql => {
  const terms = whereTerms(layout, where);
  return { text: `SELECT count(*) AS n FROM ${layout.table} WHERE ${conjunction(terms)}`, values: terms.flatMap(({ values }) => values) };
};

const conjunction = (terms: readonly Term[]): string => ['value IS NOT NULL', ...terms.map(({ text }) => text)].join(' AND ');

const whereTerms = (layout: Layout, where: Query['where']): Term[] =>
  Object.entries(where ?? {}).flatMap(([field, condition]) =>
    condition === undefined ? [] : [conditionTerm(layout, numberOf(layout, field), condition)],
  );

const conditionTerm = (layout: Layout, field: number, condition: Condition): Term => {
  const column = `f${field}`;
  if (typeof condition !== 'object') return { text: `${column} = ?`, values: [cellOf(condition)] };
  if ('has' in condition) {
    return {
      text: `rowid IN (SELECT doc FROM ${layout.table}_members WHERE field = ${field} AND member = ?)`,
      values: [condition.has],
    };
  }
  if ('in' in condition) return inTerm(column, condition.in);
  return rangeTerm(column, condition);
};

/** Padded to a power of two with repeats, so that few different statements are prepared. */
const inTerm = (column: string, wanted: readonly Scalar[]): Term => {
  if (wanted.length === 0) return { text: '0', values: [] };
  invariant(wanted.length <= IN_MAX, `a query's "in" has at most ${IN_MAX} members`);
  const values = wanted.map(cellOf);
  while (values.length & (values.length - 1)) values.push(values[0]!);
  return { text: `${column} IN (${values.map(() => '?').join(', ')})`, values };
};

type Range = Extract<Condition, { readonly gte?: Scalar }>;
const OPERATORS = [['gt', '>'], ['gte', '>='], ['lt', '<'], ['lte', '<=']] as const;

/** SQLite orders all numbers before all strings before all blobs; the extra bound keeps a range within one sort, as MongoDB does. */
const rangeTerm = (column: string, range: Range): Term => {
  const terms: string[] = [];
  const values: Cell[] = [];
  // Two bounds of one sort keep each other; a further one would hide the better of them from the index.
  const closed = typeof (range.gt ?? range.gte) === typeof (range.lt ?? range.lte);
  for (const [name, operator] of OPERATORS) {
    const bound = range[name];
    if (bound === undefined) continue;
    terms.push(`${column} ${operator} ?`);
    values.push(cellOf(bound));
    if (closed) continue;
    if (operator[0] === '>' && typeof bound !== 'boolean') terms.push(`${column} < ${typeof bound === 'number' ? `''` : `x''`}`);
    if (operator[0] === '<' && typeof bound !== 'number') terms.push(`${column} >= ${typeof bound === 'string' ? `''` : `x''`}`);
  }
  invariant(terms.length > 0, 'a range has a bound');
  return { text: terms.join(' AND '), values };
};

/** (a, b, id) after the given triple in the mixed order, with null smallest. The first column's bound leads into the index. */
const afterTerm = (columns: readonly (readonly [column: string, direction: 'asc' | 'desc'])[], last: readonly Cell[], id: string): Term => {
  const alternatives: Term[] = [];
  const equal: string[] = [];
  const equalValues: Cell[] = [];
  columns.forEach(([column, direction], i) => {
    const beyond = beyondTerm(column, direction, last[i]!);
    if (beyond) alternatives.push({ text: [...equal, beyond.text].join(' AND '), values: [...equalValues, ...beyond.values] });
    equal.push(`${column} IS ?`);
    equalValues.push(last[i]!);
  });
  alternatives.push({ text: [...equal, 'id > ?'].join(' AND '), values: [...equalValues, id] });
  const either = { text: `(${alternatives.map(({ text }) => `(${text})`).join(' OR ')})`, values: alternatives.flatMap(({ values }) => values) };
  const [first] = columns;
  const lead = last[0] ?? null;
  if (!first || lead === null || first[1] === 'desc') return either;
  return { text: `${first[0]} >= ? AND ${either.text}`, values: [lead, ...either.values] };
};

const beyondTerm = (column: string, direction: 'asc' | 'desc', last: Cell): Term | undefined => {
  if (direction === 'asc') return last === null ? { text: `${column} IS NOT NULL`, values: [] } : { text: `${column} > ?`, values: [last] };
  return last === null ? undefined : { text: `(${column} < ? OR ${column} IS NULL)`, values: [last] };
};
