import { type Instant, instant, type Money, parseRfc3339, toRfc3339 } from '@vouchsafe/kernel';

/** JSON as it lies in the log and on the wire: bigint is a decimal string, time is RFC 3339 UTC, no `undefined`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How one type is written as JSON and read back. `read` throws {@link ShapeError} on what is not of the shape. */
export type Shape<T> = { readonly write: (value: T) => Json; readonly read: (json: unknown, path: string) => T; readonly optional?: true };
/** What a shape reads. */
export type TypeOf<S> = S extends { readonly read: (json: unknown, path: string) => infer T } ? T : never;

/** What was read is not what the shape says. `path` names the place, the value itself is never told. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  constructor(readonly path: string, readonly expected: string) {
    super(`${path || '.'}: expected ${expected}`);
  }
}
const fail = (path: string, expected: string): never => {
  throw new ShapeError(path, expected);
};

/** Any string, or one of a brand: `text<OrderId>()`. */
export const text: TextShape = <T extends string>(): Shape<T> => ({
  write: (value) => value,
  read: (json, path) => (typeof json === 'string' ? (json as T) : fail(path, 'a string')),
});
/** The plain signature comes first: inside `record({…})` a lone generic one would be inferred as `never`. */
type TextShape = { (): Shape<string>; <T extends string>(): Shape<T> };
/** One of the given words. */
export const oneOf = <const T extends string>(...words: readonly T[]): Shape<T> => ({
  write: (value) => value,
  read: (json, path) => (words.includes(json as T) ? (json as T) : fail(path, `one of ${words.join(', ')}`)),
});
/** A safe integer. */
export const int: Shape<number> = {
  write: (value) => value,
  read: (json, path) => (Number.isSafeInteger(json) ? (json as number) : fail(path, 'a whole number')),
};
/** A finite floating number: scores and ratios, never money. */
export const float: Shape<number> = {
  write: (value) => value,
  read: (json, path) => (typeof json === 'number' && Number.isFinite(json) ? json : fail(path, 'a number')),
};
export const bool: Shape<boolean> = {
  write: (value) => value,
  read: (json, path) => (typeof json === 'boolean' ? json : fail(path, 'true or false')),
};
/** A bigint as decimal string. */
export const big: Shape<bigint> = {
  write: (value) => value.toString(),
  read: (json, path) => (isDecimal(json) ? BigInt(json) : fail(path, 'a decimal string')),
};
const DECIMAL = /^-?\d{1,40}$/;
const isDecimal = (json: unknown): json is string => typeof json === 'string' && DECIMAL.test(json);
/** An instant as RFC 3339 UTC. */
export const time: Shape<Instant> = {
  write: (value) => toRfc3339(value),
  read: (json, path) => (typeof json === 'string' ? parseRfc3339(json) : undefined) ?? fail(path, 'an RFC 3339 time'),
};
/** An instant as epoch milliseconds, where size counts more than being read by people. */
export const millis: Shape<Instant> = {
  write: (value) => value,
  read: (json, path) => (Number.isSafeInteger(json) ? instant(json as number) : fail(path, 'epoch milliseconds')),
};
/** An amount as `{"minor": "123", "currency": "CNY"}`. */
export const amount: Shape<Money> = {
  write: ({ minor, currency }) => ({ minor: minor.toString(), currency }),
  read: (json, path) => {
    const { minor, currency } = (json ?? {}) as Record<string, unknown>;
    return {
      minor: isDecimal(minor) ? BigInt(minor) : fail(`${path}.minor`, 'a decimal string'),
      currency: typeof currency === 'string' ? currency : fail(`${path}.currency`, 'a string'),
    };
  },
};
/** Any JSON, kept as it is (frozen data of others; sparingly). */
export const anyJson: Shape<Json> = { write: (value) => value, read: (json) => json as Json };

export const list = <T>(item: Shape<T>): Shape<readonly T[]> => ({
  write: (values) => {
    const out = new Array<Json>(values.length);
    for (let i = 0; i < values.length; i++) out[i] = item.write(values[i]!);
    return out;
  },
  read: (json, path) => {
    if (!Array.isArray(json)) return fail(path, 'a list');
    const out = new Array<T>(json.length);
    let i = 0;
    try {
      for (; i < json.length; i++) out[i] = item.read(json[i], '');
    } catch (error) {
      throw within(error, path, `[${i}]`);
    }
    return out;
  },
});
/** A record with free keys. */
export const dict = <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> => ({
  write: (values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, item.write(value)])),
  read: (json, path) =>
    Object.fromEntries(Object.entries(recordIn(json, path)).map(([key, value]) => [key, item.read(value, `${path}.${key}`)])),
});
/** A field that may be absent; never written as null. Only inside {@link record}. */
export const optional = <T>(item: Shape<T>): Shape<T | undefined> & { readonly optional: true } => ({
  write: (value) => (value === undefined ? null : item.write(value)),
  read: (json, path) => (json === undefined || json === null ? undefined : item.read(json, path)),
  optional: true,
});

