import { type Caller, invalidField, type PageRequest, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import type { Doc, Query, Scalar } from '@vouchsafe/read-store';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
export type ListRequest = PageRequest & { readonly filter: string; readonly orderBy: string };
/** A filter's field: the indexed field it is, and how its word is read (undefined: not a word of it). */
export type FilterField = { readonly field: string; readonly read: (word: string) => Scalar | undefined };
export type ListTerms = { readonly filters: Readonly<Record<string, FilterField>> };

/** The query of a list over `createdAt`, and what its page tokens are bound to. INVALID_ARGUMENT names filter, order_by or page_token. */
export const listQuery = (request: ListRequest, { filters }: ListTerms, caller: Caller): Query & { readonly size: number; readonly scope: string } => {
  const { pageSize, filter, orderBy, pageToken } = request;
  if (pageSize < 0) throw invalidField('/pageSize', 'FIELD_INVALID', '不能为负数', 'Must not be negative.');
  const size = pageSize === 0 ? PAGE_DEFAULT : Math.min(pageSize, PAGE_MAX);
  const direction = directionOf(orderBy);
  const where = whereOf(filter, filters);
  const scope = pageScope(request, caller);
  const after = readPageToken(scope, pageToken, 'number', 'text');
  return {
    size, scope, limit: size + 1, where, orderBy: [['createdAt', direction]],
    ...(after && { after: { values: [after[0]], id: after[1] } }),
  };
};

const directionOf = (orderBy: string): 'asc' | 'desc' => {
  switch (orderBy.trim()) {
    case '':
    case 'create_time desc': return 'desc';
    case 'create_time':
    case 'create_time asc': return 'asc';
    default: throw invalidField('/orderBy', 'FIELD_INVALID', '只能是 create_time 或 create_time desc', 'Only create_time or create_time desc.');
  }
};

const whereOf = (filter: string, filters: ListTerms['filters']): Record<string, Scalar> => {
  const where: Record<string, Scalar> = {};
  if (filter.trim() === '') return where;
  for (const term of filter.split(/\s+AND\s+/)) {
    const [, name = '', word = ''] = /^\s*([a-z_]+)\s*=\s*"?([^"]*?)"?\s*$/.exec(term) ?? [];
    const known = Object.hasOwn(filters, name) ? filters[name] : undefined;
    const value = known?.read(word);
    if (!known || value === undefined) {
      const names = Object.keys(filters).join(', ');
      throw invalidField('/filter', 'FIELD_INVALID', `可用字段：${names}，形如 a = "b" AND c = d`, `Fields: ${names}; written a = "b" AND c = d.`);
    }
    where[known.field] = value;
  }
  return where;
};

/** The page's documents and the token of the next. */
export const pageOf = <T extends { readonly createdAt: number }>(
  found: readonly Doc<T>[], { size, scope }: { readonly size: number; readonly scope: string },
): { readonly docs: readonly Doc<T>[]; readonly nextPageToken: string } => {
  const docs = found.slice(0, size);
  const last = docs[docs.length - 1];
  return { docs, nextPageToken: found.length > size && last ? printPageToken(scope, [last.value.createdAt, last.id]) : '' };
};
