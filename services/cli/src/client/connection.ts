import { create, type DescMethod, type DescMethodBiDiStreaming, type DescMethodClientStreaming, type DescMethodServerStreaming, type DescMethodUnary, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ErrorInfoSchema } from '@vouchsafe/proto/google/rpc/error_details';
import { StatusSchema } from '@vouchsafe/proto/google/rpc/status';
import { localeOf } from '../speech.js';

/** Where a platform listens and who calls. */
export type Endpoint = { readonly grpc: string; readonly key: string; readonly approval?: string };

/** A typed gRPC client of any of our services. Every call has a deadline. Close it when done. */
export class Connection {
  readonly #client: Client;
  readonly #metadata: Metadata;
  constructor(endpoint: Endpoint, readonly deadlineMs = 30_000) {
    this.#client = new Client(endpoint.grpc, credentials.createInsecure(), { 'grpc.max_receive_message_length': 64 << 20, 'grpc.max_send_message_length': 64 << 20 });
    this.#metadata = new Metadata();
    if (endpoint.key) this.#metadata.set('authorization', `Bearer ${endpoint.key}`);
    this.#metadata.set('accept-language', localeOf(process.env));
    if (endpoint.approval) this.#metadata.set('x-approval-id', endpoint.approval);
  }

  call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(pathOf(method), writer(method), reader(method), request, this.#metadata, this.#options(), (error, answer) => {
        if (error) reject(error);
        else resolve(answer as MessageShape<M['output']>);
      });
    });
  }

  async *stream<M extends DescMethodServerStreaming>(method: M, request: MessageInitShape<M['input']>, deadlineMs = this.deadlineMs): AsyncIterable<MessageShape<M['output']>> {
    const call = this.#client.makeServerStreamRequest(pathOf(method), writer(method), reader(method), request, this.#metadata, this.#options(deadlineMs));
    for await (const answer of call) yield answer as MessageShape<M['output']>;
  }

  /** Sends `requests` as fast as the server takes them. */
  upload<M extends DescMethodClientStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>> | Iterable<MessageInitShape<M['input']>>, deadlineMs = this.deadlineMs): Promise<MessageShape<M['output']>> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(pathOf(method), writer(method), reader(method), this.#metadata, this.#options(deadlineMs), (error, answer) => {
        if (error) reject(error);
        else resolve(answer as MessageShape<M['output']>);
      });
      pump(requests, call).catch(reject);
    });
  }

  async *converse<M extends DescMethodBiDiStreaming>(method: M, requests: AsyncIterable<MessageInitShape<M['input']>> | Iterable<MessageInitShape<M['input']>>, deadlineMs = this.deadlineMs): AsyncIterable<MessageShape<M['output']>> {
    const call = this.#client.makeBidiStreamRequest(pathOf(method), writer(method), reader(method), this.#metadata, this.#options(deadlineMs));
    const sent = pump(requests, call);
    for await (const answer of call) yield answer as MessageShape<M['output']>;
    await sent;
  }

  close(): void {
    this.#client.close();
  }

  #options(deadlineMs = this.deadlineMs): CallOptions {
    return { deadline: Date.now() + deadlineMs };
  }
}

type Sink = { write(message: unknown): boolean; once(event: 'drain' | 'close', listener: () => void): unknown; end(): void };
const pump = async (requests: AsyncIterable<unknown> | Iterable<unknown>, call: Sink): Promise<void> => {
  for await (const request of requests) {
    if (!call.write(request)) await new Promise<void>((resolve) => { call.once('drain', resolve); call.once('close', resolve); });
  }
  call.end();
};

const pathOf = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;
const writer = (method: DescMethod) => (request: unknown): Buffer =>
  Buffer.from(toBinary(method.input, create(method.input, request as MessageInitShape<typeof method.input>)));
const reader = (method: DescMethod) => (bytes: Buffer) => fromBinary(method.output, bytes);

/** The reason word of a refused call (`ErrorInfo.reason`), read from the text the server puts in front: `CODE: …`. */
export const reasonOf = (error: unknown): string => /^\d+ [A-Z_]+: ([A-Z][A-Z0-9_]+)/.exec((error as ServiceError).message ?? '')?.[1] ?? (error as ServiceError).details ?? String(error);

const DETAILS_KEY = 'grpc-status-details-bin';
/** What a refusal says beside its code, e.g. when and where a voucher was used. */
export const detailsOf = ({ metadata }: Pick<ServiceError, 'metadata'>): Readonly<Record<string, string>> => {
  const [bytes] = metadata.get(DETAILS_KEY);
  if (!(bytes instanceof Uint8Array)) return {};
  const info = fromBinary(StatusSchema, bytes).details.map((detail) => anyUnpack(detail, ErrorInfoSchema)).find((found) => found !== undefined);
  return info?.metadata ?? {};
};
