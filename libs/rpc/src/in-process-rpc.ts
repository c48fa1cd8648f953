import {
  type DescMessage, type DescMethod, type DescMethodBiDiStreaming, type DescMethodClientStreaming, type DescMethodServerStreaming,
  type DescMethodUnary, type DescService, fromBinary, type Message, type MessageInitShape, type MessageShape, toBinary,
} from '@bufbuild/protobuf';
import { Fault } from '@vouchsafe/kernel';
import type { CallContext } from './context.js';
import { type FieldError, RpcFailure } from './failure.js';
import { copyMessage } from './message-copy.js';
import type { BytesRpc, Handlers } from './port.js';
import { unknownFields } from './unknown-fields.js';

type AnyHandler = (request: unknown, context: CallContext) => unknown;

/**
 * Calls within one process. A message is copied on its way in and out, so that nobody shares it, with the types checked as
 * its bytes would; calls that start with bytes are decoded once and encoded once. `direct`: a message that is whole already
 * (it has its `$typeName`, so the compiler saw to its fields) passes as it is, frozen by convention (ADR 0008).
 */
export const inProcessRpc = ({ direct = false }: { readonly direct?: boolean } = {}): BytesRpc => new InProcessRpc(direct);

class InProcessRpc implements BytesRpc {
  readonly #methods = new Map<string, AnyHandler>();
  /** The same, by the descriptor itself: no text is built per call. */
  readonly #byMethod = new Map<DescMethod, AnyHandler>();
  constructor(readonly direct: boolean) {}

  serve<S extends DescService>(service: S, handlers: Handlers<S>): void {
    for (const method of service.methods) {
      const handler = (handlers as Record<string, AnyHandler>)[method.localName]!;
      this.#methods.set(pathOf(method), handler);
      this.#byMethod.set(method, handler);
    }
  }

  call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, context: CallContext): Promise<MessageShape<M['output']>> {
    try {
      const passed = this.direct && isWhole(method.input, request) ? request : asked(method, request);
      const answer = this.#handler(method)(passed, context);
      return answer instanceof Promise ? answer.then((later) => this.#answered(method, later)) : Promise.resolve(this.#answered(method, answer));
    } catch (error) {
      return Promise.reject(error);
    }
  }
  #answered<M extends DescMethod>(method: M, answer: unknown): MessageShape<M['output']> {
    return this.direct && isWhole(method.output, answer) ? (answer as MessageShape<M['output']>) : answered(method, answer);
  }

  async *stream<M extends DescMethodServerStreaming>(method: M, request: MessageInitShape<M['input']>, context: CallContext): AsyncIterable<MessageShape<M['output']>> {
    for await (const answer of this.#handler(method)(asked(method, request), context) as AsyncIterable<unknown>) yield answered(method, answer);
  }

  async upload<M extends DescMethodClientStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, context: CallContext): Promise<MessageShape<M['output']>> {
    return answered(method, await this.#handler(method)(askedAll(method, requests), context));
  }

  async *converse<M extends DescMethodBiDiStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, context: CallContext): AsyncIterable<MessageShape<M['output']>> {
    for await (const answer of this.#handler(method)(askedAll(method, requests), context) as AsyncIterable<unknown>) yield answered(method, answer);
  }

  callBytes(method: DescMethod, request: Uint8Array, context: CallContext): Promise<Uint8Array> {
    try {
      const answer = this.#handler(method)(decodeRequest(method.input, request), context);
      return answer instanceof Promise ? answer.then((later) => encoded(method, later)) : Promise.resolve(encoded(method, answer));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *streamBytes(method: DescMethod, request: Uint8Array, context: CallContext): AsyncIterable<Uint8Array> {
    const answers = this.#handler(method)(decodeRequest(method.input, request), context) as AsyncIterable<unknown>;
    for await (const answer of answers) yield encoded(method, answer);
  }

  async uploadBytes(method: DescMethod, requests: AsyncIterable<Uint8Array>, context: CallContext): Promise<Uint8Array> {
    return encoded(method, await this.#handler(method)(decodedAll(method, requests), context));
  }

  async *converseBytes(method: DescMethod, requests: AsyncIterable<Uint8Array>, context: CallContext): AsyncIterable<Uint8Array> {
    const answers = this.#handler(method)(decodedAll(method, requests), context) as AsyncIterable<unknown>;
    for await (const answer of answers) yield encoded(method, answer);
  }

  #handler(method: DescMethod): AnyHandler {
    const handler = this.#byMethod.get(method) ?? this.#methods.get(pathOf(method));
    if (!handler) throw new Fault('UNAVAILABLE', `nobody serves ${pathOf(method)}`);
    return handler;
  }
}

const pathOf = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;

const asked = <M extends DescMethod>(method: M, request: MessageInitShape<M['input']>): MessageShape<M['input']> => copyMessage(method.input as M['input'], request);
const answered = <M extends DescMethod>(method: M, answer: unknown): MessageShape<M['output']> =>
  copyMessage(method.output as M['output'], answer as MessageInitShape<M['output']>);
async function* askedAll<M extends DescMethod>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>): AsyncIterable<MessageShape<M['input']>> {
  for await (const request of requests) yield asked(method, request);
}
const isWhole = (desc: DescMessage, value: unknown): boolean => (value as { readonly $typeName?: unknown }).$typeName === desc.typeName;
const encoded = (method: DescMethod, answer: unknown): Uint8Array =>
  toBinary(method.output, isWhole(method.output, answer) ? (answer as Message) : copyMessage(method.output, answer as MessageInitShape<DescMessage>));
async function* decodedAll(method: DescMethod, requests: AsyncIterable<Uint8Array>): AsyncIterable<Message> {
  for await (const request of requests) yield decodeRequest(method.input, request);
}

/**
 * A request from its wire bytes. RpcFailure `REQUEST_MALFORMED`, or `FIELD_UNKNOWN` naming each field this binary does not know;
 * `ignore` is for services among themselves, where a newer one may say more.
 */
export const decodeRequest = <D extends DescMessage>(desc: D, bytes: Uint8Array, unknownOnes: 'refuse' | 'ignore' = 'refuse'): MessageShape<D> => {
  let message: MessageShape<D>;
  try {
    message = fromBinary(desc, bytes);
  } catch {
    throw new RpcFailure('invalid', 'REQUEST_MALFORMED', { message: desc.typeName });
  }
  const unknown = unknownOnes === 'ignore' ? [] : unknownFields(desc, message);
  if (unknown.length > 0) throw new RpcFailure('invalid', 'FIELD_UNKNOWN', {}, { fields: unknown.slice(0, FIELD_ERRORS_MAX).map(unknownField) });
  return message;
};
const FIELD_ERRORS_MAX = 20;
const unknownField = (pointer: string): FieldError =>
  ({ pointer, code: 'FIELD_UNKNOWN', zh: '此字段不存在', en: 'There is no such field.' });
