import { create, type DescField, type DescMessage, type DescMethod, type Message, ScalarType } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { FieldPath } from './requests.js';

/** Every field of a message at any depth, messages and lists themselves included. */
export const allFields = (desc: DescMessage, above: FieldPath = []): readonly FieldPath[] => {
  if (above.length >= DEPTH_MAX) return [];
  return desc.fields.flatMap((field): readonly FieldPath[] => {
    const path = [...above, field];
    const inner = field.message && !field.message.typeName.startsWith('google.') && field.fieldKind !== 'map' ? allFields(field.message, path) : [];
    return [path, ...inner];
  });
};
const DEPTH_MAX = 4;
const MANY = 2_000;

const TEXTS = [
  '', ' ', 'x'.repeat(129), 'x'.repeat(600), 'x'.repeat(70_000), '\u0000', 'a\nb\tc', '../../../etc/passwd', "' OR 1=1; --", '{"$gt":""}', '__proto__', 'constructor', '%00%2e', '\u202Eevil', '🧨'.repeat(40),
  'prd_', `prd_${'9'.repeat(300)}`, 'chn_dist', '-1', '1e309', '99999999999999999999', '0.0000001', 'NaN', '2026-13-45', 'bok_main" OR book_id = "x',
];
const INTS = [-1, 0, 2 ** 31 - 1, -(2 ** 31)];
const LONGS = [-1n, 0n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n];

/** What should not be put into a field, by its type; each as the value of the field in an init. */
export const evilFor = (field: DescField): readonly unknown[] => {
  if (field.fieldKind === 'map') return [Object.fromEntries([['__proto__x', 'y'], ['', ''], ['a'.repeat(1_000), 'b'.repeat(5_000)]]), Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`k${i}`, 'v']))];
  const ones = evilOne(field);
  if (field.fieldKind !== 'list') return ones;
  const plain = field.message ? create(field.message) : ones[0];
  return [...ones.map((one) => [one]), Array.from({ length: MANY }, () => plain), [plain, plain]];
};
const evilOne = (field: DescField): readonly unknown[] => {
  if (field.enum) return [0, 99, -1];
  if (field.message) return evilMessages(field.message);
  switch (field.scalar) {
    case ScalarType.STRING: return TEXTS;
    case ScalarType.BYTES: return [new Uint8Array(), new Uint8Array(100_000), new Uint8Array([0xff, 0xfe, 0])];
    case ScalarType.INT64: return LONGS;
    case ScalarType.INT32: return INTS;
    case ScalarType.DOUBLE: return [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e308];
    case ScalarType.BOOL: return [true];
    default: return [];
  }
};
const evilMessages = (desc: DescMessage): readonly unknown[] => {
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp': return [{ seconds: -62135596801n, nanos: 0 }, { seconds: 253402300800n, nanos: 0 }, { seconds: 2n ** 62n, nanos: -1 }, { seconds: 1n, nanos: 2_000_000_000 }, { seconds: 0n, nanos: 0 }, timestampFromMs(Date.now() + 4e12)];
    case 'google.protobuf.Duration': return [{ seconds: -1n, nanos: 0 }, { seconds: 2n ** 62n, nanos: 0 }, { seconds: 0n, nanos: 1 }, { seconds: 1n, nanos: -5 }];
    case 'google.protobuf.FieldMask': return [{ paths: ['nope'] }, { paths: ['__proto__'] }, { paths: ['name.zh.x'] }, { paths: Array.from({ length: MANY }, () => 'name') }, { paths: [''] }];
    case 'vouchsafe.common.v1.Money': return [{}, { currency: 'CNY', minor: 2n ** 63n - 1n }, { currency: 'CNY', minor: -1n }, { currency: 'ZZZ', minor: 1n }, { currency: 'cny', minor: 1n }, { currency: 'JPY', minor: 100n }, { currency: '', minor: 1n }, { currency: 'CNY', minor: 1n, display: '999.00' }];
    default: return [{}];
  }
};

/** `request` with one field changed. The way to it is made where there is none. */
export const withEvil = (method: DescMethod, request: Message, path: FieldPath, value: unknown): Message => {
  const changed = structuredCloneOf(method.input, request);
  let at = changed as unknown as Record<string, unknown>;
  path.forEach((field, depth) => {
    const isLast = depth === path.length - 1;
    const whole = isLast ? initOf(field, value) : wayTo(at, field);
    if (field.oneof) at[field.oneof.localName] = { case: field.localName, value: whole };
    else at[field.localName] = whole;
    if (!isLast) at = (Array.isArray(whole) ? whole[0] : whole) as Record<string, unknown>;
  });
  return create(method.input, changed as never);
};
const initOf = (field: DescField, value: unknown): unknown => (field.message && field.fieldKind === 'message' ? create(field.message, value as never) : value);
const wayTo = (at: Record<string, unknown>, field: DescField): unknown => {
  const group = field.oneof && (at[field.oneof.localName] as { case?: string; value?: unknown });
  const known = field.oneof ? (group?.case === field.localName ? group.value : undefined) : at[field.localName];
  if (field.fieldKind === 'list') return (known as unknown[] | undefined)?.length ? known : [create(field.message!)];
  return known ?? create(field.message!);
};
const structuredCloneOf = (desc: DescMessage, request: Message): Message => create(desc, structuredClone(request) as never);
