import { type DescField, type DescMessage, fromJson, type JsonValue, type Message, ScalarType } from '@bufbuild/protobuf';
import { type FieldError, failureOf, RpcFailure } from '@vouchsafe/rpc';
import { gatewayErrors } from '../../application/errors.js';
import { checkJson } from './json-check.js';

type Plain = { [key: string]: JsonValue | undefined };
export type Parts = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined where there was no body. */
  readonly body: unknown;
  /** Field the body goes into: `*` all, empty none. */
  readonly bodyField: string;
};

/** JSON of a request text: UTF-8, one value. REQUEST_MALFORMED otherwise. */
export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new RpcFailure('invalid', 'REQUEST_MALFORMED');
  }
};

/** The request message that path, query and body make together (google.api.http). Wrong fields are all named. */
export const requestOf = (input: DescMessage, parts: Parts): Message => {
  const json = assembled(input, parts);
  const wrong = checkJson(input, json);
  if (wrong.length > 0) throw new RpcFailure('invalid', wrong[0]!.code, {}, { fields: wrong });
  try {
    return fromJson(input, json as JsonValue, { ignoreUnknownFields: false });
  } catch {
    // The check passed what the reader does not: told without a field, and never with the value.
    throw new RpcFailure('invalid', 'REQUEST_MALFORMED', { message: input.typeName });
  }
};

/** The same as JSON, before it is checked. */
export const assembled = (input: DescMessage, parts: Parts): unknown => {
  const { params, query, body, bodyField } = parts;
  const json = fromBody(parts);
  for (const [path, text] of Object.entries(params)) put(input, json, path, [text]);
  for (const name of new Set(query.keys())) put(input, json, name, query.getAll(name));
  return bodyField === '*' && body !== undefined && !isPlain(body) ? body : json;
};
const fromBody = ({ body, bodyField }: Parts): Plain => {
  if (body === undefined) return {};
  if (bodyField === '') throw wrongField('', 'FIELD_UNKNOWN', '此接口不接受正文', 'This route takes no body.');
  if (bodyField !== '*') return { [bodyField]: body as JsonValue };
  return isPlain(body) ? { ...body } : {}; // what is no object is told by the check
};

/** Sets a field named by a path (`book.id`) from its texts in path or query. */
const put = (input: DescMessage, json: Plain, path: string, texts: readonly string[]): void => {
  const names = path.split('.');
  let [at, desc]: [Plain, DescMessage] = [json, input];
  for (const [i, name] of names.entries()) {
    const pointer = `/${names.slice(0, i + 1).join('/')}`;
    const field = desc.fields.find((known) => known.name === name || known.jsonName === name);
    if (!field) throw wrongField(pointer, 'FIELD_UNKNOWN', '此字段不存在', 'There is no such field.');
    const key = Object.hasOwn(at, field.name) ? field.name : field.jsonName;
    if (i === names.length - 1) return setLeaf(at, key, valueOf(field, texts, pointer), pointer);
    if (field.fieldKind !== 'message') throw wrongField(pointer, 'FIELD_UNKNOWN', '此字段没有下级', 'This field has nothing within.');
    const inner = at[key] ?? {};
    if (!isPlain(inner)) throw wrongField(pointer, 'FIELD_INVALID', '应为对象', 'Must be an object.');
    at[key] = inner;
    [at, desc] = [inner, field.message];
  }
};
const setLeaf = (at: Plain, key: string, value: JsonValue, pointer: string): void => {
  const before = at[key];
  if (before !== undefined && before !== null && before !== '' && String(before) !== String(value)) {
    throw failureWith('FIELD_CONFLICT', { pointer, code: 'FIELD_CONFLICT', zh: '与路径中的值不一致', en: 'Differs from the value in the path.' });
  }
  at[key] = value;
};

const valueOf = (field: DescField, texts: readonly string[], pointer: string): JsonValue => {
  if (field.fieldKind === 'list') return texts.map((text) => scalarOf(field.listKind === 'scalar' ? field.scalar : undefined, text));
  if (texts.length !== 1) throw wrongField(pointer, 'FIELD_CONFLICT', '只能出现一次', 'May be given once only.');
  return scalarOf(field.fieldKind === 'scalar' ? field.scalar : undefined, texts[0]!);
};
/** Text is what ProtoJSON takes for everything but bool; numbers of enums stay text and are refused by the check. */
const scalarOf = (scalar: ScalarType | undefined, text: string): JsonValue => {
  if (scalar === ScalarType.BOOL && (text === 'true' || text === 'false')) return text === 'true';
  return text;
};

const isPlain = (value: unknown): value is Plain => value !== null && typeof value === 'object' && !Array.isArray(value);
const failureWith = (code: 'FIELD_CONFLICT', field: FieldError): RpcFailure => {
  const { kind } = failureOf(gatewayErrors, code);
  return new RpcFailure(kind, code, {}, { fields: [field] });
};
const wrongField = (pointer: string, code: string, zh: string, en: string): RpcFailure => new RpcFailure('invalid', code, {}, { fields: [{ pointer, code, zh, en }] });
