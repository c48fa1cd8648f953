import { big, type Json, millis, optional, type Shape, ShapeError, text } from '@vouchsafe/codec';
import type { Entry, Posting, PostingDimensions } from '../domain/entry.js';
import type { BusinessDate } from '../domain/period.js';

type Fields = { readonly [key: string]: Json };
/** Left out; frozen like the version. */
const USUAL_CURRENCY = 'CNY';
const DIMENSIONS = ['businessLine', 'productId', 'supplierId', 'batchId'] as const;

/**
 * An entry as it lies in an event, small, for one is written with every delivery: `dims` lists the distinct dimensions as
 * `[business line, product, supplier, batch]` without what is absent at its end, a posting is `[account, signed minor units, number of its dims]`, with a
 * currency behind it where it is not the entry's `currency` (CNY where it says none). An id that begins with the order's is written as `^` and the rest.
 */
export const entryShape: Shape<Entry> = {
  write: (entry) => {
    const { orderId, postings } = entry;
    const currency = postings[0]?.currency;
    const out: Record<string, Json> = { id: withoutOrder(entry.factId, orderId), kind: entry.kind, book: entry.bookId };
    if (entry.channelId !== undefined) out['channel'] = entry.channelId;
    if (orderId !== undefined) out['order'] = orderId;
    if (entry.lineId !== undefined) out['line'] = withoutOrder(entry.lineId, orderId);
    out['at'] = entry.occurredAt;
    out['date'] = entry.businessDate;
    if (entry.bookedOn !== undefined) out['booked'] = entry.bookedOn;
    if (entry.mirrors !== undefined) out['mirrors'] = entry.mirrors;
    if (entry.note !== undefined) out['note'] = entry.note;
    if (currency === undefined) return out;
    if (currency !== USUAL_CURRENCY) out['currency'] = currency;
    const dims: PostingDimensions[] = [];
    const lines = linesOf(postings, currency, dims);
    out['dims'] = dims.map(rowOf);
    out['postings'] = lines;
    return out;
  },
  read: (json, path) => {
    const source = fieldsOf(json, path);
    const field = (name: string): string => text().read(source[name], `${path}.${name}`);
    const maybe = (name: string): string | undefined => optional(text()).read(source[name], `${path}.${name}`);
    const orderId = maybe('order');
    const line = maybe('line');
    const booked = maybe('booked');
    return compact({
      factId: withOrder(field('id'), orderId), kind: field('kind'), bookId: field('book'), channelId: maybe('channel'), orderId,
      lineId: line === undefined ? undefined : withOrder(line, orderId), occurredAt: millis.read(source['at'], `${path}.at`),
      businessDate: field('date') as BusinessDate, bookedOn: booked as BusinessDate | undefined, mirrors: maybe('mirrors'), note: maybe('note'),
      postings: postingsOf(source, path, maybe('currency') ?? USUAL_CURRENCY),
    });
  },
};

const postingsOf = (source: Fields, path: string, currency: string): readonly Posting[] => {
  const rows = listOf(source['dims'], `${path}.dims`).map((row, i) => dimsOf(row, `${path}.dims[${i}]`));
  return listOf(source['postings'], `${path}.postings`).map((line, i): Posting => {
    const at = `${path}.postings[${i}]`;
    const [account, minor, dims, other] = listOf(line, at);
    const own = typeof dims === 'number' ? rows[dims] : undefined;
    if (!own) throw new ShapeError(at, 'the number of its dims');
    return { account: text().read(account, at), minor: big.read(minor, at), currency: other === undefined ? currency : text().read(other, at), dims: own };
  });
};

/** The distinct dimensions are added to `seen`; neighbours mostly share theirs. */
const linesOf = (postings: readonly Posting[], currency: string, seen: PostingDimensions[]): Json =>
  postings.map((posting) => {
    let known = seen.lastIndexOf(posting.dims);
    if (known < 0) known = seen.findIndex((one) => same(one, posting.dims));
    if (known < 0) known = seen.push(posting.dims) - 1;
    const minor = posting.minor.toString();
    return posting.currency === currency ? [posting.account, minor, known] : [posting.account, minor, known, posting.currency];
  });
const same = (a: PostingDimensions, b: PostingDimensions): boolean =>
  a.businessLine === b.businessLine && a.productId === b.productId && a.supplierId === b.supplierId && a.batchId === b.batchId;
/** Without what is absent at its end. */
const rowOf = ({ businessLine, productId, supplierId, batchId }: PostingDimensions): Json => {
  if (batchId !== undefined) return [businessLine ?? null, productId ?? null, supplierId ?? null, batchId];
  if (supplierId !== undefined) return [businessLine ?? null, productId ?? null, supplierId];
  if (productId !== undefined) return [businessLine ?? null, productId];
  return businessLine === undefined ? [] : [businessLine];
};
const dimsOf = (json: Json, path: string): PostingDimensions => {
  const row = listOf(json, path);
  return compact(Object.fromEntries(DIMENSIONS.map((name, i) => [name, optional(text()).read(row[i], path)])));
};

/** Marks "the order's id, then"; an id that begins so itself is written with the mark doubled. */
const MARK = '^';
export const withoutOrder = (id: string, orderId: string | undefined): string => {
  if (id.startsWith(MARK)) return MARK + id;
  if (orderId === undefined || orderId === '' || !id.startsWith(orderId)) return id;
  const rest = id.slice(orderId.length);
  return rest.startsWith(MARK) ? id : MARK + rest;
};
export const withOrder = (stored: string, orderId: string | undefined): string => {
  if (!stored.startsWith(MARK)) return stored;
  return stored.startsWith(MARK + MARK) ? stored.slice(1) : (orderId ?? '') + stored.slice(1);
};

const listOf = (json: Json | undefined, path: string): readonly Json[] => {
  if (json === undefined) return [];
  if (!Array.isArray(json)) throw new ShapeError(path, 'a list');
  return json;
};
const fieldsOf = (json: unknown, path: string): Fields => {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) throw new ShapeError(path, 'an object');
  return json as Fields;
};
/** Without the fields that are undefined, so that what is read equals what was written. */
const compact = <T extends object>(value: T): T => {
  const out: Partial<T> = {};
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] !== undefined) out[key] = value[key];
  return out as T;
};
