import { type DescField, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import type { ErrorBook } from '@vouchsafe/rpc';
import type { Entry, HttpBinding } from '../../application/method-table.js';
import { parseTemplate } from '../http/router.js';
import { cursorField } from '../http/stream-form.js';
import { type Comments, type Json, type Schema, Schemas } from './schemas.js';
import { type Language, type Words, WORDS } from './words.js';

/** `comments`: in `language`, as the document's own words. */
export type OpenApiParts = { readonly entries: readonly Entry[]; readonly comments: Comments; readonly book: ErrorBook; readonly version: string; readonly language: Language };

/** OpenAPI 3.1 of the method table: the same annotations that the routes are made of. */
export const openApi = ({ entries, comments, book, version, language }: OpenApiParts): Schema => {
  const words = WORDS[language];
  const schemas = new Schemas(comments, words);
  const paths: Record<string, Record<string, Json>> = {};
  for (const entry of entries) {
    entry.bindings.forEach((binding, i) => {
      const path = binding.template.replace(/\{([A-Za-z0-9_.]+)(?:=[^}]+)?\}/g, (_all, field: string) => `{${camelPath(field)}}`);
      (paths[path] ??= {})[binding.verb.toLowerCase()] = operation(entry, binding, { schemas, comments, words, suffix: i === 0 ? '' : `_${i + 1}` });
    });
  }
  const services = new Map(entries.map(({ method }) => [method.parent.typeName, method.parent]));
  return {
    openapi: '3.1.0',
    info: { title: 'Vouchsafe', version, description: words.introduction, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...services.values()].map(({ typeName, name }) => ({ name, ...(comments[typeName] !== undefined && { description: comments[typeName] }) })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'vs_<mode>_<id>_<secret>' } },
      schemas: { ...schemas.all(), Problem: problemSchema(book, words) },
      responses: { Problem: { description: words.problem, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } } },
    },
  };
};

type Context = { readonly schemas: Schemas; readonly comments: Comments; readonly words: Words; readonly suffix: string };
const operation = (entry: Entry, binding: HttpBinding, { schemas, comments, words, suffix }: Context): Schema => {
  const { method } = entry;
  const description = comments[`${method.parent.typeName}.${method.name}`] ?? '';
  const body = requestBody(entry, binding, schemas, words);
  return {
    operationId: `${method.name}${suffix}`, tags: [method.parent.name], summary: summaryOf(method.name, description),
    ...(description !== '' && { description }),
    ...(entry.isPublic ? { security: [] } : {}),
    ...(entry.permission !== '' && { 'x-permission': entry.permission }), ...(entry.access.twoPersons && { 'x-two-persons': true }),
    parameters: [...parameters(entry, binding, schemas), ...(entry.access.twoPersons ? [header('x-approval-id', words.approval)] : []), ...(cursorField(method.input) ? [header('Last-Event-ID', words.lastEvent)] : [])],
    ...(body && { requestBody: body }),
    responses: { '200': success(method, schemas, words), default: { $ref: '#/components/responses/Problem' } },
  };
};
const header = (name: string, description: string): Schema => ({ name, in: 'header', schema: { type: 'string' }, description });
/** A Chinese reader sees what it does; others read that from its name. */
const summaryOf = (name: string, description: string): string => /^[^。：；，（]*[一-鿿][^。：；，（]*/.exec(description)?.[0] ?? spaced(name);

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

const requestBody = ({ method }: Entry, { body }: HttpBinding, schemas: Schemas, words: Words): Schema | undefined => {
  if (body === '') return undefined;
  const { input } = method;
  const streamed = method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
  if (body === '*') {
    const schema = schemas.message(input);
    return streamed
      ? { required: true, description: words.lines, content: { 'application/x-ndjson': { schema } } }
      : { required: true, content: { 'application/json': { schema } } };
  }
  const field = input.fields.find(({ name, jsonName }) => name === body || jsonName === body);
  if (!field) return undefined;
  if (field.fieldKind === 'scalar' && field.scalar === ScalarType.BYTES) return { required: true, description: words.bytes, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };
  return { required: true, content: { 'application/json': { schema: schemas.field(field) } } };
};

const success = (method: DescMethod, schemas: Schemas, words: Words): Schema => {
  const schema = schemas.message(method.output);
  if (method.methodKind === 'unary' || method.methodKind === 'client_streaming') return { description: words.ok, content: { 'application/json': { schema } } };
  return { description: words.stream, content: { 'application/x-ndjson': { schema }, 'text/event-stream': { schema } } };
};

const problemSchema = (book: ErrorBook, words: Words): Schema => ({
  type: 'object', description: words.problemShape,
  properties: {
    type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string', description: words.remedy },
    code: { type: 'string', enum: [...book.entries.keys()].sort(), description: words.codes },
    details: { type: 'object', additionalProperties: { type: 'string' } }, requestId: { type: 'string' }, traceId: { type: 'string' }, retryAfterMs: { type: 'number' },
    errors: {
      type: 'array', items: {
        type: 'object', properties: { pointer: { type: 'string', description: words.pointer }, code: { type: 'string' }, message: { type: 'string' }, zh: { type: 'string' }, en: { type: 'string' } },
      },
    },
    messages: { type: 'object' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId', 'errors'],
});

const camelPath = (path: string): string => path.split('.').map((name) => name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())).join('.');
const spaced = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1 $2');
