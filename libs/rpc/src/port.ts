import type { DescMethod, DescMethodBiDiStreaming, DescMethodClientStreaming, DescMethodServerStreaming, DescMethodUnary, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { CallContext } from './context.js';

type In<M extends DescMethod> = MessageShape<M['input']>;
type Out<M extends DescMethod> = MessageInitShape<M['output']>;

/** How a method is implemented. What is there at once needs no promise. Streams are async iterables, read as fast as the peer takes them. */
export type Handler<M extends DescMethod> = M extends DescMethodUnary
  ? (request: In<M>, context: CallContext) => Out<M> | Promise<Out<M>>
  : M extends DescMethodServerStreaming
    ? (request: In<M>, context: CallContext) => AsyncIterable<Out<M>>
    : M extends DescMethodClientStreaming
      ? (requests: AsyncIterable<In<M>>, context: CallContext) => Promise<Out<M>>
      : M extends DescMethodBiDiStreaming
        ? (requests: AsyncIterable<In<M>>, context: CallContext) => AsyncIterable<Out<M>>
        : never;
/** All methods of a service; one that is missing does not compile. */
export type Handlers<S extends DescService> = { readonly [K in keyof S['method']]: Handler<S['method'][K]> };

/** Calls between services and from the gateway: requests and answers are messages of `proto/`. */
export interface Rpc {
  /** Registers the implementation of a whole service. */
  serve<S extends DescService>(service: S, handlers: Handlers<S>): void;
  /** A unary call. Throws RpcFailure (a "no") or Fault (`UNAVAILABLE`, `DEADLINE_EXCEEDED`). Messages are frozen or copied: do not change them. */
  call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, context: CallContext): Promise<MessageShape<M['output']>>;
  stream<M extends DescMethodServerStreaming>(method: M, request: MessageInitShape<M['input']>, context: CallContext): AsyncIterable<MessageShape<M['output']>>;
  upload<M extends DescMethodClientStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, context: CallContext): Promise<MessageShape<M['output']>>;
  converse<M extends DescMethodBiDiStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, context: CallContext): AsyncIterable<MessageShape<M['output']>>;
}

/**
 * Calls by their wire bytes, for an edge that has them anyway: one decode and one encode in all. Requests that are no
 * message of the method (broken bytes, fields this binary does not know) are refused as `invalid` with the field named.
 */
export interface BytesRpc extends Rpc {
  callBytes(method: DescMethod, request: Uint8Array, context: CallContext): Promise<Uint8Array>;
  streamBytes(method: DescMethod, request: Uint8Array, context: CallContext): AsyncIterable<Uint8Array>;
  uploadBytes(method: DescMethod, requests: AsyncIterable<Uint8Array>, context: CallContext): Promise<Uint8Array>;
  converseBytes(method: DescMethod, requests: AsyncIterable<Uint8Array>, context: CallContext): AsyncIterable<Uint8Array>;
}
