/** What a W3C `traceparent` says. */
export type TraceParent = { readonly traceId: string; readonly spanId: string; readonly sampled: boolean };

const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Undefined where the text is none: a trace is then begun anew, a caller's mistake here refuses nothing. */
export const parseTraceparent = (text: string | undefined): TraceParent | undefined => {
  const [, traceId, spanId, flags] = (text !== undefined && FORM.exec(text)) || [];
  return traceId === undefined ? undefined : { traceId, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
};

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceParent): string => `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
