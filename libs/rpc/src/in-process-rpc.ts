import { create, type DescMethod, type DescMethodBiDiStreaming, type DescMethodClientStreaming, type DescMethodServerStreaming, type DescMethodUnary, type DescService, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Fault } from '@vouchsafe/kernel';
import type { CallContext } from './context.js';
import type { Handlers, Rpc } from './port.js';

type AnyHandler = (request: unknown, context: CallContext) => unknown;

/** Calls within one process. Requests and answers pass through their bytes, as they would between processes. */
export const inProcessRpc = (): Rpc => new InProcessRpc();

class InProcessRpc implements Rpc {
  readonly #methods = new Map<string, AnyHandler>();

  serve<S extends DescService>(service: S, handlers: Handlers<S>): void {
    for (const method of service.methods) {
      this.#methods.set(`${service.typeName}/${method.name}`, (handlers as Record<string, AnyHandler>)[method.localName]!);
    }
  }

  async call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, context: CallContext): Promise<MessageShape<M['output']>> {
    return answered(method, await this.#handler(method)(asked(method, request), context));
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

  #handler(method: DescMethod): AnyHandler {
    const handler = this.#methods.get(`${method.parent.typeName}/${method.name}`);
    if (!handler) throw new Fault('UNAVAILABLE', `nobody serves ${method.parent.typeName}/${method.name}`);
    return handler;
  }
}

const asked = <M extends DescMethod>(method: M, request: MessageInitShape<M['input']>): MessageShape<M['input']> =>
  fromBinary(method.input as M['input'], toBinary(method.input as M['input'], create(method.input as M['input'], request)));
const answered = <M extends DescMethod>(method: M, answer: unknown): MessageShape<M['output']> =>
  fromBinary(method.output as M['output'], toBinary(method.output as M['output'], create(method.output as M['output'], answer as MessageInitShape<M['output']>)));
async function* askedAll<M extends DescMethod>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>): AsyncIterable<MessageShape<M['input']>> {
  for await (const request of requests) yield asked(method, request);
}
