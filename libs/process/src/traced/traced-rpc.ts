import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { type BytesRpc, type CallContext, callIn, grpcPath, refusalOf, type Rpc } from '@vouchsafe/rpc';
import { type CallSpan, type SpanOutcome, type Tracing, withinTrace } from '@vouchsafe/telemetry';

type AnyHandler = (request: unknown, context: CallContext) => unknown;
const OK: SpanOutcome = { code: 'OK', kind: 'ok' };

/** Calls whose handlers run in a span of their own, under their caller's. The calls themselves where tracing is off. */
export const tracedRpc = <R extends Rpc>(rpc: R, tracing: Tracing): R | (Rpc & BytesRpc) => (tracing.enabled && isBytes(rpc) ? served(rpc, (method, handler) => inSpan(tracing, method, handler)) : rpc);

/** Calls whose spans the adapter makes: what their handlers tell a log carries the trace. */
export const withinTraces = <R extends BytesRpc>(rpc: R, tracing: Tracing): BytesRpc => (tracing.enabled ? served(rpc, (_method, handler) => (request, context) => withinTrace(context.trace, () => handler(request, context))) : rpc);

const isBytes = (rpc: Rpc): rpc is BytesRpc => 'callBytes' in rpc;

const served = (rpc: BytesRpc, around: (method: DescMethod, handler: AnyHandler) => AnyHandler): BytesRpc => ({
  serve: <S extends DescService>(service: S, handlers: Parameters<typeof rpc.serve<S>>[1]) => {
    const given = handlers as Readonly<Record<string, AnyHandler>>;
    rpc.serve(service, Object.fromEntries(service.methods.map((method) => [method.localName, around(method, given[method.localName]!)])) as typeof handlers);
  },
  call: (...args) => rpc.call(...args), stream: (...args) => rpc.stream(...args), upload: (...args) => rpc.upload(...args), converse: (...args) => rpc.converse(...args),
  callBytes: (...args) => rpc.callBytes(...args), streamBytes: (...args) => rpc.streamBytes(...args), uploadBytes: (...args) => rpc.uploadBytes(...args), converseBytes: (...args) => rpc.converseBytes(...args),
});

const inSpan = (tracing: Tracing, method: DescMethod, handler: AnyHandler): AnyHandler => {
  const isOne = method.methodKind === 'unary' || method.methodKind === 'client_streaming';
  return (request, context) => {
    const span = tracing.start(grpcPath(method), { 'vouchsafe.principal': context.caller.principalId, 'vouchsafe.request': context.requestId }, context.trace);
    const within = callIn(context, span.traceparent);
    const answer = withinTrace(span.traceparent, () => handler(request, within));
    return isOne ? answered(answer as Promise<unknown>, span) : answers(answer as AsyncIterable<unknown>, span);
  };
};

const answered = async (answer: Promise<unknown>, span: CallSpan): Promise<unknown> => {
  try {
    const given = await answer;
    span.end(OK);
    return given;
  } catch (error) {
    span.end(refusalOf(error));
    throw error;
  }
};
async function* answers(given: AsyncIterable<unknown>, span: CallSpan): AsyncIterable<unknown> {
  let outcome = OK;
  try {
    yield* given;
  } catch (error) {
    outcome = refusalOf(error);
    throw error;
  } finally {
    span.end(outcome);
  }
}
