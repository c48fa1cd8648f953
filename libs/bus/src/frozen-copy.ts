import type { Json } from '@vouchsafe/codec';
import { Bug, invariant } from '@vouchsafe/kernel';

/**
 * What would come out at the other end of a wire: a frozen copy of the JSON, fields that are `undefined` left out. What has
 * no JSON (bigint, NaN, class instances) is a Bug here as it would be there, only earlier.
 */
export const frozenCopy = (value: Json): Json => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      invariant(Number.isFinite(value), 'a number in a message is finite');
      return value;
    case 'object':
      return value === null ? null : isList(value) ? Object.freeze(value.map(frozenCopy)) : recordCopy(value);
    default:
      throw new Bug(`a message holds JSON, no ${typeof value}`);
  }
};

const isList = (value: object): value is readonly Json[] => Array.isArray(value);

const recordCopy = (value: { readonly [key: string]: Json }): Json => {
  const prototype = Object.getPrototypeOf(value) as object | null;
  invariant(prototype === null || Object.getPrototypeOf(prototype) === null, 'a message holds plain records, no class instances');
  const copy: Record<string, Json> = {};
  for (const key in value) {
    const field = value[key];
    if (field === undefined) continue;
    if (key === '__proto__') Object.defineProperty(copy, key, { value: frozenCopy(field), enumerable: true });
    else copy[key] = frozenCopy(field);
  }
  return Object.freeze(copy);
};
