import { failure } from './fields.js';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
const CONDITIONS_MAX = 10;
const CONDITION = /^\s*([a-z_]{1,40})\s*(=|>=|<=)\s*("([^"]{0,200})"|[A-Za-z0-9_.:~-]{1,200})\s*$/;

export const pageSizeOf = (pageSize: number): number => Math.min(Math.max(0, pageSize) || PAGE_DEFAULT, PAGE_MAX);

export type Operator = '=' | '>=' | '<=';
export type Condition = { readonly field: string; readonly operator: Operator; readonly value: string };

/** `a = "b" AND c >= d`; a field outside `allowed` (which names its operators) or given twice is refused. */
export const conditionsOf = (filter: string, allowed: Readonly<Record<string, readonly Operator[]>>): readonly Condition[] => {
  if (filter.trim() === '') return [];
  const parts = filter.split(/\s+AND\s+/);
  if (parts.length > CONDITIONS_MAX) throw failure('FILTER_INVALID', {}, '/filter');
  const conditions = parts.map((part): Condition => {
    const match = CONDITION.exec(part);
    const [field, operator] = [match?.[1] ?? '', match?.[2] as Operator | undefined];
    if (!match || !operator || !Object.hasOwn(allowed, field) || !allowed[field]!.includes(operator)) throw failure('FILTER_INVALID', {}, '/filter');
    return { field, operator, value: match[4] ?? match[3]! };
  });
  const keys = new Set(conditions.map(({ field, operator }) => `${field}${operator}`));
  if (keys.size < conditions.length) throw failure('FILTER_INVALID', {}, '/filter');
  return conditions;
};

/** The one order a list has, or that order turned round. True: descending. */
export const isDescending = (orderBy: string, field: string): boolean => {
  if (orderBy === '' || orderBy === field || orderBy === `${field} asc`) return false;
  if (orderBy === `${field} desc`) return true;
  throw failure('FILTER_INVALID', { order_by: orderBy.slice(0, 80) }, '/orderBy');
};
