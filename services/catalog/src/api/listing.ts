import { type DescField, type DescMessage, type MessageShape, ScalarType } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { catalogErrors } from './errors.js';
import { type Caller, failureOf, type PageRequest, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';

export type Page = PageRequest & { readonly filter: string; readonly orderBy: string };
const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
const CONDITIONS_MAX = 10;

/** One page of records sorted by id, from those a filter lets through. */
export const pageOf = <M extends DescMessage>(
  schema: M, all: readonly { readonly id: string; readonly message: () => MessageShape<M> }[], page: Page, caller: Caller,
): { readonly items: readonly MessageShape<M>[]; readonly nextPageToken: string } => {
  const { pageSize, filter } = page;
  const descending = order(page.orderBy);
  const matches = filterOf(schema, filter);
  const scope = pageScope(page, caller);
  const after = readPageToken(scope, page.pageToken, 'text')?.[0];
  const limit = Math.min(Math.max(0, pageSize) || PAGE_DEFAULT, PAGE_MAX);
  const sorted = descending ? [...all].reverse() : all;
  const items: MessageShape<M>[] = [];
  let last = '';
  for (const { id, message } of sorted) {
    if (after !== undefined && (descending ? id >= after : id <= after)) continue;
    const shown = message();
    if (!matches(shown)) continue;
    if (items.length === limit) return { items, nextPageToken: printPageToken(scope, [last]) };
    items.push(shown);
    last = id;
  }
  return { items, nextPageToken: '' };
};

const order = (text: string): boolean => {
  if (text === '' || text === 'id' || text === 'id asc') return false;
  if (text === 'id desc') return true;
  throw failureOf(catalogErrors, 'FILTER_INVALID', {}, '/orderBy');
};

const CONDITION = /^\s*([A-Za-z_]{1,40})\s*=\s*("([^"]{0,200})"|[A-Za-z0-9_.-]{1,200})\s*$/;

/** `a = "b" AND c = 3` over plain fields of a message; names in either case. Anything else is refused. */
const filterOf = <M extends DescMessage>(schema: M, text: string): ((message: MessageShape<M>) => boolean) => {
  if (text.trim() === '') return () => true;
  const conditions = text.split(/\s+AND\s+/);
  const refuse = (part: string): never => {
    throw failureOf(catalogErrors, 'FILTER_INVALID', { condition: String(conditions.indexOf(part) + 1) }, '/filter');
  };
  if (conditions.length > CONDITIONS_MAX) refuse(conditions[CONDITIONS_MAX]!);
  const tests = conditions.map((part) => {
    const match = CONDITION.exec(part) ?? refuse(part);
    const field = schema.fields.find(({ name, localName }) => name === match[1] || localName === match[1]) ?? refuse(part);
    return { field, wanted: match[3] ?? match[2]! };
  });
  return (message) => tests.every(({ field, wanted }) => textOf(schema, message, field) === wanted);
};

const textOf = <M extends DescMessage>(schema: M, message: MessageShape<M>, field: DescField): string | undefined => {
  const value: unknown = reflect(schema, message).get(field);
  if (field.fieldKind === 'enum') return field.enum.values.find(({ number }) => number === value)?.name;
  return field.fieldKind === 'scalar' && field.scalar !== ScalarType.BYTES ? String(value) : undefined;
};
