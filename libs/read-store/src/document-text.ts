import { invariant } from '@vouchsafe/kernel';
import type { DocValue } from './port.js';

/** `{"$n":"123"}` stands for a bigint; a document's own key that starts with `$` gets one `$` more. */
const TAG = '$n';
/** Text that may hold a tag or an escaped key; others are plain JSON and need no second look. */
const MAYBE_TAGGED = '"$';

/** A document as JSON text. bigint of any size, unicode and nesting come back as they were; `undefined` fields are left out. */
export const toText = (value: unknown): string => JSON.stringify(plain(value as DocValue));

/** The document of {@link toText}. */
export const fromText = (text: string): unknown => {
  const json = JSON.parse(text) as unknown;
  return text.includes(MAYBE_TAGGED) ? revive(json) : json;
};

/** The same value where it is plain JSON already, else a copy with tags in it. */
const plain = (value: DocValue): unknown => {
  if (typeof value === 'bigint') return { [TAG]: value.toString() };
  if (typeof value === 'number') {
    invariant(Number.isFinite(value), 'a number in a document is finite');
    return value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return changed(value, value.map(plain));
  const prototype = Object.getPrototypeOf(value) as object | null;
  invariant(prototype === null || Object.getPrototypeOf(prototype) === null, 'a document holds plain records only, no Map, Set, Date or class');
  return plainRecord(value);
};

const plainRecord = (value: { readonly [key: string]: DocValue | undefined }): unknown => {
  for (const key in value) {
    const field = value[key];
    if (key[0] === '$' || (field !== undefined && plain(field) !== field)) return taggedRecord(value);
  }
  return value;
};

/** `fromEntries` and not assignment, for a key may be `__proto__`. */
const taggedRecord = (value: { readonly [key: string]: DocValue | undefined }): unknown =>
  Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === undefined ? [] : [[key[0] === '$' ? `$${key}` : key, plain(field)]])),
  );

const isList = (value: object): value is readonly DocValue[] => Array.isArray(value);
const changed = (before: readonly unknown[], after: readonly unknown[]): readonly unknown[] =>
  after.every((item, i) => item === before[i]) ? before : after;

const revive = (json: unknown): unknown => {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(revive);
  const record = json as Record<string, unknown>;
  const tagged = record[TAG];
  if (typeof tagged === 'string') return BigInt(tagged);
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key[0] === '$' ? key.slice(1) : key, revive(value)]));
};
