import { parseRfc3339 } from '@vouchsafe/kernel';
import type { Collection, Condition, Doc, Scalar } from '@vouchsafe/read-store';
import { invalidField, printPageToken, readPageToken, type RpcFailure } from '@vouchsafe/rpc';

/** A field of a filter: the column it stands for, and its values' sort. An enum lists the words it takes, without their prefix. */
export type FilterField = { readonly column: string; readonly sort: 'time' | 'text' } | { readonly column: string; readonly sort: 'enum'; readonly prefix: string; readonly words: readonly string[] };
export type ListSpec = { readonly timeColumn: string; readonly timeField: string; readonly fields: Readonly<Record<string, FilterField>> };
/** `scope`: what the list's page tokens are bound to. `channelId`: whose things it shows; undefined: everybody's. */
export type ListAsk = {
  readonly pageSize: number; readonly pageToken: string; readonly filter: string; readonly orderBy: string; readonly scope: string; readonly channelId: string | undefined;
};
export type ListPage<T> = { readonly docs: readonly Doc<T>[]; readonly nextPageToken: string };

const PAGE_DEFAULT = 50;
const PAGE_MAX = 100;
const FILTER_MAX = 1000;
type Where = Record<string, Condition>;

/** One page of a list, newest first unless asked otherwise. RpcFailure FILTER_INVALID, PAGE_TOKEN_INVALID. */
export const listPage = async <T>(collection: Collection<T>, ask: ListAsk, spec: ListSpec): Promise<ListPage<T>> => {
  const direction = directionOf(ask.orderBy, spec);
  const where: Where = { ...filterOf(ask.filter, spec), ...(ask.channelId !== undefined && { channelId: ask.channelId }) };
  const pageSize = ask.pageSize <= 0 ? PAGE_DEFAULT : Math.min(ask.pageSize, PAGE_MAX);
  const after = readPageToken(ask.scope, ask.pageToken, 'number', 'text');
  const docs = await collection.find({ where, orderBy: [[spec.timeColumn, direction]], limit: pageSize + 1, ...(after && { after: { values: [after[0]], id: after[1] } }) });
  const page = docs.slice(0, pageSize);
  const last = page[page.length - 1];
  const more = docs.length > pageSize && last !== undefined;
  return { docs: page, nextPageToken: more ? printPageToken(ask.scope, [(last.value as Record<string, number>)[spec.timeColumn]!, last.id]) : '' };
};

const WRONG = {
  '/filter': ['FILTER_INVALID', '使用 字段 = 值，以 AND 连接', 'write field = value, joined by AND'],
  '/orderBy': ['FILTER_INVALID', '仅可按时间字段排序，可加 desc', 'the time field, perhaps with desc'],
} as const;
const invalid = (pointer: keyof typeof WRONG): RpcFailure => {
  const [code, zh, en] = WRONG[pointer];
  return invalidField(pointer, code, zh, en);
};

const directionOf = (orderBy: string, { timeField }: ListSpec): 'asc' | 'desc' => {
  const words = orderBy.trim().split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return 'desc';
  if (words[0] !== timeField || words.length > 2 || (words[1] !== undefined && words[1] !== 'desc' && words[1] !== 'asc')) throw invalid('/orderBy');
  return words[1] === 'desc' ? 'desc' : 'asc';
};

const TERM = /^\s*([a-z_]+)\s*(=|>=|<=|>|<)\s*(?:"([^"]*)"|([A-Za-z0-9_.:+-]+))\s*$/;
const OPERATORS = { '>=': 'gte', '<=': 'lte', '>': 'gt', '<': 'lt' } as const;

/** A conjunction of comparisons as conditions on columns. */
const filterOf = (filter: string, { fields }: ListSpec): Where => {
  if (filter.length > FILTER_MAX) throw invalid('/filter');
  const where: Where = {};
  for (const text of filter.trim() === '' ? [] : filter.split(/\s+AND\s+/)) {
    const match = TERM.exec(text);
    const field = match && Object.hasOwn(fields, match[1]!) ? fields[match[1]!] : undefined;
    if (!match || !field) throw invalid('/filter');
    where[field.column] = conditionOf(where[field.column], field, match[2]!, match[3] ?? match[4]!);
  }
  return where;
};

const conditionOf = (known: Condition | undefined, field: FilterField, operator: string, word: string): Condition => {
  const value = valueOf(field, word);
  if (operator === '=') {
    if (known !== undefined) throw invalid('/filter');
    return value;
  }
  if (field.sort !== 'time' || (known !== undefined && typeof known !== 'object')) throw invalid('/filter');
  return { ...known, [OPERATORS[operator as keyof typeof OPERATORS]]: value };
};

const valueOf = (field: FilterField, word: string): Scalar => {
  switch (field.sort) {
    case 'text':
      return word;
    case 'time': {
      const at = parseRfc3339(word);
      if (at === undefined) throw invalid('/filter');
      return at;
    }
    case 'enum': {
      const short = word.startsWith(field.prefix) ? word.slice(field.prefix.length) : word;
      if (!field.words.includes(short)) throw invalid('/filter');
      return short;
    }
  }
};
