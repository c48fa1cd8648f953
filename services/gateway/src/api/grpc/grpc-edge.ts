import {
  type sendUnaryData, type Server, type ServerDuplexStream, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Fault } from '@vouchsafe/kernel';
import { drained, type ErrorBook, grpcPath, grpcStatusOf, type Locale, Presence, rawGrpcDefinition, type Refusal, requestsOf } from '@vouchsafe/rpc';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { Signed } from '../../application/credentials.js';
import type { Door, Entered, Knock } from '../../application/door.js';
import type { MethodMetrics } from '../../application/metrics.js';
import type { GatewayMetrics } from '../../application/metrics.js';
import type { Entry } from '../../application/method-table.js';
import { explain, TOO_LATE } from '../../application/refusals.js';
import { type AnyCall, header, languageOf, millisLeft, modeHeader, peerIpOf, requestIdOf, traceIdOf, traceparentOf } from '../call-facts.js';

export type GrpcEdgeParts = { readonly door: Door; readonly entries: readonly Entry[]; readonly book: ErrorBook; readonly log: Log; readonly clock: Clock; readonly metrics: GatewayMetrics };
type Bytes = Uint8Array;

/** Serves the method table over gRPC, by bytes: a request is decoded once, by its service, and an answer encoded once. */
export class GrpcEdge {
  readonly #parts: GrpcEdgeParts;

  constructor(parts: GrpcEdgeParts) {
    this.#parts = parts;
  }

  get entries(): readonly Entry[] {
    return this.#parts.entries;
  }

  addTo(server: Server): void {
    const byService = Map.groupBy(this.#parts.entries, ({ method }) => method.parent);
    for (const [service, entries] of byService) {
      const handlers: UntypedServiceImplementation = {};
      for (const entry of entries) handlers[entry.method.localName] = this.#handler(entry);
      server.addService(rawGrpcDefinition(service, entries.map(({ method }) => method)), handlers);
    }
  }

  #handler(entry: Entry): UntypedServiceImplementation[string] {
    const metrics = this.#parts.metrics.method(entry.name, 'grpc');
    switch (entry.method.methodKind) {
      case 'unary': return (call: ServerUnaryCall<Bytes, Bytes>, answer: sendUnaryData<Bytes>) => void this.#unary(entry, metrics, call, answer);
      case 'client_streaming': return (call: ServerReadableStream<Bytes, Bytes>, answer: sendUnaryData<Bytes>) => void this.#upload(entry, metrics, call, answer);
      case 'server_streaming': return (call: ServerWritableStream<Bytes, Bytes>) => void this.#stream(entry, metrics, call, call.request);
      case 'bidi_streaming': return (call: ServerDuplexStream<Bytes, Bytes>) => void this.#stream(entry, metrics, call, undefined);
    }
  }

  async #unary(entry: Entry, metrics: MethodMetrics, call: ServerUnaryCall<Bytes, Bytes>, answer: sendUnaryData<Bytes>): Promise<void> {
    const visit = this.#visit(entry, metrics, call, call.request, (told) => answer(told));
    try {
      const coming = visit.enter();
      const entered = coming instanceof Promise ? await coming : coming;
      call.once('cancelled', () => visit.hangUp());
      const bytes = await entered.namespace.rpc.callBytes(entry.method, call.request, entered.context);
      await entered.floor();
      visit.succeed(() => answer(null, bytes));
    } catch (error) {
      await visit.fail(error);
    } finally {
      visit.leave();
    }
  }

  async #upload(entry: Entry, metrics: MethodMetrics, call: ServerReadableStream<Bytes, Bytes>, answer: sendUnaryData<Bytes>): Promise<void> {
    const visit = this.#visit(entry, metrics, call, undefined, (told) => answer(told));
    try {
      const entered = await visit.enter();
      call.once('cancelled', () => visit.hangUp());
      const bytes = await entered.namespace.rpc.uploadBytes(entry.method, requestsOf(call), entered.context);
      await entered.floor();
      visit.succeed(() => answer(null, bytes));
    } catch (error) {
      await visit.fail(error);
    } finally {
      visit.leave();
    }
  }

  async #stream(entry: Entry, metrics: MethodMetrics, call: ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>, request: Bytes | undefined): Promise<void> {
    const visit = this.#visit(entry, metrics, call, request, (told) => call.emit('error', told));
    try {
      const entered = await visit.enter();
      const presence = new Presence();
      call.once('cancelled', () => {
        visit.hangUp();
        presence.leave();
      });
      if (call.cancelled) presence.leave();
      const { rpc } = entered.namespace;
      const answers = request ? rpc.streamBytes(entry.method, request, entered.context) : rpc.converseBytes(entry.method, requestsOf(call as ServerDuplexStream<Bytes, Bytes>), entered.context);
      for await (const bytes of presence.whilePresent(answers)) {
        await entered.floor();
        if (call.cancelled) break;
        if (!call.write(bytes)) await drained(call);
      }
      await entered.floor();
      visit.succeed(() => call.end());
    } catch (error) {
      await visit.fail(error);
    } finally {
      visit.leave();
    }
  }

  #visit(entry: Entry, metrics: MethodMetrics, call: AnyCall, request: Bytes | undefined, refuse: (told: Told) => void): Visit {
    return new Visit({ edge: this.#parts, entry, metrics, request }, call, refuse);
  }
}

