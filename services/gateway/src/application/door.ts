import { accessEvents } from '@vouchsafe/contracts';
import { type Instant, plusMs } from '@vouchsafe/kernel';
import { type CallContext, type Caller, failureOf, type Locale, RpcFailure } from '@vouchsafe/rpc';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { CallSpan, Tracing } from '@vouchsafe/telemetry';
import { Admission, type AdmissionLimits, type Release } from './admission.js';
import { type CredentialLimits, Credentials, type Known, modeOf, type Shown } from './credentials.js';
import { gatewayErrors } from './errors.js';
import { Deadlines, InFlight } from './in-flight.js';
import type { Entry } from './method-table.js';
import type { GatewayNamespace, GatewayPorts } from './ports.js';
import type { RateLimit } from './rate-limit.js';
import { needsApproval, requireApproval } from './two-persons.js';

export type DoorLimits = {
  readonly admission: Readonly<Record<Namespace, AdmissionLimits>>;
  readonly credentials: CredentialLimits;
  readonly defaultDeadlineMs: number; readonly maxDeadlineMs: number;
};
/** Who knocks, with what. */
export type Knock = Shown & {
  readonly entry: Entry;
  /** What the caller is told to ask about: its own id, where it brought one. */
  readonly requestId: string;
  /** Ours, never given twice: services derive ids from it. */
  readonly callId: string;
  readonly locale: Locale;
  readonly approvalId: string;
  readonly traceparent: string | undefined;
  /** Milliseconds the caller gives; undefined: the default. */
  readonly deadlineMs: number | undefined;
  /** Which mode a call without credential is for, where it says. */
  readonly mode: Namespace | undefined;
  /** Unary calls and those with one request hold a place; streams are counted apart and have no deadline of ours. */
  readonly isStream: boolean;
  /** Whether the caller hung up meanwhile. */
  isGone(): boolean;
  /** Called once, when the deadline passed before {@link Entered.leave}. */
  onDue(): void;
};
/** Somebody who was let in. */
export type Entered = {
  readonly namespace: GatewayNamespace;
  readonly mode: Namespace;
  readonly context: CallContext;
  readonly call: InFlight;
  readonly limit: RateLimit | undefined;
  readonly span: CallSpan | undefined;
  /** Settles when everything this process decided so far is durable: no reply goes before. */
  floor(): Promise<void>;
  /** Gives the place back, once the work is done; twice is harmless. */
  leave(): void;
};

type Side = { readonly namespace: GatewayNamespace; readonly credentials: Credentials; readonly admission: Admission };
/** Streams end by hanging up; what a service asks on their behalf has its own deadlines. */
const STREAM_MS = 24 * 3_600_000;
const UNKNOWN_CALLER = { permissions: new Set<string>(), kind: 'service', principalId: 'anonymous' } as const;

/** Where every call comes in, over gRPC and HTTP alike: who, may they, is there room, until when. */
export class Door {
  readonly #sides: Partial<Readonly<Record<Namespace, Side>>>;
  readonly #clock: Clock;
  readonly #limits: DoorLimits;
  readonly #tracing: Tracing | undefined;
  readonly #anonymous: Partial<Record<Namespace, Caller>> = {};
  readonly #requestPrefix: string;
  #requests = 0;
  readonly deadlines: Deadlines;

  constructor({ namespaces, clock, tracing, random, log }: Pick<GatewayPorts, 'namespaces' | 'clock' | 'tracing' | 'random' | 'log'>, limits: DoorLimits) {
    const sides: Partial<Record<Namespace, Side>> = {};
    for (const mode of ['live', 'sandbox'] as const) {
      const namespace = namespaces[mode];
      if (!namespace) continue;
      const credentials = new Credentials(mode, namespace, clock, limits.credentials);
      sides[mode] = { namespace, credentials, admission: new Admission(limits.admission[mode]) };
      this.#anonymous[mode] = { ...UNKNOWN_CALLER, namespace: mode };
      forgetChanged(mode, namespace, credentials, log);
    }
    this.#sides = sides;
    this.#clock = clock;
    this.#limits = limits;
    this.#tracing = tracing?.enabled ? tracing : undefined;
    this.#requestPrefix = `req_${random.bytes(6).toString('hex')}`;
    this.deadlines = new Deadlines(clock);
  }

