import type { DescMethod } from '@bufbuild/protobuf';
import { grpcPath } from '@vouchsafe/rpc';
import type { Clock, Log } from '@vouchsafe/runtime';
import { type Metrics, TIME_BUCKETS_S, type Tracing } from '@vouchsafe/telemetry';
import { peerNamesOf } from './certificates.js';
import type { Admitted, ServerCall } from './incoming.js';
import { contextOf, deadlineOf, tokenIn } from './metadata.js';
import { isInternal } from './method-policy.js';
import { peerRefused } from './status.js';
import { GATEWAY, type TokenVerifier } from './token-verifier.js';

export type AdmissionOptions = {
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly certificates?: object | undefined;
  readonly tracing?: Tracing | undefined;
  readonly metrics?: Metrics | undefined;
  readonly unaryMs: number;
  readonly streamMs: number;
};
export type Admission = (call: ServerCall, method: DescMethod, signal: () => AbortSignal) => Admitted;

/**
 * Lets a call in whose token holds: signed by a key we trust, for us, of this namespace, in time, and by the very process on the
 * other end of the connection. Internal methods are for services: the gateway reaches them in its own name only.
 */
export const admission = (options: AdmissionOptions): Admission => {
  const { verifier, clock, log, certificates, tracing, unaryMs, streamMs } = options;
  const measure = measuring(options);
  return (call, method, signal) => {
    const verified = verifier.verify(tokenIn(call.metadata), certificates ? peerOf(call) : undefined);
    const refused = verified.ok ? (isInternal(method) && verified.issuer === GATEWAY && !verified.caller.permissions.has('internal') ? 'INTERNAL_ONLY' : undefined) : verified.reason;
    if (!verified.ok || refused) {
      log.warn({ method: grpcPath(method), reason: refused, peer: call.getPeer() }, 'a caller was not taken');
      throw peerRefused(refused!);
    }
    const context = contextOf(call.metadata, verified, deadlineOf(call.getDeadline(), clock.now(), method.methodKind === 'unary' ? unaryMs : streamMs), signal);
    const end = measure(method);
    const span = tracing?.enabled ? tracing.start(grpcPath(method), { 'vouchsafe.principal': context.caller.principalId, 'vouchsafe.request': context.requestId }, context.trace) : undefined;
    return {
      context: span ? withTrace(context, span.traceparent) : context,
      end: (outcome) => {
        end(outcome.code, span?.traceparent);
        span?.end(outcome);
      },
    };
  };
};

const withTrace = (context: Admitted['context'], trace: string): Admitted['context'] => {
  const { caller, requestId, deadline, locale, approvalId } = context;
  return { caller, requestId, deadline, locale, trace, ...(approvalId !== undefined && { approvalId }), get signal() { return context.signal; } };
};

const peerOf = (call: ServerCall): readonly string[] => {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate ? peerNamesOf(certificate) : [];
};

const measuring = ({ metrics, clock }: AdmissionOptions): ((method: DescMethod) => (code: string, trace: string | undefined) => void) => {
  if (!metrics) return () => () => {};
  const times = metrics.histogram('vouchsafe_rpc_served_seconds', 'How long calls of other services took', { buckets: TIME_BUCKETS_S, labels: ['method'] });
  const counts = metrics.counter('vouchsafe_rpc_served_total', 'Calls of other services, by how they ended', ['method', 'code']);
  return (method) => {
    const from = clock.monotonicMs();
    const name = grpcPath(method).slice(1);
    return (code, trace) => {
      times.with(name).observe((clock.monotonicMs() - from) / 1000, trace);
      counts.with(name, code).inc();
    };
  };
};