type Told = ReturnType<typeof grpcStatusOf> & Error;
type VisitParts = { readonly edge: GrpcEdgeParts; readonly entry: Entry; readonly metrics: MethodMetrics; readonly request: Bytes | undefined };

/** One call on its way through, and what it knocks with: answered exactly once, by success, refusal or deadline. */
class Visit implements Knock {
  readonly entry: Entry;
  readonly peerIp: string;
  readonly locale: Locale;
  readonly authorization: string;
  readonly approvalId: string;
  readonly callId: string;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly mode: Namespace | undefined;
  readonly deadlineMs: number | undefined;
  readonly isStream: boolean;
  readonly #parts: VisitParts;
  readonly #call: AnyCall;
  readonly #refuse: (told: Told) => void;
  readonly #from: number;
  #answered = false;
  #succeeded = false;
  #entered: Entered | undefined = undefined;

  constructor(parts: VisitParts, call: AnyCall, refuse: (told: Told) => void) {
    const { edge: { door, clock }, entry } = parts;
    const { metadata } = call;
    this.#parts = parts;
    this.#call = call;
    this.#refuse = refuse;
    this.#from = clock.monotonicMs();
    this.entry = entry;
    this.peerIp = peerIpOf(call.getPeer());
    this.locale = languageOf(metadata);
    this.authorization = header(metadata, 'authorization');
    this.approvalId = entry.access.twoPersons ? header(metadata, 'x-approval-id') : '';
    this.callId = door.nextRequestId();
    this.requestId = requestIdOf(header(metadata, 'x-request-id')) ?? this.callId;
    this.traceparent = traceparentOf(header(metadata, 'traceparent'));
    this.mode = entry.isPublic ? modeHeader(header(metadata, 'x-vouchsafe-mode')) : undefined;
    this.deadlineMs = millisLeft(call.getDeadline(), clock.now());
    this.isStream = entry.method.methodKind !== 'unary';
  }

  signed(): Signed | undefined {
    const { entry, request } = this.#parts;
    return request && { method: 'POST', path: grpcPath(entry.method), query: '', body: request };
  }
  isGone(): boolean {
    return this.#call.cancelled;
  }
  onDue(): void {
    this.#tell(TOO_LATE);
  }

  enter(): Entered | Promise<Entered> {
    const entered = this.#parts.edge.door.enter(this);
    if (entered instanceof Promise) return entered.then((later) => (this.#entered = later));
    this.#entered = entered;
    return entered;
  }

  /** The caller went away; grpc-js tells so of calls that were answered, too. */
  hangUp(): void {
    if (!this.#succeeded) this.#entered?.call.abort(new Fault('CANCELLED', 'the caller hung up'));
  }

  succeed(answer: () => void): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#succeeded = true;
    this.#end('OK', 'ok');
    answer();
  }

  /** Tells the caller why not, once what this process knows is durable: a refusal tells of state too. */
  async fail(error: unknown): Promise<void> {
    if (this.#answered) return;
    let cause = error;
    try {
      await (this.#entered ? this.#entered.floor() : this.#parts.edge.door.floorOf(this));
    } catch (unflushed) {
      cause = unflushed;
    }
    this.#tell(explain(cause, this.#parts.edge, { requestId: this.requestId, method: this.entry.name, traceparent: this.#entered?.context.trace }));
  }

  #tell(refusal: Refusal): void {
    if (this.#answered) return;
    this.#answered = true;
    const status = this.#statusOf(refusal);
    this.#end(refusal.code, refusal.kind);
    this.#refuse(Object.assign(new Error(status.details), status));
  }

  /** A refusal that cannot be written (a bug of whoever refused) must not go unanswered, and must not end the process. */
  #statusOf(refusal: Refusal): ReturnType<typeof grpcStatusOf> {
    const { book, log } = this.#parts.edge;
    const { requestId, locale, traceparent, entry } = this;
    const facts = { book, locale, requestId, traceId: traceIdOf(this.#entered?.context.trace ?? traceparent) };
    try {
      return grpcStatusOf(refusal, facts);
    } catch (error) {
      log.error({ requestId, method: entry.name, code: refusal.code, error: String(error) }, 'a refusal could not be written');
      return grpcStatusOf({ kind: 'internal', code: 'INTERNAL', details: {}, fields: [] }, facts);
    }
  }

  #end(code: string, kind: string): void {
    if (this.#entered) this.#entered.call.over = true;
    this.#parts.metrics.count(code, this.#parts.edge.clock.monotonicMs() - this.#from, this.#entered?.span?.traceparent);
    this.#entered?.span?.end({ code, kind });
  }

  leave(): void {
    this.#entered?.leave();
  }
}
