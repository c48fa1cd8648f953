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
  read: (json, path) => (typeof json === 'string' && /^-?\d{1,40}$/.test(json) ? BigInt(json) : fail(path, 'a decimal string')),
};
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
    return { minor: big.read(minor, `${path}.minor`), currency: text().read(currency, `${path}.currency`) };
  },
};
/** Any JSON, kept as it is (frozen data of others; sparingly). */
export const anyJson: Shape<Json> = { write: (value) => value, read: (json) => json as Json };

export const list = <T>(item: Shape<T>): Shape<readonly T[]> => ({
  write: (values) => values.map(item.write),
  read: (json, path) =>
    Array.isArray(json) ? json.map((value, i) => item.read(value, `${path}[${i}]`)) : fail(path, 'a list'),
});
/** A record with free keys. */
export const dict = <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> => ({
  write: (values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, item.write(value)])),
  read: (json, path) =>
    json !== null && typeof json === 'object' && !Array.isArray(json)
      ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, item.read(value, `${path}.${key}`)]))
      : fail(path, 'an object'),
});
/** A field that may be absent; never written as null. Only inside {@link record}. */
export const optional = <T>(item: Shape<T>): Shape<T | undefined> & { readonly optional: true } => ({
  write: (value) => (value === undefined ? null : item.write(value)),
  read: (json, path) => (json === undefined || json === null ? undefined : item.read(json, path)),
  optional: true,
});

/** A shape of something: what a field map holds, whatever each field's type. */
type AnyShape = { readonly write: (value: never) => Json; readonly read: (json: unknown, path: string) => unknown; readonly optional?: true };
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];
/** The record that a field map describes; optional fields may be left out. */
export type RecordOf<F> = { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: TypeOf<F[K]> } & {
  readonly [K in OptionalKeys<F>]?: TypeOf<F[K]>;
};

/** A record of named fields. Unknown fields are ignored when read (a newer writer may add optional ones). */
export const record = <F extends Record<string, AnyShape>>(fields: F): Shape<RecordOf<F>> => {
  const entries = Object.entries<AnyShape>(fields);
  return {
    write: (value) => {
      const out: Record<string, Json> = {};
      const source = value as Record<string, unknown>;
      for (const [key, shape] of entries) {
        const field = source[key];
        if (field !== undefined) out[key] = shape.write(field as never);
        else if (!shape.optional) throw new ShapeError(key, 'a value');
      }
      return out;
    },
    read: (json, path) => {
      if (json === null || typeof json !== 'object' || Array.isArray(json)) return fail(path, 'an object');
      const source = json as Record<string, unknown>;
      const out: Record<string, unknown> = {};
      for (const [key, shape] of entries) {
        const field = source[key];
        if (field === undefined && shape.optional) continue;
        out[key] = shape.read(field, path ? `${path}.${key}` : key);
      }
      return out as RecordOf<F>;
    },
  };
};

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
    return { type: tag, ...(shape.read(json, path) as object) } as never;
  },
});

