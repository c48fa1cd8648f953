import { type DescField, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import type { ErrorBook } from '@vouchsafe/rpc';
import type { Entry, HttpBinding } from '../../application/method-table.js';
import { parseTemplate } from '../http/router.js';
import { cursorField } from '../http/stream-form.js';
import { type Comments, type Json, type Schema, Schemas } from './schemas.js';

export type OpenApiParts = { readonly entries: readonly Entry[]; readonly comments: Comments; readonly book: ErrorBook; readonly version: string };

/** OpenAPI 3.1 of the method table: the same annotations that the routes are made of. */
export const openApi = ({ entries, comments, book, version }: OpenApiParts): Schema => {
  const schemas = new Schemas(comments);
  const paths: Record<string, Record<string, Json>> = {};
  for (const entry of entries) {
    entry.bindings.forEach((binding, i) => {
      const path = binding.template.replace(/\{([A-Za-z0-9_.]+)(?:=[^}]+)?\}/g, (_all, field: string) => `{${camelPath(field)}}`);
      (paths[path] ??= {})[binding.verb.toLowerCase()] = operation(entry, binding, { schemas, comments, suffix: i === 0 ? '' : `_${i + 1}` });
    });
  }
  const services = new Map(entries.map(({ method }) => [method.parent.typeName, method.parent]));
  return {
    openapi: '3.1.0',
    info: { title: 'Vouchsafe', version, description: INTRODUCTION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...services.values()].map(({ typeName, name }) => ({ name, ...(comments[typeName] !== undefined && { description: comments[typeName] }) })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'vs_<mode>_<id>_<secret>' } },
      schemas: { ...schemas.all(), Problem: problemSchema(book) },
      responses: { Problem: { description: 'Why not, in one shape on every route. 任何接口的错误都是此结构', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } } },
    },
  };
};

const INTRODUCTION = [
  'Sell, deliver and redeem virtual entitlements. gRPC serves the same methods under the same names; reflection tells them where it is on.',
  'Keys name their mode: `vs_live_…` or `vs_sandbox_…`. Every mutation takes a `requestId` (orders: their number; header `Idempotency-Key` is the same) and may be repeated. Unknown fields are refused. 64-bit integers are strings.',
  '虚拟权益的销售、交付与核销。密钥前缀即环境；每个写操作都有 `requestId`（订单用单号），可安全重发；未知字段会被拒绝；64 位整数写成字符串。',
].join('\n\n');

type Context = { readonly schemas: Schemas; readonly comments: Comments; readonly suffix: string };
const operation = (entry: Entry, binding: HttpBinding, { schemas, comments, suffix }: Context): Schema => {
  const { method } = entry;
  const description = comments[`${method.parent.typeName}.${method.name}`] ?? '';
  const body = requestBody(entry, binding, schemas);
  return {
    operationId: `${method.name}${suffix}`, tags: [method.parent.name], summary: spaced(method.name),
    ...(description !== '' && { description }),
    ...(entry.isPublic ? { security: [] } : {}),
    ...(entry.permission !== '' && { 'x-permission': entry.permission }), ...(entry.access.twoPersons && { 'x-two-persons': true }),
    parameters: [...parameters(entry, binding, schemas), ...(entry.access.twoPersons ? [APPROVAL] : []), ...(cursorField(method.input) ? [LAST_EVENT] : [])],
    ...(body && { requestBody: body }),
    responses: { '200': success(method, schemas), default: { $ref: '#/components/responses/Problem' } },
  };
};
const APPROVAL: Schema = { name: 'x-approval-id', in: 'header', schema: { type: 'string' }, description: 'Approval of exactly this request by a second person (live only). 双人复核编号（仅正式环境）' };
const LAST_EVENT: Schema = { name: 'Last-Event-ID', in: 'header', schema: { type: 'string' }, description: 'Goes on behind this event; the same as `cursor`.' };

const parameters = ({ method: { input } }: Entry, { template, body }: HttpBinding, schemas: Schemas): Schema[] => {
  const inPath = parseTemplate(template).segments.flatMap((segment) => (typeof segment === 'string' ? [] : [segment.field]));
  const path = inPath.map((name) => ({ name: camelPath(name), in: 'path', required: true, schema: fieldAt(input.fields, name.split('.'), schemas) }));
  if (body === '*') return path;
  const query = input.fields.filter((field) => field.name !== body && field.jsonName !== body && !inPath.includes(field.name) && isQueryable(field));
  return [...path, ...query.map((field) => ({ name: field.jsonName, in: 'query', schema: schemas.field(field) }))];
};
const isQueryable = (field: DescField): boolean => field.fieldKind !== 'map' && (!field.message || field.message.typeName.startsWith('google.protobuf.'));
const fieldAt = (fields: readonly DescField[], names: readonly string[], schemas: Schemas): Schema => {
  const field = fields.find(({ name }) => name === names[0]);
  if (!field) return { type: 'string' };
  return names.length > 1 && field.message ? fieldAt(field.message.fields, names.slice(1), schemas) : schemas.field(field);
};

const requestBody = ({ method }: Entry, { body }: HttpBinding, schemas: Schemas): Schema | undefined => {
  if (body === '') return undefined;
  const { input } = method;
  const streamed = method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
  if (body === '*') {
    const schema = schemas.message(input);
    return streamed
      ? { required: true, description: 'One JSON request per line.', content: { 'application/x-ndjson': { schema } } }
      : { required: true, content: { 'application/json': { schema } } };
  }
  const field = input.fields.find(({ name, jsonName }) => name === body || jsonName === body);
  if (!field) return undefined;
  if (field.fieldKind === 'scalar' && field.scalar === ScalarType.BYTES) return { required: true, description: 'The bytes as they are.', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };
  return { required: true, content: { 'application/json': { schema: schemas.field(field) } } };
};

const success = (method: DescMethod, schemas: Schemas): Schema => {
  const schema = schemas.message(method.output);
  if (method.methodKind === 'unary' || method.methodKind === 'client_streaming') return { description: 'OK', content: { 'application/json': { schema } } };
  return { description: 'A stream: one JSON object per line, or server-sent events by Accept.', content: { 'application/x-ndjson': { schema }, 'text/event-stream': { schema } } };
};

const problemSchema = (book: ErrorBook): Schema => ({
  type: 'object', description: 'RFC 9457. `title`, `detail` and `errors[].message` are in the language of Accept-Language (zh, en); `messages` has both.',
  properties: {
    type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string', description: 'What to do next.' },
    code: { type: 'string', enum: [...book.entries.keys()].sort(), description: 'See /docs/errors.' },
    details: { type: 'object', additionalProperties: { type: 'string' } }, requestId: { type: 'string' }, traceId: { type: 'string' }, retryAfterMs: { type: 'number' },
    errors: {
      type: 'array', items: {
        type: 'object', properties: { pointer: { type: 'string', description: 'RFC 6901 pointer into the request.' }, code: { type: 'string' }, message: { type: 'string' }, zh: { type: 'string' }, en: { type: 'string' } },
      },
    },
    messages: { type: 'object' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId', 'errors'],
});

const camelPath = (path: string): string => path.split('.').map((name) => name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())).join('.');
const spaced = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1 $2');