  /** The sides by mode, for metrics. */
  get admissions(): readonly (readonly [Namespace, Admission])[] {
    return (Object.keys(this.#sides) as Namespace[]).map((mode) => [mode, this.#sides[mode]!.admission]);
  }

  /** An id for a call that brought none: unique across starts, cheap. */
  nextRequestId(): string {
    return `${this.#requestPrefix}${(++this.#requests).toString(36)}`;
  }

  /** Lets a call in, at once where nothing has to be asked or waited for; throws or rejects with why not. Whoever enters leaves. */
  enter(knock: Knock): Entered | Promise<Entered> {
    const { mode, side } = this.#sideOf(knock);
    if (knock.entry.isPublic) return this.#admit(knock, mode, side, undefined);
    const known = side.credentials.cached(knock);
    if (known) return this.#known(knock, mode, side, known);
    return side.credentials.ask(knock, knock.requestId).then((fresh) => this.#known(knock, mode, side, fresh));
  }

  #known(knock: Knock, mode: Namespace, side: Side, known: Known): Entered | Promise<Entered> {
    const { permission } = knock.entry;
    if (permission !== '' && !known.caller.permissions.has(permission)) throw new RpcFailure('forbidden', 'PERMISSION_MISSING', { permission });
    const waitMs = known.limit.take(this.#clock.monotonicMs());
    if (waitMs > 0) throw new RpcFailure('throttled', 'RATE_LIMITED', {}, { retryAfterMs: waitMs });
    try {
      const entered = this.#admit(knock, mode, side, known);
      return entered instanceof Promise ? entered.catch((error: unknown) => refused(known, error)) : entered;
    } catch (error) {
      return refused(known, error);
    }
  }

  /** What a refused call waits for before it is told: refusals read state too. */
  async floorOf(knock: Pick<Knock, 'authorization' | 'entry' | 'mode'>): Promise<void> {
    const mode = modeOf(knock.authorization) ?? knock.mode;
    const namespace = mode && this.#sides[mode]?.namespace;
    if (namespace) await namespace.store.durable(namespace.store.head());
  }

  #sideOf({ entry, authorization, mode: told }: Knock): { readonly mode: Namespace; readonly side: Side } {
    const mode = entry.isPublic ? (told ?? (this.#sides.live ? 'live' : 'sandbox')) : modeOf(authorization);
    if (mode === undefined) throw new RpcFailure('unauthenticated', authorization === '' ? 'CREDENTIAL_MISSING' : 'CREDENTIAL_INVALID');
    // Who says sandbox must not find himself in live for having pasted the other key.
    if (told !== undefined && told !== mode) throw new RpcFailure('unauthenticated', 'WRONG_NAMESPACE');
    const side = this.#sides[mode];
    if (!side) throw failureOf(gatewayErrors, 'MODE_UNAVAILABLE', { mode });
    return { mode, side };
  }

  #admit(knock: Knock, mode: Namespace, { namespace, admission }: Side, known: Known | undefined): Entered | Promise<Entered> {
    const caller = known?.caller ?? this.#anonymous[mode]!;
    const deadlineMs = Math.min(knock.deadlineMs ?? this.#limits.defaultDeadlineMs, this.#limits.maxDeadlineMs);
    const call = new InFlight(knock.isStream ? Infinity : this.#clock.monotonicMs() + deadlineMs, knock);
    const key = caller.channelId ?? caller.principalId;
    const place = knock.isStream ? admission.open(key) : admission.enter(key, call);
    this.deadlines.add(call);
    const letting = { mode, namespace, caller, call, deadlineMs, known };
    if (typeof place === 'function' && !needsApproval(knock.entry, caller)) return this.#entered(knock, { ...letting, release: place });
    return this.#whenAllowed(knock, letting, place);
  }

  async #whenAllowed(knock: Knock, letting: Omit<Letting, 'release'>, place: Release | Promise<Release>): Promise<Entered> {
    let release: Release | undefined;
    try {
      release = await place;
      if (needsApproval(knock.entry, letting.caller)) await requireApproval(knock, letting.caller, letting.namespace);
      return this.#entered(knock, { ...letting, release });
    } catch (error) {
      release?.();
      this.deadlines.remove(letting.call);
      throw error;
    }
  }

  #entered(knock: Knock, { mode, namespace, caller, call, deadlineMs, known, release }: Letting): Entered {
    const { entry, requestId, callId, locale, traceparent, approvalId } = knock;
    const span = this.#tracing?.start(entry.name, { 'vouchsafe.mode': mode, 'vouchsafe.principal': caller.principalId, 'vouchsafe.request': requestId }, traceparent);
    const trace = span?.traceparent ?? traceparent;
    const deadline = plusMs(namespace.clock.now(), knock.isStream ? STREAM_MS : deadlineMs);
    const context = new EnteredContext(call, caller, { requestId: callId, deadline, locale });
    if (trace !== undefined) context.trace = trace;
    if (approvalId !== '' && needsApproval(entry, caller)) context.approvalId = approvalId;
    return new Visitor({ mode, namespace, call, release, limit: known?.limit, deadlines: this.deadlines }, context, span);
  }
}

class EnteredContext implements CallContext {
  readonly requestId: string;
  readonly deadline: Instant;
  readonly locale: Locale;
  trace?: string;
  approvalId?: string;
  readonly #call: InFlight;
  constructor(call: InFlight, readonly caller: Caller, { requestId, deadline, locale }: Pick<CallContext, 'requestId' | 'deadline' | 'locale'>) {
    this.#call = call;
    this.requestId = requestId;
    this.deadline = deadline;
    this.locale = locale;
  }
  get signal(): AbortSignal {
    return this.#call.signal;
  }
}

type Held = Pick<Entered, 'mode' | 'namespace' | 'call' | 'limit'> & { readonly release: Release; readonly deadlines: Deadlines };
class Visitor implements Entered {
  readonly namespace: GatewayNamespace;
  readonly mode: Namespace;
  readonly call: InFlight;
  readonly limit: RateLimit | undefined;
  readonly #held: Held;
  #left = false;
  constructor(held: Held, readonly context: CallContext, readonly span: CallSpan | undefined) {
    this.namespace = held.namespace;
    this.mode = held.mode;
    this.call = held.call;
    this.limit = held.limit;
    this.#held = held;
  }
  floor(): Promise<void> {
    const { store } = this.namespace;
    return store.durable(store.head());
  }
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#held.deadlines.remove(this.call);
    this.#held.release();
    this.limit?.done();
  }
}
type Letting = {
  readonly mode: Namespace; readonly namespace: GatewayNamespace; readonly caller: Caller; readonly call: InFlight; readonly deadlineMs: number;
  readonly known: Known | undefined; readonly release: Release;
};

/** A caller who was counted and then not let in. */
const refused = ({ limit }: Known, error: unknown): never => {
  limit.done();
  throw error;
};

/** What access tells about a principal ends what is remembered of it. */
const forgetChanged = (mode: Namespace, { bus }: GatewayNamespace, credentials: Credentials, log: Log): void => {
  bus.subscribe(`gateway-credentials`, ['access'], async ({ type, data }) => {
    const event = accessEvents.decode(type, data);
    if (event?.type === 'PrincipalChanged') credentials.forget(event.principalId);
    log.debug({ mode, type }, 'heard from access');
  });
};
