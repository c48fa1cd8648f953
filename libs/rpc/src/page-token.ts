import { hash } from 'node:crypto';
import type { Message } from '@bufbuild/protobuf';
import type { Caller } from './context.js';
import { invalidField } from './failure.js';

/** What every request for a page of a list has, besides what says which list it is: its type, parent, filter, order. */
export type PageRequest = Message & { readonly pageSize: number; readonly pageToken: string };
/** Where a page ended: texts and whole numbers (ids, times, counts), none of them negative. */
export type Place = readonly (string | number)[];
type Part = 'text' | 'number';
type PlaceOf<P extends readonly Part[]> = { readonly [I in keyof P]: P[I] extends 'number' ? number : string };

/** Enough that a token never passes for another list's by chance; a caller who makes one up sees nothing by it that they may not see. */
const TAG_LENGTH = 8;
const UNBOUND: readonly string[] = ['pageSize', 'pageToken', '$unknown'];

/** What a token is bound to: the list, everything that is asked of it but size and place of the page, and the channel that asks. */
export const pageScope = (request: PageRequest, { channelId }: Pick<Caller, 'channelId'>): string => {
  const asked = Object.entries(request).filter(([name]) => !UNBOUND.includes(name));
  return JSON.stringify([channelId ?? '', ...asked.sort(([a], [b]) => (a < b ? -1 : 1))]);
};

/** A token that {@link readPageToken} reads under the same scope only. Opaque to callers. */
export const printPageToken = (scope: string, place: Place): string => {
  const text = JSON.stringify(place);
  return `${hash('sha256', `${scope}\n${text}`, 'base64url').slice(0, TAG_LENGTH)}${Buffer.from(text).toString('base64url')}`;
};

/**
 * The place a token names, of the parts it is to have; undefined for the empty token, which is the first page. RpcFailure
 * PAGE_TOKEN_INVALID for whatever was not printed for this scope: another list's, another filter's, made up, mutated.
 */
export const readPageToken = <const P extends readonly Part[]>(scope: string, token: string, ...parts: P): PlaceOf<P> | undefined => {
  if (token === '') return undefined;
  const place = parsed(Buffer.from(token.slice(TAG_LENGTH), 'base64url').toString());
  // Printed again it is the same, to the letter: so its tag is right, and no token has two spellings.
  if (isPlace(place, parts) && printPageToken(scope, place) === token) return place;
  throw invalidField('/pageToken', 'PAGE_TOKEN_INVALID', '不是此列表、此条件的分页标记', 'No page token of this list under this filter and order.');
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // whatever it is, it is no place
  }
};
const isPlace = <P extends readonly Part[]>(value: unknown, parts: P): value is PlaceOf<P> =>
  Array.isArray(value) && value.length === parts.length && parts.every((part, i) => isPart(value[i], part));
const isPart = (value: unknown, part: Part): boolean => (part === 'text' ? typeof value === 'string' : Number.isSafeInteger(value) && (value as number) >= 0);
