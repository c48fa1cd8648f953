import { invariant } from '@vouchsafe/kernel';
import type { DocValue } from '@vouchsafe/read-store';
import { originalName, storedName } from './field-names.js';

/** As in a document of MongoDB: money is a 64-bit long. */
export type Stored = null | boolean | number | bigint | string | readonly Stored[] | StoredRecord;
export type StoredRecord = { [name: string]: Stored };

/** `{"%n": "…"}` stands for a whole number beyond 64 bits, `{"%s": "…"}` for text that is no UTF-8. No key of a document's own is stored so. */
const BIG = '%n';
const TEXT = '%s';
const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** A document as MongoDB keeps it. Fields that are undefined are left out. */
export const toStored = (value: unknown): StoredRecord => {
  invariant(value !== null && typeof value === 'object' && !Array.isArray(value), 'a document is a record');
  return storedRecord(value as PlainRecord);
};

/** The document of {@link toStored}. */
export const fromStored = (value: Stored): unknown => {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(fromStored);
  const [big, text] = [value[BIG], value[TEXT]];
  if (typeof big === 'string') return BigInt(big);
  if (typeof text === 'string') return JSON.parse(text) as string;
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(value)) put(out, originalName(name), fromStored(value[name]!));
  return out;
};

type PlainRecord = { readonly [key: string]: DocValue | undefined };

const stored = (value: DocValue): Stored => {
  switch (typeof value) {
    case 'bigint':
      return value >= LONG_MIN && value <= LONG_MAX ? value : { [BIG]: value.toString() };
    case 'string':
      return value.isWellFormed() ? value : { [TEXT]: JSON.stringify(value) };
    case 'number':
      invariant(Number.isFinite(value), 'a number in a document is finite');
      return value === 0 ? 0 : value; // there is no minus zero in JSON
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      return isList(value) ? value.map(stored) : storedRecord(value);
    default:
      throw new TypeError('a document holds JSON and bigint only');
  }
};

const storedRecord = (value: PlainRecord): StoredRecord => {
  const prototype = Object.getPrototypeOf(value) as object | null;
  invariant(prototype === null || Object.getPrototypeOf(prototype) === null, 'a document holds plain records only, no Map, Set, Date or class');
  const out: StoredRecord = {};
  for (const name of Object.keys(value)) {
    const field = value[name];
    if (field !== undefined) out[storedName(name)] = stored(field);
  }
  return out;
};

const isList = <T>(value: object): value is readonly T[] => Array.isArray(value);

/** Assigning to `__proto__` would set the prototype instead. */
const put = (record: Record<string, unknown>, name: string, value: unknown): void => {
  if (name === '__proto__') Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
  else record[name] = value;
};
