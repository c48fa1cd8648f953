import { type DescMethod, type DescMethodBiDiStreaming, type DescMethodClientStreaming, type DescMethodServerStreaming, type DescMethodUnary, type Message, toBinary } from '@bufbuild/protobuf';
import { Fault } from '@vouchsafe/kernel';
import { type ErrorBook, failureOf, RpcFailure } from '@vouchsafe/rpc';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Door, Entered, Knock } from '../../application/door.js';
import { gatewayErrors } from '../../application/errors.js';
import type { GatewayMetrics, MethodMetrics } from '../../application/metrics.js';
import type { Entry } from '../../application/method-table.js';
import { explain, TOO_LATE } from '../../application/refusals.js';
import { modeHeader } from '../call-facts.js';
import { HttpRefusal, piecesOf, readBody } from './http-body.js';
import { apiHeaders, factsOf, type HttpExtra, type HttpFacts, sendProblem, text } from './http-call.js';
import { HttpRequest } from './http-request.js';
import { type Match, Router } from './router.js';
import { jsonOf, streamForm } from './stream-form.js';
import { StreamOut } from './stream-out.js';

export type HttpEdgeLimits = { readonly bodyMaxBytes: number; readonly uploadChunkBytes: number; readonly keepAliveMs: number };
export type HttpEdgeParts = {
  readonly door: Door; readonly entries: readonly Entry[]; readonly book: ErrorBook; readonly log: Log; readonly clock: Clock; readonly metrics: GatewayMetrics; readonly limits: HttpEdgeLimits;
};

/** Serves the method table as HTTP and JSON, by its google.api.http annotations; methods without one under their gRPC path. */
export class HttpEdge {
  readonly parts: HttpEdgeParts;
  readonly router: Router;
  readonly metrics: ReadonlyMap<Entry, MethodMetrics>;

  constructor(parts: HttpEdgeParts) {
    this.parts = parts;
    this.router = new Router(parts.entries);
    this.metrics = new Map(parts.entries.map((entry) => [entry, parts.metrics.method(entry.name, 'http')]));
  }

  /** Handles one request under the API's paths; always answers. */
  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await new HttpVisit(this, request, reply).run();
  }
}

const SANDBOX_PREFIX = '/sandbox/';
/** `/sandbox/v1/…` is `/v1/…` for callers without a key, which else names the mode. */
const splitUrl = (url: string): { readonly path: string; readonly rawPath: string; readonly query: string; readonly mode: Namespace | undefined } => {
  const mark = url.indexOf('?');
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  const isSandbox = rawPath.startsWith(SANDBOX_PREFIX);
  return { path: isSandbox ? rawPath.slice(SANDBOX_PREFIX.length - 1) : rawPath, rawPath, query, mode: isSandbox ? 'sandbox' : undefined };
};

/** One HTTP request on its way through: answered exactly once. */
class HttpVisit {
  readonly #facts: HttpFacts;
  readonly #url: ReturnType<typeof splitUrl>;
  readonly #from: number;
  #entry: Entry | undefined;
  #knock: Knock | undefined;
  #entered: Entered | undefined;
  #answered = false;

  constructor(readonly edge: HttpEdge, readonly request: FastifyRequest, readonly reply: FastifyReply) {
    this.#facts = factsOf(request, () => edge.parts.door.nextRequestId());
    this.#url = splitUrl(request.raw.url ?? '/');
    this.#from = edge.parts.clock.monotonicMs();
  }

  async run(): Promise<void> {
    try {
      const match = this.#found();
      this.#entry = match.route.entry;
      await this.#serve(match);
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#entered?.leave();
    }
  }

  #found(): Match {
    let found: ReturnType<Router['find']>;
    try {
      found = this.edge.router.find(this.request.method, this.#url.path);
    } catch {
      throw new RpcFailure('invalid', 'REQUEST_MALFORMED'); // a broken escape in the path
    }
    if (!found) throw new HttpRefusal(failureOf(gatewayErrors, 'ROUTE_UNKNOWN'), 404);
    if ('allowed' in found) throw new HttpRefusal(failureOf(gatewayErrors, 'METHOD_NOT_ALLOWED', { allow: found.allowed.join(', ') }), 405, { allow: found.allowed.join(', ') });
    return found;
  }

  async #serve(match: Match): Promise<void> {
    const { method } = match.route.entry;
    const request = new HttpRequest(match, this.request, this.#url.query);
    switch (method.methodKind) {
      case 'unary':
      case 'server_streaming': return this.#one(match, request);
      case 'client_streaming':
      case 'bidi_streaming': return this.#many(match, request);
    }
  }

