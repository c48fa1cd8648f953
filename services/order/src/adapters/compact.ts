import { dict, type Json, list, type Shape, ShapeError, text } from '@vouchsafe/codec';

/** One field as it is stored: its wire name and shape; `usual`, where given, is the value that is left out. */
export type Field<T> = { readonly wire: string; readonly shape: Shape<T>; readonly usual?: { readonly value: T; readonly is: (value: T) => boolean } };
/** A field that is always written. */
export const field = <T>(wire: string, shape: Shape<T>): Field<T> => ({ wire, shape });
/** A field left out where it holds its usual value. The usual value of a stored version is frozen like the version. */
export const usually = <T>(wire: string, shape: Shape<T>, value: T): Field<T> => ({
  wire, shape, usual: { value, is: (other) => other === value },
});
/** A field left out where there is none. */
export const maybe = <T>(wire: string, shape: Shape<T>): Field<T | undefined> => ({
  wire, usual: { value: undefined, is: (value) => value === undefined },
  shape: { write: (value) => shape.write(value as T), read: (json, path) => shape.read(json, path) },
});

/** A list left out where it is empty. */
export const listed = <T>(wire: string, item: Shape<T>): Field<readonly T[]> => ({ wire, shape: list(item), usual: { value: [], is: ({ length }) => length === 0 } });
/** Words by key, left out where there are none. */
export const worded = (wire: string): Field<Readonly<Record<string, string>>> => ({
  wire, shape: dict(text()), usual: { value: {}, is: (words) => Object.keys(words).length === 0 },
});

type Fields<T> = { readonly [K in keyof Required<T>]: Field<T[K]> };

/** A record stored under short names without what is usual. Unknown fields are ignored when read. */
export const compact = <T extends object>(fields: Fields<T>): Shape<T> => {
  const entries = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  return {
    write: (value) => {
      const out: Record<string, Json> = {};
      for (const [key, { wire, shape, usual }] of entries) {
        const part = value[key];
        if (usual?.is(part)) continue;
        out[wire] = shape.write(part);
      }
      return out;
    },
    read: (json, path) => {
      if (json === null || typeof json !== 'object' || Array.isArray(json)) throw new ShapeError(path, 'an object');
      const source = json as Record<string, unknown>;
      const out: Record<string, unknown> = {};
      for (const [key, { wire, shape, usual }] of entries) {
        const part = source[wire];
        if (part !== undefined || !usual) out[key] = shape.read(part, `${path}.${wire}`);
        else if (usual.value !== undefined) out[key] = usual.value;
      }
      return out as T;
    },
  };
};
