import { create, type DescField, type DescMessage, type DescMethod, type Message, ScalarType, toJson } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '@vouchsafe/proto/google/api/annotations';

/** A field of a request, by the fields that lead to it. */
export type FieldPath = readonly DescField[];
export const pathText = (path: FieldPath): string => path.map(({ name }) => name).join('.');

const DEPTH_MAX = 4;
/** Every text or number field of a message whose name says that it names something, at any depth. */
export const idFields = (desc: DescMessage, above: FieldPath = []): readonly FieldPath[] => {
  if (above.length >= DEPTH_MAX) return [];
  return desc.fields.flatMap((field): readonly FieldPath[] => {
    const path = [...above, field];
    if (field.message) return field.fieldKind === 'map' || field.message.typeName.startsWith('google.') ? [] : idFields(field.message, path);
    return isName(field) ? [path] : [];
  });
};
const NAMES = /(^|_)(ids?|number|code|filter|cursor|sequence|correlation|stream|provider|subject)$/;
const isName = (field: DescField): boolean =>
  NAMES.test(field.name) && field.name !== 'request_id' && field.fieldKind !== 'map' && (field.scalar === ScalarType.STRING || field.name === 'sequence');

/** What fields are filled with where a request is to be as good as it can be. */
export type Own = Readonly<Record<string, string | number>>;
const FREE_TEXT: Own = { reason: 'because', note: 'because', evidence: 'seen', comment: 'because', bank: 'icbc', currency: 'CNY', period: '2020-01', provider: 'sandbox', scene: 'counter', buyer_ref: 'buyer-1', line_id: '1', product_id: 'prd_video-month' };
/** Left empty unless they are what is tried: an odd value would be refused before anything is looked up. */
const EMPTY = /^(page_token|order_by|filter|cursor|etag|update_mask|business_day|as_of|validate_only|jwe|recipient_jwk|challenge_proof|quote_id|member_tier|format|valid_until|account_fields|hold|follow|include_secrets|wait_ms|foreign)$/;

/**
 * A request with `value` in one field. `full`: every other field holds what the caller may name; else only what a request cannot do
 * without (its idempotency key, reasons, quantities).
 */
export const requestWith = (method: DescMethod, target: FieldPath, value: string, { own, isFull, nth }: { readonly own: Own; readonly isFull: boolean; readonly nth: number }): Message => {
  const fill = (desc: DescMessage, depth: number, onPath: boolean): Message => {
    const init: Record<string, unknown> = {};
    for (const field of desc.fields) {
      const isOn = onPath && target[depth] === field;
      if (!isOn && isOtherCase(field, target[depth])) continue;
      const inner = isOn ? valueOn(field, depth) : isFull || isNeeded(field.name) ? filler(field, depth) : undefined;
      if (inner === undefined) continue;
      const whole = field.fieldKind === 'list' ? [inner] : inner;
      if (field.oneof) init[field.oneof.localName] = { case: field.localName, value: whole };
      else init[field.localName] = whole;
    }
    return create(desc, init);
  };
  const valueOn = (field: DescField, depth: number): unknown => {
    if (depth < target.length - 1) return fill(field.message!, depth + 1, true);
    return field.scalar === ScalarType.INT64 ? BigInt(value) : field.scalar === ScalarType.INT32 ? Number(value) : value;
  };
  const filler = (field: DescField, depth: number): unknown => {
    if (target.some(({ name }) => name === 'voucher_ids') && field.name === 'quantity') return undefined; // units are named or counted
    if (EMPTY.test(field.name) || field.fieldKind === 'map' || depth >= DEPTH_MAX) return undefined;
    if (field.name === 'request_id') return `try-${nth}`;
    if (field.name === 'number' && method.input.typeName.includes('PlaceOrder')) return `try-${nth}`;
    if (field.message) return field.message.typeName === 'google.protobuf.Timestamp' ? timestampFromMs(Date.now()) : field.message.typeName.startsWith('google.') ? undefined : fill(field.message, depth + 1, false);
    return scalarFiller(field, own);
  };
  return fill(method.input, 0, true);
};
/** Of a oneof the case on the path is set, else the first. */
const isOtherCase = (field: DescField, onPath: DescField | undefined): boolean => field.oneof !== undefined && (onPath?.oneof === field.oneof || field.oneof.fields[0] !== field);
const isNeeded = (name: string): boolean => /^(request_id|reason|note|evidence|quantity|number|lines|orders|order|product_id|kind|sequence|line_id)$/.test(name);
const scalarFiller = (field: DescField, own: Own): unknown => {
  const known = own[field.name] ?? FREE_TEXT[field.name];
  if (field.enum) return field.enum.values[1]?.number;
  switch (field.scalar) {
    case ScalarType.STRING: return known === undefined ? undefined : String(known);
    case ScalarType.INT64: return BigInt(known ?? 1);
    case ScalarType.INT32: return Number(known ?? 1);
    default: return undefined;
  }
};

export type HttpForm = { readonly verb: string; readonly path: string; readonly body: string | undefined };
/** The same request over HTTP, by the method's first binding; undefined where a field of its path is empty or it has none. */
export const httpForm = (method: DescMethod, request: Message): HttpForm | undefined => {
  if (!hasOption(method, http) || method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming') return undefined;
  const { pattern, body } = getOption(method, http);
  if (pattern.case === undefined || pattern.case === 'custom') return undefined;
  const json = toJson(method.input, request, { useProtoFieldName: true }) as Record<string, unknown>;
  const rest: Record<string, unknown> = structuredClone(json);
  let isWhole = true;
  const path = pattern.value.replace(/\{([\w.]+)[^}]*\}/g, (_, field: string) => {
    const text = field.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], json);
    if (text === undefined || text === '') isWhole = false;
    if (!field.includes('.')) delete rest[field];
    return encodeURIComponent(String(text));
  });
  if (!isWhole) return undefined;
  if (body === '*') return { verb: pattern.case.toUpperCase(), path, body: JSON.stringify(rest) };
  const query = new URLSearchParams(Object.entries(rest).filter(([, value]) => typeof value !== 'object').map(([name, value]): [string, string] => [name, String(value)]));
  return { verb: pattern.case.toUpperCase(), path: query.size > 0 ? `${path}?${query}` : path, body: undefined };
};
