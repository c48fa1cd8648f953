import { create, type DescMessage, type DescMethod, type DescMethodBiDiStreaming, type DescMethodClientStreaming, type DescMethodServerStreaming, type DescMethodUnary, type DescService, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { ChannelCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { Fault } from '@vouchsafe/kernel';
import { type BytesRpc, type CallContext, grpcPath, type Handlers, inProcessRpc, rawGrpcDefinition } from '@vouchsafe/rpc';
import { type Admission, admission, type AdmissionOptions } from './admission.js';
import type { Certificates } from './certificates.js';
import { type Channel, Channels, type ChannelsOptions } from './channels.js';
import { incoming } from './incoming.js';
import { metadataOf } from './metadata.js';
import { askForMany, askOnce, askWithMany, converse, type Outgoing } from './outgoing.js';
import { GrpcListener, type ListenOptions } from './server.js';
import type { TokenIssuer } from './token-issuer.js';

/** Most that a call may take, whatever its caller allows: by method (`vouchsafe.risk.internal.v1.RiskAssessmentService/Assess`), or by shape. */
export type Lives = { readonly unaryMs: number; readonly streamMs: number; readonly methods?: Readonly<Record<string, number>> };
const LIVES: Lives = { unaryMs: 60_000, streamMs: 24 * 3_600_000 };
const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;

export type GrpcRpcOptions = Omit<AdmissionOptions, 'streamMs' | 'unaryMs'> & Pick<ChannelsOptions, 'targets' | 'contracts' | 'channelOptions'> & {
  readonly issuer: TokenIssuer;
  /** Mutual TLS; without it everything is plain, which is for one machine only. */
  readonly certificates?: Certificates | undefined;
  /** Nothing leaves this process before it settles: what it has recorded is durable. */
  readonly floor?: () => Promise<void>;
  readonly lives?: Lives;
  readonly messageMaxBytes?: number;
};

/** The {@link BytesRpc} port between processes. What is served here is called here, without a wire. */
export interface GrpcRpc extends BytesRpc {
  /** Takes calls from now on; services may be registered before or after. Answers the port as bound. */
  listen(options: ListenOptions): Promise<number>;
  /** What the health service says; `false` until told otherwise. */
  setServing(isServing: boolean): void;
  /** No new calls, open ones end within `ms`. Calls of our own go on. */
  drain(ms: number): Promise<void>;
  /** Services that did not answer lately and are left alone for a moment. */
  silent(): readonly string[];
  /** Ends the connections to others; calls after it fail as `UNAVAILABLE`. */
  close(): void;
}

export const createGrpcRpc = (options: GrpcRpcOptions): GrpcRpc => new GrpcRpcAdapter(options);

class GrpcRpcAdapter implements GrpcRpc {
  readonly #options: GrpcRpcOptions;
  readonly #lives: Lives;
  readonly #here = inProcessRpc();
  readonly #served = new Set<string>();
  readonly #listener: GrpcListener;
  readonly #channels: Channels;
  readonly #admit: Admission;

  constructor(options: GrpcRpcOptions) {
    this.#options = options;
    this.#lives = options.lives ?? LIVES;
    const messageMaxBytes = options.messageMaxBytes ?? MESSAGE_MAX_BYTES;
    const { certificates } = options;
    this.#listener = new GrpcListener({ credentials: certificates?.server, messageMaxBytes });
    this.#channels = new Channels({ ...options, messageMaxBytes, credentials: () => certificates?.channel() ?? ChannelCredentials.createInsecure() });
    this.#admit = admission({ ...options, ...this.#lives });
  }

  serve<S extends DescService>(service: S, handlers: Handlers<S>): void {
    this.#here.serve(service, handlers);
    this.#served.add(service.typeName);
    const { log, floor = async () => {} } = this.#options;
    const parts = {
      admit: this.#admit, floor,
      onBug: (error: unknown, method: DescMethod) => log.error({ method: grpcPath(method), error: error instanceof Error ? error.stack : String(error) }, 'a call failed by a bug'),
    };
    const implementation: UntypedServiceImplementation = {};
    for (const method of service.methods) implementation[method.localName] = incoming(parts, method, Reflect.get(handlers, method.localName) as never);
    this.#listener.add(rawGrpcDefinition(service), implementation);
  }

  async call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, context: CallContext): Promise<MessageShape<M['output']>> {
    if (this.#isHere(method)) return this.#here.call(method, request, context);
    return decoded(method, await askOnce(this.#out(method, context), encoded(method, request)));
  }
  async *stream<M extends DescMethodServerStreaming>(method: M, request: MessageInitShape<M['input']>, context: CallContext): AsyncIterable<MessageShape<M['output']>> {
    if (this.#isHere(method)) return yield* this.#here.stream(method, request, context);
    for await (const bytes of askForMany(this.#out(method, context), encoded(method, request))) yield decoded(method, bytes);
  }
  async upload<M extends DescMethodClientStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, context: CallContext): Promise<MessageShape<M['output']>> {
    if (this.#isHere(method)) return this.#here.upload(method, requests, context);
    return decoded(method, await askWithMany(this.#out(method, context), encodedAll(method, requests)));
  }
  async *converse<M extends DescMethodBiDiStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, context: CallContext): AsyncIterable<MessageShape<M['output']>> {
    if (this.#isHere(method)) return yield* this.#here.converse(method, requests, context);
    for await (const bytes of converse(this.#out(method, context), encodedAll(method, requests))) yield decoded(method, bytes);
  }

  async callBytes(method: DescMethod, request: Uint8Array, context: CallContext): Promise<Uint8Array> {
    return this.#isHere(method) ? this.#here.callBytes(method, request, context) : askOnce(this.#out(method, context), request);
  }
  async *streamBytes(method: DescMethod, request: Uint8Array, context: CallContext): AsyncIterable<Uint8Array> {
    yield* this.#isHere(method) ? this.#here.streamBytes(method, request, context) : askForMany(this.#out(method, context), request);
  }
  async uploadBytes(method: DescMethod, requests: AsyncIterable<Uint8Array>, context: CallContext): Promise<Uint8Array> {
    return this.#isHere(method) ? this.#here.uploadBytes(method, requests, context) : askWithMany(this.#out(method, context), requests);
  }
  async *converseBytes(method: DescMethod, requests: AsyncIterable<Uint8Array>, context: CallContext): AsyncIterable<Uint8Array> {
    yield* this.#isHere(method) ? this.#here.converseBytes(method, requests, context) : converse(this.#out(method, context), requests);
  }

  #isHere(method: DescMethod): boolean {
    return this.#served.has(method.parent.typeName);
  }
  /** A deadline always: the caller's, or the method's own where that is nearer. It travels as a duration, so clocks may differ. */
  #out(method: DescMethod, context: CallContext): Outgoing {
    const { issuer, clock } = this.#options;
    const { client, breaker, service }: Channel = this.#channels.to(method);
    const patienceMs = Math.min(context.deadline - clock.now(), this.#lives.methods?.[grpcPath(method).slice(1)] ?? (method.methodKind === 'unary' ? this.#lives.unaryMs : this.#lives.streamMs));
    if (patienceMs <= 0) throw new Fault('DEADLINE_EXCEEDED', `${grpcPath(method)}: the deadline had passed before it was called`);
    const token = issuer.mint(context.caller, service, context.approvalId);
    return { client, breaker, path: grpcPath(method), metadata: metadataOf(context, token), deadline: Date.now() + patienceMs, patienceMs, signal: context.signal };
  }

  listen(options: ListenOptions): Promise<number> {
    return this.#listener.listen(options);
  }
  setServing(isServing: boolean): void {
    this.#listener.setServing(isServing);
  }
  drain(ms: number): Promise<void> {
    return this.#listener.drain(ms);
  }
  silent(): readonly string[] {
    return this.#channels.all.filter(({ breaker }) => breaker.isOpen).map(({ service }) => service);
  }
  close(): void {
    this.#channels.close();
  }
}

const encoded = (method: DescMethod, request: MessageInitShape<DescMessage>): Uint8Array => toBinary(method.input, create(method.input, request));
async function* encodedAll(method: DescMethod, requests: AsyncIterable<MessageInitShape<DescMessage>>): AsyncIterable<Uint8Array> {
  for await (const request of requests) yield encoded(method, request);
}
const decoded = <M extends DescMethod>(method: M, bytes: Uint8Array): MessageShape<M['output']> => fromBinary(method.output as M['output'], bytes);
