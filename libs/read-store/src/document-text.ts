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

type PlainRecord = { readonly [key: string]: DocValue | undefined };

/** Copied from the first field on that needs it, each field looked at once. */
const plainRecord = (value: PlainRecord): unknown => {
  const keys = Object.keys(value);
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!;
    const field = value[key];
    const inner = field === undefined ? undefined : plain(field);
    if (inner !== field || key[0] === '$') return copiedFrom(value, keys, { at, inner });
  }
  return value;
};

const copiedFrom = (value: PlainRecord, keys: readonly string[], { at, inner }: { readonly at: number; readonly inner: unknown }): unknown => {
  const copy: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const field = value[key];
    if (field === undefined) continue;
    put(copy, key[0] === '$' ? `$${key}` : key, i < at ? field : i === at ? inner : plain(field));
  }
  return copy;
};

/** Assigning to `__proto__` would set the prototype instead. */
const put = (record: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === '__proto__') Object.defineProperty(record, key, { value, enumerable: true });
  else record[key] = value;
};

const isList = (value: object): value is readonly DocValue[] => Array.isArray(value);
const changed = (before: readonly unknown[], after: readonly unknown[]): readonly unknown[] =>
  after.every((item, i) => item === before[i]) ? before : after;

const revive = (json: unknown): unknown => {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(revive);
  const record = json as Record<string, unknown>;
  const tagged = record[TAG];
  if (typeof tagged === 'string') return BigInt(tagged);
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(record)) put(out, key[0] === '$' ? key.slice(1) : key, revive(record[key]));
  return out;
};
