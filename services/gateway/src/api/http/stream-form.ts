import { type DescMessage, type Message, ScalarType, toJson } from '@bufbuild/protobuf';

/** How a stream of answers is written over HTTP. */
export type StreamForm = {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly write: (message: Message) => string | Uint8Array;
  /** What a reader gets where the stream fails after it began; nothing where the form has no word for it. */
  readonly error: (problem: string) => string;
  readonly end: string;
  /** Sent when nothing else was for a while. */
  readonly keepAlive?: string;
};

const JSON_OPTIONS = { alwaysEmitImplicit: true } as const;
export const jsonOf = (desc: DescMessage, message: Message): string => JSON.stringify(toJson(desc, message, JSON_OPTIONS));

const stringField = (desc: DescMessage, name: string): boolean => desc.fields.some((field) => field.jsonName === name && field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING);
/** Whether a request can go on where a reader was cut off. */
export const cursorField = (desc: DescMessage): boolean => stringField(desc, 'cursor');

/** Server-sent events; `id:` is the message's cursor, where it has one. */
const sse = (desc: DescMessage): StreamForm => {
  const hasCursor = cursorField(desc);
  return {
    contentType: 'text/event-stream; charset=utf-8', headers: { 'x-accel-buffering': 'no' },
    write: (message) => `${hasCursor ? `id: ${String(Reflect.get(message, 'cursor'))}\n` : ''}data: ${jsonOf(desc, message)}\n\n`,
    error: (problem) => `event: error\ndata: ${problem}\n\n`, end: 'event: end\ndata: {}\n\n', keepAlive: ': still here\n\n',
  };
};
const ndjson = (desc: DescMessage): StreamForm => ({
  contentType: 'application/x-ndjson; charset=utf-8', headers: { 'x-accel-buffering': 'no' },
  write: (message) => `${jsonOf(desc, message)}\n`, error: (problem) => `{"error":${problem}}\n`, end: '',
});

/** A message whose only field is `text` or `content` is a piece of a file. */
const fileField = (desc: DescMessage): { readonly name: string; readonly contentType: string } | undefined => {
  const [field, ...more] = desc.fields;
  if (!field || more.length > 0 || field.fieldKind !== 'scalar') return undefined;
  if (field.jsonName === 'text' && field.scalar === ScalarType.STRING) return { name: field.localName, contentType: 'text/plain; charset=utf-8' };
  return field.jsonName === 'content' && field.scalar === ScalarType.BYTES ? { name: field.localName, contentType: 'application/octet-stream' } : undefined;
};

/** The form a caller asks for by Accept: events, lines of JSON, else the file where the answer is one, else lines. */
export const streamForm = (desc: DescMessage, accept: string): StreamForm => {
  if (accept.includes('text/event-stream')) return sse(desc);
  const file = accept.includes('application/x-ndjson') ? undefined : fileField(desc);
  if (!file) return ndjson(desc);
  // A file that breaks off must not look whole, so a failure cuts the connection (error is empty).
  return { contentType: file.contentType, headers: {}, write: (message) => Reflect.get(message, file.name) as string | Uint8Array, error: () => '', end: '' };
};
