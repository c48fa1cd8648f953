import type { EventEmitter } from 'node:events';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { create, type DescMessage, type DescMethod, type Message, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Fault } from '@vouchsafe/kernel';
import { type CallContext, decodeRequest, drained, Presence, refusalOf, requestsOf } from '@vouchsafe/rpc';
import { isInternal } from './method-policy.js';
import { statusOf, type WireError } from './status.js';

type Bytes = Uint8Array;
type Answering = (request: unknown, context: CallContext) => unknown;
export type ServerCall = ServerUnaryCall<Bytes, Bytes> | ServerReadableStream<Bytes, Bytes> | ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>;

/** A call that was let in. `end` is told how it ended, once. */
export type Admitted = { readonly context: CallContext; end(outcome: { readonly code: string; readonly kind: string }): void };
export type IncomingParts = {
  /** Who calls; or throws the status that refuses him. */
  readonly admit: (call: ServerCall, method: DescMethod, signal: () => AbortSignal) => Admitted;
  /** Nothing leaves before it settles. */
  readonly floor: () => Promise<void>;
  readonly onBug: (error: unknown, method: DescMethod) => void;
};

/** A method's handler as grpc-js wants it: bytes in, bytes out. */
export const incoming = (parts: IncomingParts, method: DescMethod, handler: Answering): UntypedServiceImplementation[string] => {
  const served = { ...parts, method, handler };
  switch (method.methodKind) {
    case 'unary': return (call: ServerUnaryCall<Bytes, Bytes>, answer: sendUnaryData<Bytes>) => void answerOnce(served, call, () => decoded(method, call.request), answer);
    case 'client_streaming': return (call: ServerReadableStream<Bytes, Bytes>, answer: sendUnaryData<Bytes>) => void answerOnce(served, call, () => decodedAll(method, call), answer);
    case 'server_streaming': return (call: ServerWritableStream<Bytes, Bytes>) => void answerMany(served, call, () => decoded(method, call.request));
    case 'bidi_streaming': return (call: ServerDuplexStream<Bytes, Bytes>) => void answerMany(served, call, () => decodedAll(method, call));
  }
};
type Served = IncomingParts & { readonly method: DescMethod; readonly handler: Answering };

const answerOnce = async (served: Served, call: ServerUnaryCall<Bytes, Bytes> | ServerReadableStream<Bytes, Bytes>, request: () => unknown, answer: sendUnaryData<Bytes>): Promise<void> => {
  const visit = new Visit(served, call);
  try {
    const { context } = visit.enter();
    const bytes = encoded(served.method, await served.handler(request(), context));
    await served.floor();
    visit.over('OK', 'ok');
    answer(null, bytes);
  } catch (error) {
    answer(await visit.refuse(error));
  }
};

const answerMany = async (served: Served, call: ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>, request: () => unknown): Promise<void> => {
  const visit = new Visit(served, call);
  try {
    const { context } = visit.enter();
    call.sendMetadata(new Metadata()); // tells that it was reached; the first answer may take its time
    for await (const item of visit.presence.whilePresent(served.handler(request(), context) as AsyncIterable<unknown>)) {
      const bytes = encoded(served.method, item);
      await served.floor();
      if (call.cancelled) break;
      if (!call.write(bytes)) await drained(call);
    }
    await served.floor();
    visit.over('OK', 'ok');
    call.end();
  } catch (error) {
    const status = await visit.refuse(error);
    if (!call.cancelled) call.emit('error', status);
  }
};

/** One call on its way through: it ends once. Who hangs up is told to the handler by its signal. */
class Visit {
  readonly presence = new Presence();
  readonly #served: Served;
  readonly #call: ServerCall;
  #abort: AbortController | undefined;
  #gone: Fault | undefined;
  #admitted: Admitted | undefined;
  #isOver = false;

  constructor(served: Served, call: ServerCall) {
    this.#served = served;
    this.#call = call;
  }

  enter(): Admitted {
    const { admit, method } = this.#served;
    (this.#call as EventEmitter).once('cancelled', () => this.#hungUp());
    this.#admitted = admit(this.#call, method, () => this.#signal());
    return this.#admitted;
  }
  #hungUp(): void {
    if (this.#isOver) return; // grpc-js tells so of calls that were answered, too
    this.#gone = new Fault('CANCELLED', 'the caller hung up');
    this.#abort?.abort(this.#gone);
    this.presence.leave();
  }
  /** Made only for those who ask. */
  #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#gone) this.#abort.abort(this.#gone);
    return this.#abort.signal;
  }

  over(code: string, kind: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#admitted?.end({ code, kind });
  }
  /** A refusal tells of state too, so it waits for the floor as an answer does. */
  async refuse(error: unknown): Promise<WireError> {
    if (isWireError(error)) {
      this.over(error.message, 'unauthenticated');
      return error;
    }
    const told = await this.#served.floor().then(() => error, (unflushed: unknown) => unflushed);
    const { code, kind } = refusalOf(told);
    if (kind === 'internal') this.#served.onBug(told, this.#served.method);
    this.over(code, kind);
    return statusOf(told);
  }
}
const isWireError = (error: unknown): error is WireError => error instanceof Error && 'metadata' in error && (error as WireError).metadata instanceof Metadata;

/** Between services a newer one may say more than this binary knows; from outside nobody may (the gateway’s contract is ours). */
const decoded = (method: DescMethod, bytes: Bytes): Message => decodeRequest(method.input, bytes, isInternal(method) ? 'ignore' : 'refuse');
async function* decodedAll(method: DescMethod, call: ServerReadableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>): AsyncIterable<Message> {
  for await (const bytes of requestsOf(call)) yield decoded(method, bytes);
}
const encoded = (method: DescMethod, answer: unknown): Bytes => toBinary(method.output, create(method.output, answer as MessageInitShape<DescMessage>));
