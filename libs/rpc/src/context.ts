import type { Instant } from '@vouchsafe/kernel';
import type { Namespace } from '@vouchsafe/runtime';

/** Who calls, as the gateway (or a service, for itself) established it. Never built from what a request says. */
export type Caller = {
  readonly principalId: string;
  readonly kind: 'person' | 'service' | 'channel' | 'terminal' | 'auditor';
  readonly namespace: Namespace;
  /** The channel a channel principal acts as. */
  readonly channelId?: string;
  readonly terminalId?: string;
  readonly credentialId?: string;
  readonly permissions: ReadonlySet<string>;
};

/** What travels with every call besides its request. */
export type CallContext = {
  readonly caller: Caller;
  /** Unique per call at the door; shown in every error. */
  readonly requestId: string;
  readonly deadline: Instant;
  readonly locale: 'zh' | 'en';
  readonly trace?: string;
  /** The second person's approval of exactly this request, where one was needed and the gateway checked it. */
  readonly approvalId?: string;
  readonly signal?: AbortSignal | undefined;
};

/** The same call in another's name, or with a nearer deadline. The signal stays unmade until somebody asks for it: most nobody does. */
export const callAs = (context: CallContext, caller: Caller, deadline: Instant = context.deadline): CallContext =>
  new CallAs(context, caller, { deadline, trace: context.trace });
/** The same call told in another trace. */
export const callIn = (context: CallContext, trace: string): CallContext => new CallAs(context, context.caller, { deadline: context.deadline, trace });

class CallAs implements CallContext {
  readonly deadline: Instant;
  readonly requestId: string;
  readonly locale: 'zh' | 'en';
  readonly trace?: string;
  readonly approvalId?: string;
  readonly #context: CallContext;
  constructor(context: CallContext, readonly caller: Caller, { deadline, trace }: { readonly deadline: Instant; readonly trace: string | undefined }) {
    this.#context = context;
    this.deadline = deadline;
    this.requestId = context.requestId;
    this.locale = context.locale;
    if (trace !== undefined) this.trace = trace;
    if (context.approvalId !== undefined) this.approvalId = context.approvalId;
  }
  get signal(): AbortSignal | undefined {
    return this.#context.signal;
  }
}

/** A service calling on its own behalf: all permissions of internal methods, none of a person's. */
export const serviceCaller = (name: string, namespace: Namespace): Caller => ({
  principalId: `svc_${name}`, kind: 'service', namespace, permissions: new Set(['internal']),
});
