import type { Condition, Query, Scalar } from '../port.js';

export type Fields = Readonly<Record<string, Scalar | readonly string[] | undefined>>;
type Document = { readonly id: string; readonly value: Fields };

/** What a query means, said plainly: the ids of all that match, in order. The oracle of the contract suite. */
export const modelFind = (docs: readonly Document[], { where = {}, orderBy = [] }: Query): string[] =>
  docs
    .filter(({ value }) => Object.entries(where).every(([field, condition]) => condition === undefined || matches(value[field], condition)))
    .toSorted((a, b) => {
      for (const [field, direction] of orderBy) {
        const order = compare(scalar(a.value[field]), scalar(b.value[field]));
        if (order !== 0) return direction === 'asc' ? order : -order;
      }
      return compare(a.id, b.id);
    })
    .map(({ id }) => id);

const matches = (field: Fields[string], condition: Condition): boolean => {
  if (typeof condition !== 'object') return field === condition;
  if ('has' in condition) return Array.isArray(field) && field.includes(condition.has);
  const value = scalar(field);
  if ('in' in condition) return value !== null && condition.in.includes(value);
  const { gt, gte, lt, lte } = condition;
  const within = (bound: Scalar | undefined, holds: (order: number) => boolean): boolean =>
    bound === undefined || (typeof bound === typeof value && holds(compare(value, bound)));
  return within(gt, (o) => o > 0) && within(gte, (o) => o >= 0) && within(lt, (o) => o < 0) && within(lte, (o) => o <= 0);
};

const scalar = (field: Fields[string]): Scalar | null => (field === undefined || typeof field === 'object' ? null : field);
const RANKS: readonly string[] = ['object', 'number', 'string', 'boolean'];

/** null, numbers, strings by code point, truth. */
const compare = (a: Scalar | null, b: Scalar | null): number => {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a !== typeof b) return RANKS.indexOf(typeof a) - RANKS.indexOf(typeof b);
  return a! < b! ? -1 : 1;
};
