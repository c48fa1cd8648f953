/** A span that runs. Attributes hold no secrets and no personal data. */
export type RunningSpan = {
  /** To be carried on: in a call's context, a command, an event. Undefined while tracing is off. */
  readonly traceparent: string | undefined;
  set(attribute: string, value: string | number | boolean): void;
};
/** How a call ended: `ok`, or the kind and code of its "no". */
export type SpanOutcome = { readonly code: string; readonly kind: string };
/** A span whose end is told from elsewhere (a call at the edge, a batch of events). */
export type CallSpan = { readonly traceparent: string; end(outcome: SpanOutcome): void };
export type Attributes = Readonly<Record<string, string | number | boolean>>;
/** Which end of a way between services it is; OpenTelemetry's words. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type SpanOptions = {
  readonly attributes?: Attributes;
  /** `traceparent` of the span it is part of; without one a trace begins. */
  readonly parent?: string | undefined;
  readonly kind?: SpanKind;
  /** `traceparent`s of what it works on together: a batch is part of none of its events' traces alone. */
  readonly links?: readonly string[];
};

/**
 * Spans with explicit parents: what a span belongs to travels as `traceparent` in contexts, commands and events, never in
 * something global. Off unless an exporter is configured; then {@link Tracing.inSpan} only calls its function.
 */
export interface Tracing {
  readonly enabled: boolean;
  /** Runs `work` in a span. A thrown Fault or Bug marks it failed; a rejection is data, so set it as an attribute. */
  inSpan<T>(name: string, options: SpanOptions, work: (span: RunningSpan) => Promise<T>): Promise<T>;
  start(name: string, attributes: Attributes, parent: string | undefined, more?: Pick<SpanOptions, 'kind' | 'links'>): CallSpan;
  /** Sends what is left; at most some seconds. */
  stop(): Promise<void>;
}

const idle: RunningSpan = { traceparent: undefined, set: () => {} };

/** Tracing that is off. A call's `traceparent` is handed on as it came. */
export const noTracing: Tracing = {
  enabled: false,
  inSpan: (_name, { parent }, work) => work(parent === undefined ? idle : { traceparent: parent, set: idle.set }),
  start: (_name, _attributes, parent) => ({ traceparent: parent ?? '', end: () => {} }),
  stop: async () => {},
};
