import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { failureOf } from '@vouchsafe/rpc';
import type { FastifyRequest } from 'fastify';
import { gatewayErrors } from '../../application/errors.js';
import { parseJson, requestOf } from './binding.js';
import { chunksOf, HttpRefusal, linesOf } from './http-body.js';
import { text } from './http-call.js';
import type { Match } from './router.js';
import { cursorField } from './stream-form.js';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;
const LINES_TYPE = /^application\/x-ndjson\b/i;

/** The request messages that an HTTP request stands for. */
export class HttpRequest {
  readonly #input: DescMessage;
  readonly #query: URLSearchParams;
  /** A body field of bytes takes the raw body. */
  readonly #raw: DescField | undefined;

  constructor(readonly match: Match, readonly request: FastifyRequest, query: string) {
    const { entry, binding } = match.route;
    this.#input = entry.method.input;
    this.#query = new URLSearchParams(query);
    const lastEventId = text(request.headers['last-event-id']);
    if (lastEventId !== '' && cursorField(this.#input)) this.#query.set('cursor', lastEventId);
    this.#raw = this.#input.fields.find((field) => (field.name === binding.body || field.jsonName === binding.body) && field.fieldKind === 'scalar' && field.scalar === ScalarType.BYTES);
  }

  /** The one request of a unary or server-streaming method. */
  message(body: Buffer): Message {
    if (this.#raw) return create(this.#input, { ...this.#base(), [this.#raw.localName]: new Uint8Array(body) });
    return this.#read(this.#json(body));
  }

  /** A request stream: chunks of the raw body, their offsets counted on, or a JSON message per line. */
  async *messages(pieces: AsyncIterable<Buffer>, { chunkBytes, lineBytes }: { readonly chunkBytes: number; readonly lineBytes: number }): AsyncIterable<Message> {
    if (!this.#raw) {
      this.#mustBe(LINES_TYPE);
      for await (const line of linesOf(pieces, lineBytes)) yield this.#read(parseJson(line));
      return;
    }
    const base = this.#base();
    const isLast = Reflect.get(base, 'last') === true;
    let offset = Number(Reflect.get(base, 'offset') ?? 0);
    for await (const { bytes, last } of chunksOf(pieces, chunkBytes)) {
      yield create(this.#input, { ...base, [this.#raw.localName]: new Uint8Array(bytes), ...('offset' in base && { offset: BigInt(offset) }), ...('last' in base && { last: isLast && last }) });
      offset += bytes.length;
    }
  }

  #base(): Message {
    return requestOf(this.#input, { params: this.match.params, query: this.#query, body: undefined, bodyField: this.#raw!.name });
  }
  #read(body: unknown): Message {
    return requestOf(this.#input, { params: this.match.params, query: this.#query, body: this.#withKey(body), bodyField: this.match.route.binding.body });
  }

  /** `Idempotency-Key` is another way to say `request_id`. */
  #withKey(body: unknown): unknown {
    const key = text(this.request.headers['idempotency-key']);
    if (key === '' || this.match.route.binding.body !== '*' || !this.#input.fields.some(({ name }) => name === 'request_id')) return body;
    if (body === undefined) return { requestId: key };
    return typeof body === 'object' && body !== null && !Array.isArray(body) && !('requestId' in body) && !('request_id' in body) ? { ...body, requestId: key } : body;
  }

  #json(body: Buffer): unknown {
    if (body.length === 0) return undefined;
    if (this.match.route.binding.body === '') return null; // told as a body where none is taken
    this.#mustBe(JSON_TYPE);
    return parseJson(body);
  }
  #mustBe(type: RegExp): void {
    if (!type.test(text(this.request.headers['content-type']))) throw new HttpRefusal(failureOf(gatewayErrors, 'MEDIA_TYPE_UNSUPPORTED'), 415);
  }
}
