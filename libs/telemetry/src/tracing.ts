/** A span that runs. Attributes hold no secrets and no personal data. */
export type RunningSpan = {
  /** To be carried on: in a call's context, a command, an event. Undefined while tracing is off. */
  readonly traceparent: string | undefined;
  set(attribute: string, value: string | number | boolean): void;
};
/** How a call ended: `ok`, or the kind and code of its "no". */
export type SpanOutcome = { readonly code: string; readonly kind: string };
/** A span whose end is told from elsewhere (a call at the edge). */
export type CallSpan = { readonly traceparent: string; end(outcome: SpanOutcome): void };
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/**
 * Spans with explicit parents: what a span belongs to travels as `traceparent` in contexts, commands and events, never in
 * something global. Off unless an exporter is configured; then {@link Tracing.inSpan} only calls its function.
 */
export interface Tracing {
  readonly enabled: boolean;
  /** Runs `work` in a span. A thrown Fault or Bug marks it failed; a rejection is data, so set it as an attribute. */
  inSpan<T>(name: string, options: { readonly attributes?: Attributes; readonly parent?: string }, work: (span: RunningSpan) => Promise<T>): Promise<T>;
  start(name: string, attributes: Attributes, parent: string | undefined): CallSpan;
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

/** For the bus (`around`): a span per command handled. */
export const aroundCommand =
  (tracing: Tracing) =>
  <M extends { readonly id: string; readonly target: string; readonly body: unknown; readonly trace?: string }, O extends { readonly ok: boolean }>(
    message: M, handle: () => Promise<O>,
  ): Promise<O> =>
    tracing.inSpan(`${message.target} ${commandName(message.body)}`, { attributes: { 'command.id': message.id }, ...(message.trace !== undefined && { parent: message.trace }) }, async (span) => {
      const outcome = await handle();
      span.set('command.outcome', outcome.ok ? 'ok' : 'code' in outcome ? String(outcome.code) : 'refused');
      return outcome;
    });

const commandName = (body: unknown): string => {
  const name = (body as { readonly name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : 'command';
};
