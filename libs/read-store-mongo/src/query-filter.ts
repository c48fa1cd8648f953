import { invariant } from '@vouchsafe/kernel';
import type { Condition, Query, Scalar } from '@vouchsafe/read-store';
import { storedName } from './field-names.js';
import type { IndexedFields } from './stored-document.js';

/** What is asked of MongoDB: built here only, from typed conditions over indexed fields; no part of it comes from outside as it is. */
export type Filter = { readonly [path: string]: unknown };
export type FindPlan = { readonly filter: Filter; readonly sort: readonly (readonly [path: string, direction: 1 | -1])[]; readonly limit: number };

const FIND_MAX = 10_000;
const IN_MAX = 1024;
const NO_LIST = { $not: { $type: 'array' } };

export const findPlan = (fields: IndexedFields, { where, orderBy = [], after, limit }: Query): FindPlan => {
  invariant(Number.isInteger(limit) && limit >= 1 && limit <= FIND_MAX, `a query's limit is 1 to ${FIND_MAX}`);
  const columns = orderBy.map(([field, direction]): Column => [pathOf(fields, field), direction === 'asc' ? 1 : -1]);
  const terms = whereTerms(fields, where);
  const sort = [...columns, ['_id', 1] as const];
  if (!after) return { filter: conjunction(terms), sort, limit };
  invariant(after.values.length === columns.length, 'a page goes on after one value per orderBy field');
  // Each alternative by itself can follow an index in order; MongoDB merges them.
  return { filter: { $or: beyond(columns, after.values, after.id).map((alternative) => conjunction([...terms, ...alternative])) }, sort, limit };
};

export const countFilter = (fields: IndexedFields, where: Query['where']): Filter => conjunction(whereTerms(fields, where));

/** Deleted documents have no fields, so a condition leaves them out by itself. */
const conjunction = (terms: readonly Filter[]): Filter => (terms.length === 0 ? { d: null } : terms.length === 1 ? terms[0]! : { $and: terms });

const pathOf = (fields: IndexedFields, field: string): string => {
  invariant(fields.has(field), `a query names indexed fields only, ${JSON.stringify(field)} is none`);
  return `v.${storedName(field)}`;
};

const whereTerms = (fields: IndexedFields, where: Query['where']): Filter[] => {
  // With nothing but an order, or a page's end, the deleted must be left out by name.
  const terms = Object.entries(where ?? {}).flatMap(([field, condition]): Filter[] => {
    if (condition === undefined) return [];
    return [{ [pathOf(fields, field)]: conditionOf(condition, fields.get(field)!) }];
  });
  return terms.length === 0 ? [{ d: null }] : terms;
};

/** MongoDB compares with a list's members too; what is no list is told by `$not: { $type: 'array' }`. */
const conditionOf = (condition: Condition, mayBeList: boolean): Filter => {
  if (typeof condition === 'object' && 'has' in condition) return { $elemMatch: { $eq: text(condition.has) } };
  return { ...comparison(condition), ...(mayBeList && NO_LIST) };
};

type Range = Extract<Condition, { readonly gte?: Scalar }>;
const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const;

const comparison = (condition: Exclude<Condition, { readonly has: string }>): Filter => {
  if (typeof condition !== 'object') return { $eq: scalar(condition) };
  if (!('in' in condition)) return rangeOf(condition);
  invariant(condition.in.length <= IN_MAX, `a query's "in" has at most ${IN_MAX} members`);
  return { $in: condition.in.map(scalar) };
};

/** A range of MongoDB stays within one kind of value, as the port says. */
const rangeOf = (range: Range): Filter => {
  const bounds = BOUNDS.flatMap((name) => (range[name] === undefined ? [] : [[`$${name}`, scalar(range[name])] as const]));
  invariant(bounds.length > 0, 'a range has a bound');
  return Object.fromEntries(bounds);
};

const scalar = (value: Scalar): Scalar => {
  if (typeof value === 'string') return text(value);
  invariant(typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)), 'a query compares with a string, a finite number or a boolean');
  return value;
};
const text = (value: string): string => {
  invariant(typeof value === 'string', 'a member of a list is a string');
  return value;
};

type Column = readonly [path: string, direction: 1 | -1];

/** (a, b, id) after the given triple in the mixed order: alternatives, of each the conditions that hold together. */
const beyond = (columns: readonly Column[], last: readonly (Scalar | null)[], id: string): Filter[][] => {
  const equal: Filter[] = [];
  const alternatives: Filter[][] = [];
  columns.forEach(([path, direction], i) => {
    const value = last[i] ?? null;
    for (const condition of direction === 1 ? greater(value) : smaller(value)) alternatives.push([...equal, { [path]: condition }]);
    equal.push({ [path]: value === null ? null : scalar(value) });
  });
  alternatives.push([...equal, { _id: { $gt: text(id) } }]);
  return alternatives;
};

const ANY_NUMBER = { $gte: Number.NEGATIVE_INFINITY };
const ANY_TEXT = { $gte: '' };
const ANY_TRUTH = { $gte: false };
/** null, numbers, strings, truth: what comes after a value in this order. A comparison of MongoDB stays within one kind. */
const greater = (value: Scalar | null): unknown[] => {
  if (value === null) return [ANY_NUMBER, ANY_TEXT, ANY_TRUTH];
  const same = { $gt: scalar(value) };
  if (typeof value === 'number') return [same, ANY_TEXT, ANY_TRUTH];
  return typeof value === 'string' ? [same, ANY_TRUTH] : [same];
};
const smaller = (value: Scalar | null): unknown[] => {
  if (value === null) return [];
  const same = { $lt: scalar(value) };
  if (typeof value === 'number') return [same, null];
  return typeof value === 'string' ? [same, ANY_NUMBER, null] : [same, ANY_TEXT, ANY_NUMBER, null];
};
