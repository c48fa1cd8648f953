import { type DescField, type DescMessage, type MessageInitShape, type MessageShape, ScalarType } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { Bug } from '@vouchsafe/kernel';

type Copy = (value: unknown) => unknown;
type Plain = Record<string, unknown>;

/**
 * A fresh message of the same content, as if it had passed through its bytes: nothing is shared with `init`, defaults are
 * filled in, unknown fields are dropped, a value of the wrong type is a Bug that names the field. Costs a third of the codecs.
 */
export const copyMessage = <D extends DescMessage>(desc: D, init: MessageInitShape<D>): MessageShape<D> => copierOf(desc)(init) as MessageShape<D>;

const copiers = new WeakMap<DescMessage, Copy>();
const copierOf = (desc: DescMessage): Copy => {
  const known = copiers.get(desc);
  if (known) return known;
  const fresh = compile(desc);
  copiers.set(desc, fresh);
  return fresh;
};

/** How one property is copied. `absent` is called for a missing value; undefined leaves the property out. */
type Property = { readonly name: string; readonly copy: Copy; readonly absent: Copy | undefined };

const compile = (desc: DescMessage): Copy => {
  const properties: Property[] = [];
  for (const member of desc.members) {
    if (member.kind === 'oneof') properties.push({ name: member.localName, copy: oneofCopy(member.fields), absent: () => ({ case: undefined }) });
    else properties.push(propertyOf(member));
  }
  const { typeName } = desc;
  return (value) => {
    if (value === null || typeof value !== 'object') throw new Bug(`${typeName}: expected a message`);
    const from = value as Plain;
    const to: Plain = { $typeName: typeName };
    for (const { name, copy, absent } of properties) {
      const field = from[name];
      if (field !== undefined && field !== null) to[name] = copy(field);
      else if (absent) to[name] = absent(undefined);
    }
    return to;
  };
};

const IMPLICIT_PRESENCE = 2;
const propertyOf = (field: DescField): Property => {
  const name = field.localName;
  switch (field.fieldKind) {
    case 'list': {
      const copy = itemCopy(field, field.listKind === 'scalar' ? field.scalar : undefined, field.message);
      return { name, copy: (value) => listOf(field, value, copy), absent: () => [] };
    }
    case 'map': {
      const copy = itemCopy(field, field.mapKind === 'scalar' ? field.scalar : undefined, field.message);
      return { name, copy: (value) => mapOf(field, value, copy), absent: () => ({}) };
    }
    case 'message': return { name, copy: itemCopy(field, undefined, field.message), absent: undefined };
    case 'scalar':
    case 'enum': {
      const zero = field.getDefaultValue() ?? zeroOf(field);
      const implicit = field.presence === IMPLICIT_PRESENCE;
      return { name, copy: itemCopy(field, field.scalar, undefined), absent: implicit ? () => zero : undefined };
    }
  }
};

const listOf = (field: DescField, value: unknown, copy: Copy): unknown[] => {
  if (!Array.isArray(value)) throw wrong(field, 'a list');
  const out = new Array<unknown>(value.length);
  for (let i = 0; i < value.length; i++) out[i] = copy(value[i]);
  return out;
};
const mapOf = (field: DescField, value: unknown, copy: Copy): Plain => {
  if (typeof value !== 'object') throw wrong(field, 'a map');
  const out: Plain = {};
  for (const [key, item] of Object.entries(value as Plain)) {
    Object.defineProperty(out, key, { value: copy(item), enumerable: true, configurable: true, writable: true });
  }
  return out;
};
const oneofCopy = (fields: readonly DescField[]): Copy => {
  const byCase = new Map<string, { readonly field: DescField; readonly copy: Copy }>();
  for (const field of fields) byCase.set(field.localName, { field, copy: itemCopy(field, field.scalar, field.message) });
  return (value) => {
    const { case: name, value: inner } = value as { case?: string; value?: unknown };
    const member = name === undefined ? undefined : byCase.get(name);
    return member ? { case: name, value: member.copy(inner) } : { case: undefined };
  };
};

/** Copies one item: a message, a scalar of that type, or (neither) an enum's number. */
const itemCopy = (field: DescField, scalar: ScalarType | undefined, message: DescMessage | undefined): Copy => {
  if (message) return messageCopy(field, message);
  return scalar === undefined ? checked(field, 'an enum number', Number.isInteger) : scalarCopy(field, scalar);
};
const messageCopy = (field: DescField, message: DescMessage): Copy => {
  // Singular wrappers and Structs are held unwrapped, as plain values (protobuf-es).
  if (isWrapperDesc(message) && field.fieldKind === 'message' && !field.oneof) return scalarCopy(field, message.fields[0].scalar);
  if (message.typeName === 'google.protobuf.Struct' && field.parent?.typeName !== 'google.protobuf.Value') return (value) => structuredClone(value);
  let copy: Copy | undefined; // looked up on first use: a message may contain itself
  return (value) => (copy ??= copierOf(message))(value);
};

const checked = (field: DescField, expected: string, holds: (value: unknown) => boolean): Copy => (value) => {
  if (!holds(value)) throw wrong(field, expected);
  return value;
};
const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;
const whole = (min: number, max: number) => (value: unknown) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
const long = (min: bigint, max: bigint) => (value: unknown) => typeof value === 'bigint' && value >= min && value <= max;
type Scalar = { readonly expected: string; readonly holds: (value: unknown) => boolean; readonly zero: unknown };
const INT32: Scalar = { expected: 'an int32', holds: whole(-MAX_INT32 - 1, MAX_INT32), zero: 0 };
const UINT32: Scalar = { expected: 'a uint32', holds: whole(0, MAX_UINT32), zero: 0 };
const INT64: Scalar = { expected: 'an int64', holds: long(-(2n ** 63n), 2n ** 63n - 1n), zero: 0n };
const UINT64: Scalar = { expected: 'a uint64', holds: long(0n, 2n ** 64n - 1n), zero: 0n };
const FLOATING: Scalar = { expected: 'a number', holds: (value) => typeof value === 'number', zero: 0 };
const SCALARS: Readonly<Record<ScalarType, Scalar>> = {
  [ScalarType.STRING]: { expected: 'a string', holds: (value) => typeof value === 'string', zero: '' },
  [ScalarType.BOOL]: { expected: 'true or false', holds: (value) => typeof value === 'boolean', zero: false },
  [ScalarType.BYTES]: { expected: 'bytes', holds: (value) => value instanceof Uint8Array, zero: new Uint8Array(0) },
  [ScalarType.DOUBLE]: FLOATING, [ScalarType.FLOAT]: FLOATING,
  [ScalarType.INT32]: INT32, [ScalarType.SINT32]: INT32, [ScalarType.SFIXED32]: INT32, [ScalarType.UINT32]: UINT32, [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64, [ScalarType.SINT64]: INT64, [ScalarType.SFIXED64]: INT64, [ScalarType.UINT64]: UINT64, [ScalarType.FIXED64]: UINT64,
};
const scalarCopy = (field: DescField, scalar: ScalarType): Copy => {
  const { expected, holds } = SCALARS[scalar];
  const check = checked(field, expected, holds);
  if (scalar !== ScalarType.BYTES) return check;
  return (value) => {
    check(value);
    return new Uint8Array(value as Uint8Array);
  };
};
const zeroOf = (field: DescField): unknown => (field.fieldKind === 'enum' ? field.enum.values[0]!.number : SCALARS[field.scalar!].zero);

const wrong = (field: DescField, expected: string): Bug => new Bug(`${field.parent?.typeName ?? ''}.${field.name}: expected ${expected}`);