  /** Methods with one request. */
  async #one(match: Match, request: HttpRequest): Promise<void> {
    const { method } = match.route.entry;
    const body = await readBody(this.request.raw, this.edge.parts.limits.bodyMaxBytes);
    let message: Message | undefined;
    const once = (): Message => (message ??= request.message(body));
    const entered = await this.#enter(match, body, () => toBinary(method.input, once()));
    const { rpc } = entered.namespace;
    if (method.methodKind === 'unary') await this.#answer(method, entered, await rpc.call(method as DescMethodUnary, once(), entered.context));
    else await this.#sendAll(method, entered, rpc.stream(method as DescMethodServerStreaming, once(), entered.context));
  }

  /** Methods with a stream of requests. A signature covers the whole body, so a signed one is read first, and small. */
  async #many(match: Match, request: HttpRequest): Promise<void> {
    const { method } = match.route.entry;
    const { bodyMaxBytes, uploadChunkBytes } = this.edge.parts.limits;
    const isSigned = /^vs-/i.test(text(this.request.headers.authorization));
    const whole = isSigned ? await readBody(this.request.raw, bodyMaxBytes) : undefined;
    const entered = await this.#enter(match, whole, undefined);
    const messages = request.messages(whole ? oneOf(whole) : piecesOf(this.request.raw), { chunkBytes: uploadChunkBytes, lineBytes: bodyMaxBytes });
    const { rpc } = entered.namespace;
    if (method.methodKind === 'client_streaming') await this.#answer(method, entered, await rpc.upload(method as DescMethodClientStreaming, messages, entered.context));
    else await this.#sendAll(method, entered, rpc.converse(method as DescMethodBiDiStreaming, messages, entered.context));
  }

  async #answer(method: DescMethod, entered: Entered, answer: Message): Promise<void> {
    await entered.floor();
    const body = jsonOf(method.output, answer);
    this.#succeed(() => void this.reply.code(200).headers({ ...apiHeaders(this.#facts, entered.limit), 'content-type': 'application/json; charset=utf-8' }).send(`${body}\n`));
  }

  async #sendAll(method: DescMethod, entered: Entered, answers: AsyncIterable<Message>): Promise<void> {
    const form = streamForm(method.output, text(this.request.headers.accept));
    const { clock, book, limits } = this.edge.parts;
    const out = new StreamOut(this.reply, form, { ...apiHeaders(this.#facts, entered.limit), ...form.headers, 'content-type': form.contentType }, clock, limits.keepAliveMs);
    try {
      for await (const answer of out.presence.whilePresent(answers)) {
        await entered.floor();
        await out.write(form.write(answer));
      }
      await entered.floor();
      this.#succeed(() => out.end());
    } catch (error) {
      if (!out.begun) throw error;
      this.#succeed(() => out.fail(explain(bare(error), this.edge.parts, { requestId: this.#facts.requestId, method: this.#entry!.name, traceparent: this.#entered?.context.trace }), this.#facts, book), error);
    } finally {
      out.leave();
    }
  }

  async #enter(match: Match, body: Buffer | undefined, requestBytes: (() => Uint8Array) | undefined): Promise<Entered> {
    const { request: { headers, ip }, reply } = this;
    const { entry } = match.route;
    this.#knock = {
      entry, peerIp: ip, locale: this.#facts.locale, requestId: this.#facts.requestId, callId: this.#facts.callId, traceparent: this.#facts.traceparent,
      authorization: headers.authorization ?? '', approvalId: text(headers['x-approval-id']), deadlineMs: deadlineOf(text(headers['x-deadline-ms'])),
      mode: this.#url.mode ?? modeHeader(text(headers['x-vouchsafe-mode'])), isStream: entry.method.methodKind !== 'unary',
      signed: () => body && { method: this.request.method, path: this.#url.rawPath, query: this.#url.query, body },
      ...(requestBytes && { requestBytes }),
      isGone: () => reply.raw.destroyed,
      onDue: () => this.#refuse(TOO_LATE),
    };
    const entered = await this.edge.parts.door.enter(this.#knock);
    this.#entered = entered;
    this.reply.raw.once('close', () => {
      if (!this.#answered) entered.call.abort(new Fault('CANCELLED', 'the caller hung up'));
    });
    return entered;
  }

  #succeed(answer: () => void, error?: unknown): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#end(error === undefined ? 'OK' : 'STREAM_FAILED', error === undefined ? 'ok' : 'unavailable');
    answer();
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#answered) return;
    let cause = bare(error);
    try {
      if (this.#entered) await this.#entered.floor();
      else if (this.#knock) await this.edge.parts.door.floorOf(this.#knock);
    } catch (unflushed) {
      cause = unflushed;
    }
    const extra: HttpExtra = error instanceof HttpRefusal ? { status: error.status, headers: error.headers } : {};
    this.#refuse(explain(cause, this.edge.parts, { requestId: this.#facts.requestId, method: this.#entry?.name ?? '', traceparent: this.#entered?.context.trace }), extra);
  }

  #refuse(refusal: Parameters<typeof sendProblem>[1], extra: HttpExtra = {}): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#end(refusal.code, refusal.kind);
    // What was not read of the body is not read any more: the connection ends with the answer.
    const { complete, headers } = this.request.raw;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    const unread: Record<string, string> = complete || !hasBody ? {} : { connection: 'close' };
    const traceparent = this.#entered?.context.trace ?? this.#facts.traceparent;
    void sendProblem(this.reply, refusal, { ...this.#facts, traceparent }, this.edge.parts.book, { ...extra, headers: { ...extra.headers, ...unread }, ...(this.#entered?.limit && { limit: this.#entered.limit }) });
  }

  #end(code: string, kind: string): void {
    if (this.#entered) this.#entered.call.over = true;
    const entry = this.#entry;
    if (entry) this.edge.metrics.get(entry)!.count(code, this.edge.parts.clock.monotonicMs() - this.#from, this.#entered?.span?.traceparent);
    this.#entered?.span?.end({ code, kind });
  }
}

/** What HTTP adds to a refusal taken off. */
const bare = (error: unknown): unknown => (error instanceof HttpRefusal ? error.failure : error);
const deadlineOf = (header: string): number | undefined => (/^\d{1,7}$/.test(header) ? Number(header) : undefined);
async function* oneOf(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
}
