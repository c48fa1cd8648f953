import { invalidField } from '@vouchsafe/rpc';
import type { Doc, Query, Scalar } from '@vouchsafe/read-store';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
export type ListRequest = { readonly pageSize: number; readonly pageToken: string; readonly filter: string; readonly orderBy: string };
/** A filter's field: the indexed field it is, and how its word is read (undefined: not a word of it). */
export type FilterField = { readonly field: string; readonly read: (word: string) => Scalar | undefined };
export type ListTerms = { readonly filters: Readonly<Record<string, FilterField>> };

/** The query of a list over `createdAt`. INVALID_ARGUMENT names filter, order_by or page_token. */
export const listQuery = (request: ListRequest, { filters }: ListTerms): Query & { readonly size: number } => {
  const { pageSize, filter, orderBy, pageToken } = request;
  if (pageSize < 0) throw invalidField('/pageSize', 'FIELD_INVALID', '不能为负数', 'Must not be negative.');
  const size = pageSize === 0 ? PAGE_DEFAULT : Math.min(pageSize, PAGE_MAX);
  const direction = directionOf(orderBy);
  return {
    size, limit: size + 1, where: whereOf(filter, filters), orderBy: [['createdAt', direction]],
    ...(pageToken !== '' && { after: readToken(pageToken, filter, direction) }),
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

/** The page's documents and the token of the next; a token is bound to its filter and order. */
export const pageOf = <T extends { readonly createdAt: number }>(
  found: readonly Doc<T>[], { size }: { readonly size: number }, { filter, orderBy }: ListRequest,
): { readonly docs: readonly Doc<T>[]; readonly nextPageToken: string } => {
  const docs = found.slice(0, size);
  const last = docs[docs.length - 1];
  if (found.length <= size || !last) return { docs, nextPageToken: '' };
  return { docs, nextPageToken: Buffer.from(JSON.stringify([last.value.createdAt, last.id, filter, directionOf(orderBy)])).toString('base64url') };
};
const readToken = (token: string, filter: string, direction: string): { readonly values: readonly [number]; readonly id: string } => {
  try {
    const [createdAt, id, ofFilter, ofDirection] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    if (typeof createdAt === 'number' && typeof id === 'string' && ofFilter === filter && ofDirection === direction) return { values: [createdAt], id };
  } catch {
    // Not JSON: told below, like any token that is not ours.
  }
  throw invalidField('/pageToken', 'FIELD_INVALID', '翻页标记无效，或与 filter、order_by 不符', 'Not a token of this list with this filter and order.');
};
