import type { Query } from '@vouchsafe/read-store';
import { countFilter, findPlan } from './query-filter.js';

const fields = new Map([['owner', false], ['at', true], ['a.b', false], ['$where', true]]);
const find = (query: unknown): unknown => findPlan(fields, query as Query);

describe('a filter for MongoDB', () => {
  it.each<[string, unknown]>([
    ['an operator instead of a value', { owner: { $gt: '' } }],
    ['an operator that runs code', { owner: { $where: 'sleep(1000)' } }],
    ['an operator within a list', { owner: { in: [{ $ne: null }] } }],
    ['an operator as a bound', { at: { gte: { $ne: null } } }],
    ['an operator as a member', { at: { has: { $ne: null } } }],
    ['a list as a value', { owner: ['x'] }],
    ['nothing as a value', { owner: null }],
    ['an endless number', { at: Number.POSITIVE_INFINITY }],
    ['a field that is not indexed', { $or: [{}] }],
    ['a path into a field', { 'owner.length': 1 }],
  ])('is refused: %s', (_name, where) => {
    expect(() => find({ where, limit: 1 })).toThrow();
    expect(() => countFilter(fields, where as Query['where'])).toThrow();
  });

  it('is refused where a page is said to end at something else than values', () => {
    const orderBy = [['at', 'asc']];
    for (const after of [{ values: [{ $gt: '' }], id: 'a' }, { values: [1], id: { $gt: '' } }, { values: [], id: 'a' }, { values: [1, 2], id: 'a' }]) expect(() => find({ orderBy, after, limit: 1 })).toThrow();
  });

  it('names fields by what they are called in documents', () => {
    expect(find({ where: { 'a.b': 1, $where: { has: '$x' } }, limit: 1 })).toEqual({
      filter: { $and: [{ 'v.a%2eb': { $eq: 1 } }, { 'v.%24where': { $elemMatch: { $eq: '$x' } } }] }, sort: [['_id', 1]], limit: 1,
    });
  });
});