/** A shape of something: what a field map holds, whatever each field's type. */
type AnyShape = {
  readonly write: (value: never) => Json; readonly read: (json: unknown, path: string) => unknown; readonly optional?: true;
  readonly readTagged?: (tag: string, json: unknown, path: string) => { type: string };
};
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];
/** The record that a field map describes; optional fields may be left out. */
export type RecordOf<F> = { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: TypeOf<F[K]> } & {
  readonly [K in OptionalKeys<F>]?: TypeOf<F[K]>;
};

/** A record of named fields. Unknown fields are ignored when read (a newer writer may add optional ones). */
export const record = <F extends Record<string, AnyShape>>(fields: F): RecordShape<RecordOf<F>> => {
  const keys = Object.keys(fields);
  const shapes = Object.values<AnyShape>(fields);
  const into = (out: Record<string, unknown>, source: Readonly<Record<string, unknown>>, path: string): void => {
    let i = 0;
    try {
      for (; i < keys.length; i++) {
        const field = source[keys[i]!];
        if (field === undefined && shapes[i]!.optional) continue;
        out[keys[i]!] = shapes[i]!.read(field, '');
      }
    } catch (error) {
      throw within(error, path, keys[i]!);
    }
  };
  return {
    write: (value) => {
      const out: Record<string, Json> = {};
      const source = value as Record<string, unknown>;
      for (let i = 0; i < keys.length; i++) {
        const field = source[keys[i]!];
        if (field !== undefined) out[keys[i]!] = shapes[i]!.write(field as never);
        else if (!shapes[i]!.optional) throw new ShapeError(keys[i]!, 'a value');
      }
      return out;
    },
    read: (json, path) => {
      const out: Record<string, unknown> = {};
      into(out, recordIn(json, path), path);
      return out as RecordOf<F>;
    },
    readTagged: (tag, json, path) => {
      const out: Record<string, unknown> = { type: tag };
      into(out, recordIn(json, path), path);
      return out as { type: string } & RecordOf<F>;
    },
  };
};

/** A shape of records that can be read behind a tag at once: `{ type: tag, ...read(json) }` without the copy. */
export type RecordShape<T> = Shape<T> & { readonly readTagged: (tag: string, json: unknown, path: string) => { type: string } & T };

/** What `shape` reads, with its tag in front. */
export const readTagged = (shape: AnyShape, tag: string, json: unknown, path: string): { type: string } =>
  shape.readTagged ? shape.readTagged(tag, json, path) : { type: tag, ...(shape.read(json, path) as object) };

const recordIn = (json: unknown, path: string): Readonly<Record<string, unknown>> =>
  json === null || typeof json !== 'object' || Array.isArray(json) ? fail(path, 'an object') : (json as Record<string, unknown>);

/** Paths are put together only where something is wrong, on the way out: a reader's parts are read with a path of their own. */
const within = (error: unknown, ...path: readonly string[]): unknown =>
  error instanceof ShapeError ? new ShapeError(path.reduceRight(joined, error.path), error.expected) : error;
const joined = (inner: string, outer: string): string =>
  outer === '' || inner === '' || inner.startsWith('[') || inner.startsWith('.') ? outer + inner : `${outer}.${inner}`;

/** A union of tagged records: `tagged({ ReserveVouchers: record({...}), … })`; the tag is the field `type`. */
export const tagged = <F extends Record<string, AnyShape>>(
  members: F,
): Shape<{ [K in keyof F & string]: { readonly type: K } & TypeOf<F[K]> }[keyof F & string]> => ({
  write: (value) => {
    const shape = members[value.type] ?? fail('type', `one of ${Object.keys(members).join(', ')}`);
    return { type: value.type, ...(shape.write(value as never) as object) };
  },
  read: (json, path) => {
    const tag = (json as { type?: unknown } | null)?.type;
    const shape = typeof tag === 'string' && Object.hasOwn(members, tag) ? members[tag] : undefined;
    if (!shape) return fail(`${path}.type`, `one of ${Object.keys(members).join(', ')}`);
    return readTagged(shape, tag as string, json, path) as never;
  },
});
