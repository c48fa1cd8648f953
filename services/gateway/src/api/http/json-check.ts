import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { FieldError } from '@vouchsafe/rpc';

export const FIELD_ERRORS_MAX = 20;
const DEPTH_MAX = 64;
type Tell = (pointer: string, code: string, zh: string, en: string) => void;
type Check = (value: unknown, pointer: string, tell: Tell, depth: number) => void;

/** What is wrong with a JSON request, every field by its pointer; nothing where ProtoJSON will read it. */
export const checkJson = (desc: DescMessage, json: unknown): readonly FieldError[] => {
  const wrong: FieldError[] = [];
  checkOf(desc)(json, '', (pointer, code, zh, en) => {
    if (wrong.length < FIELD_ERRORS_MAX) wrong.push({ pointer, code, zh, en });
  }, 0);
  return wrong;
};

const checks = new WeakMap<DescMessage, Check>();
const checkOf = (desc: DescMessage): Check => {
  let check = checks.get(desc);
  if (!check) checks.set(desc, (check = WELL_KNOWN[desc.typeName] ?? compile(desc)));
  return check;
};

/** Both writings of a name: `orderId` and `order_id`. */
const compile = (desc: DescMessage): Check => {
  const fields = new Map<string, { readonly field: DescField; readonly check: Check }>();
  for (const field of desc.fields) {
    const entry = { field, check: fieldCheck(field) };
    fields.set(field.jsonName, entry).set(field.name, entry);
  }
  return (value, pointer, tell, depth) => {
    if (depth > DEPTH_MAX) return tell(pointer, 'FIELD_INVALID', '嵌套过深', 'Nested too deep.');
    if (!isObject(value)) return tell(pointer, 'FIELD_INVALID', '应为对象', 'Must be an object.');
    const seen = new Map<string, string>();
    for (const [name, inner] of Object.entries(value)) {
      const at = `${pointer}/${escaped(name)}`;
      const known = fields.get(name);
      if (!known) {
        tell(at, 'FIELD_UNKNOWN', '此字段不存在', 'There is no such field.');
        continue;
      }
      if (inner === null) continue; // ProtoJSON: as if it were absent
      const group = known.field.oneof?.name ?? known.field.name;
      if (seen.has(group)) tell(at, 'FIELD_CONFLICT', `与 ${seen.get(group)} 重复或互斥`, `Given twice, or excludes ${seen.get(group)}.`);
      seen.set(group, name);
      known.check(inner, at, tell, depth + 1);
    }
  };
};
const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value);
/** RFC 6901. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const fieldCheck = (field: DescField): Check => {
  switch (field.fieldKind) {
    case 'list': return listCheck(itemCheck(field, field.listKind === 'scalar' ? field.scalar : undefined));
    case 'map': return mapCheck(itemCheck(field, field.mapKind === 'scalar' ? field.scalar : undefined));
    case 'message':
    case 'enum':
    case 'scalar': return itemCheck(field, field.scalar);
  }
};
const listCheck = (item: Check): Check => (value, pointer, tell, depth) => {
  if (!Array.isArray(value)) return tell(pointer, 'FIELD_INVALID', '应为数组', 'Must be an array.');
  value.forEach((inner, i) => item(inner, `${pointer}/${i}`, tell, depth));
};
const mapCheck = (item: Check): Check => (value, pointer, tell, depth) => {
  if (!isObject(value)) return tell(pointer, 'FIELD_INVALID', '应为对象', 'Must be an object.');
  for (const [key, inner] of Object.entries(value)) item(inner, `${pointer}/${escaped(key)}`, tell, depth);
};
const itemCheck = (field: DescField, scalar: ScalarType | undefined): Check => {
  const { message } = field;
  if (message) return (value, pointer, tell, depth) => checkOf(message)(value, pointer, tell, depth);
  return scalar === undefined ? enumCheck(field) : SCALARS[scalar];
};
const enumCheck = (field: DescField): Check => {
  const values = field.enum!.values;
  const names = new Set(values.map(({ name }) => name));
  const numbers = new Set(values.map(({ number }) => number));
  const listed = values.filter(({ number }) => number !== 0).map(({ name }) => name).join(', ');
  return (value, pointer, tell) => {
    if (typeof value === 'string' ? !names.has(value) : !numbers.has(value as number)) tell(pointer, 'FIELD_INVALID', `须为 ${listed} 之一`, `One of ${listed}.`);
  };
};

const must = (holds: (value: unknown) => boolean, zh: string, en: string): Check => (value, pointer, tell) => {
  if (!holds(value)) tell(pointer, 'FIELD_INVALID', zh, en);
};
const INTEGER = /^-?\d{1,20}$/;
/** Also a number or its decimal text; beyond 2^53 only text keeps every digit. */
const integer = (min: bigint, max: bigint, zh: string, en: string): Check => must((value) => {
  if (typeof value === 'string' ? !INTEGER.test(value) : !Number.isSafeInteger(value)) return false;
  const number = BigInt(value as string | number);
  return number >= min && number <= max;
}, zh, en);
const INT32 = integer(-(2n ** 31n), 2n ** 31n - 1n, '应为 32 位整数', 'Must be a 32-bit integer.');
const UINT32 = integer(0n, 2n ** 32n - 1n, '应为非负 32 位整数', 'Must be an unsigned 32-bit integer.');
const INT64 = integer(-(2n ** 63n), 2n ** 63n - 1n, '应为 64 位整数，写成字符串', 'Must be a 64-bit integer, written as a string.');
const UINT64 = integer(0n, 2n ** 64n - 1n, '应为非负 64 位整数，写成字符串', 'Must be an unsigned 64-bit integer, written as a string.');
const FLOAT = must((value) => (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && /^-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?$/.test(value)), '应为数字', 'Must be a number.');
const STRING = must((value) => typeof value === 'string' && value.isWellFormed(), '应为字符串', 'Must be a string of Unicode text.');
const SCALARS: Readonly<Record<ScalarType, Check>> = {
  [ScalarType.STRING]: STRING,
  [ScalarType.BOOL]: must((value) => typeof value === 'boolean', '应为 true 或 false', 'Must be true or false.'),
  [ScalarType.BYTES]: must((value) => typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value), '应为 base64 字符串', 'Must be base64.'),
  [ScalarType.DOUBLE]: FLOAT, [ScalarType.FLOAT]: FLOAT,
  [ScalarType.INT32]: INT32, [ScalarType.SINT32]: INT32, [ScalarType.SFIXED32]: INT32, [ScalarType.UINT32]: UINT32, [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64, [ScalarType.SINT64]: INT64, [ScalarType.SFIXED64]: INT64, [ScalarType.UINT64]: UINT64, [ScalarType.FIXED64]: UINT64,
};
const anything: Check = () => {};
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** Messages with a writing of their own. */
const WELL_KNOWN: Readonly<Record<string, Check>> = {
  'google.protobuf.Timestamp': must((value) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)), '应为 RFC 3339 时间', 'Must be an RFC 3339 time.'),
  'google.protobuf.Duration': must((value) => typeof value === 'string' && /^-?\d{1,12}(\.\d{1,9})?s$/.test(value), '应为时长，如 1.5s', 'Must be a duration such as 1.5s.'),
  'google.protobuf.FieldMask': must((value) => typeof value === 'string', '应为字段列表，如 a,b.c', 'Must be a list of fields such as a,b.c.'),
  'google.protobuf.Struct': must(isObject, '应为对象', 'Must be an object.'),
  'google.protobuf.ListValue': must(Array.isArray, '应为数组', 'Must be an array.'),
  'google.protobuf.Value': anything,
  'google.protobuf.Any': must(isObject, '应为对象', 'Must be an object.'),
  'google.protobuf.StringValue': STRING, 'google.protobuf.BytesValue': SCALARS[ScalarType.BYTES], 'google.protobuf.BoolValue': SCALARS[ScalarType.BOOL],
  'google.protobuf.Int32Value': INT32, 'google.protobuf.UInt32Value': UINT32, 'google.protobuf.Int64Value': INT64, 'google.protobuf.UInt64Value': UINT64,
  'google.protobuf.FloatValue': FLOAT, 'google.protobuf.DoubleValue': FLOAT,
};
