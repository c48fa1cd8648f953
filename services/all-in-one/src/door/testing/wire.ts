import { create, type DescMethod, type DescMethodServerStreaming, type DescMethodUnary, fromBinary, type Message, type MessageInitShape, type MessageShape, toBinary, toJson } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type FieldError, grpcPath, readGrpcStatus } from '@vouchsafe/rpc';

export type Headers = Readonly<Record<string, string>>;
/** What a caller over gRPC was told, whole: the status, every word of it, or the answers. */
export type Told = {
  readonly ok: boolean;
  /** gRPC status; 0 where it went well. */
  readonly status: number;
  /** The catalogue's code; empty where it went well. */
  readonly code: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
  readonly fields: readonly FieldError[];
  readonly retryAfterMs: number | undefined;
  readonly answers: readonly Message[];
  /** The answers as JSON. */
  readonly json: string;
};
export type HttpTold = { readonly status: number; readonly headers: globalThis.Headers; readonly text: string; readonly json: Record<string, unknown> };

/** Requests of one kind of caller to a platform's gRPC port; nothing is thrown for a refusal. Close it. */
export class Wire {
  readonly #client: Client;
  constructor(readonly address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.max_send_message_length': 64 << 20, 'grpc.max_receive_message_length': 64 << 20 });
  }
  close(): void {
    this.#client.close();
  }

  /** Calls any method, whatever its kind; request streams are `requests`, the others take the first. */
  async ask(method: DescMethod, requests: readonly MessageInitShape<DescMethod['input']>[], headers: Headers = {}, deadlineMs = 20_000): Promise<Told> {
    const bytes = requests.map((request) => toBinary(method.input, create(method.input, request)));
    return this.send(method, bytes, headers, deadlineMs);
  }

  /** The same with raw bytes, which need not be the method's message. */
  async send(method: DescMethod, bytes: readonly Uint8Array[], headers: Headers = {}, deadlineMs = 20_000): Promise<Told> {
    try {
      return wentWell(method, await this.#run(method, bytes, headers, deadlineMs));
    } catch (error) {
      return refused(error as ServiceError);
    }
  }

  #run(method: DescMethod, bytes: readonly Uint8Array[], headers: Headers, deadlineMs: number): Promise<readonly Message[]> {
    const options = { deadline: Date.now() + deadlineMs };
    const read = (answer: Buffer): Message => fromBinary(method.output, answer);
    const [path, first] = [grpcPath(method), Buffer.from(bytes[0] ?? new Uint8Array())];
    return new Promise((resolve, reject) => {
      const one = (error: ServiceError | null, answer?: Message): void => (error ? reject(error) : resolve([answer!]));
      const answers: Message[] = [];
      const many = (call: NodeJS.ReadableStream): void => {
        call.on('data', (answer: Message) => answers.push(answer)).on('error', reject).on('end', () => resolve(answers));
      };
      switch (method.methodKind) {
        case 'unary': return void this.#client.makeUnaryRequest(path, asIs, read, first, metadata(headers), options, one);
        case 'server_streaming': return many(this.#client.makeServerStreamRequest(path, asIs, read, first, metadata(headers), options));
        case 'client_streaming': return pump(bytes, this.#client.makeClientStreamRequest(path, asIs, read, metadata(headers), options, one));
        case 'bidi_streaming': {
          const call = this.#client.makeBidiStreamRequest(path, asIs, read, metadata(headers), options);
          many(call);
          return pump(bytes, call);
        }
      }
    });
  }

  /** The answer of a call that must go well; throws with what was told instead. */
  async get<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, headers: Headers = {}): Promise<MessageShape<M['output']>> {
    return needed(await this.ask(method, [request], headers)).answers[0] as MessageShape<M['output']>;
  }
  async all<M extends DescMethodServerStreaming>(method: M, request: MessageInitShape<M['input']>, headers: Headers = {}): Promise<readonly MessageShape<M['output']>[]> {
    return needed(await this.ask(method, [request], headers)).answers as readonly MessageShape<M['output']>[];
  }
}
const needed = (told: Told): Told => {
  if (!told.ok) throw new Error(`${told.text} ${JSON.stringify([told.details, told.fields])}`);
  return told;
};

const asIs = (bytes: Buffer): Buffer => bytes;
const pump = (bytes: readonly Uint8Array[], call: { write(bytes: Buffer): unknown; end(): void }): void => {
  for (const one of bytes) call.write(Buffer.from(one));
  call.end();
};
const metadata = (headers: Headers): Metadata => {
  const out = new Metadata();
  for (const [name, value] of Object.entries(headers)) out.set(name, value);
  return out;
};
const wentWell = (method: DescMethod, answers: readonly Message[]): Told => ({
  ok: true, status: 0, code: '', text: '', details: {}, fields: [], retryAfterMs: undefined, answers,
  json: JSON.stringify(answers.map((answer) => toJson(method.output, answer, { alwaysEmitImplicit: true }))),
});
const refused = (error: ServiceError): Told => {
  if (typeof error.code !== 'number') throw error;
  const { code, details: { requestId: _, traceId: __, ...details }, fields, retryAfterMs } = readGrpcStatus(error);
  return { ok: false, status: error.code, code, text: error.details, details, fields, retryAfterMs, answers: [], json: '' };
};

const HTTP_MS = 20_000;
/** One HTTP request; the body as given, JSON unless `headers` say otherwise. Rejects where no whole answer comes in `timeoutMs`. */
export const overHttp = async (
  base: string, verb: string, path: string, { body, headers = {}, timeoutMs = HTTP_MS }: { readonly body?: string | Uint8Array; readonly headers?: Headers; readonly timeoutMs?: number } = {},
): Promise<HttpTold> => {
  const response = await fetch(`${base}${path}`, {
    method: verb, headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }, signal: AbortSignal.timeout(timeoutMs),
    ...(body !== undefined && { body: body as NonNullable<RequestInit['body']> }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, headers: response.headers, text, json: /[/+]json\b/.test(type) ? (JSON.parse(text) as Record<string, unknown>) : {} };
};
