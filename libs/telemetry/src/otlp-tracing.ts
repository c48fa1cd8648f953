import { type Context, type Link, ROOT_CONTEXT, type Span, SpanKind as OtelKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, type SpanExporter, SimpleSpanProcessor, TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { withinTrace } from './current-trace.js';
import { formatTraceparent, parseTraceparent, type TraceParent } from './traceparent.js';
import type { Attributes, CallSpan, RunningSpan, SpanKind, SpanOptions, Tracing } from './tracing.js';

export type OtlpOptions = {
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Base address of a collector that speaks OTLP over HTTP, e.g. `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** Share of new traces that are recorded, 0 to 1; a caller's own decision goes first. */
  readonly sampleRatio: number;
  /** In tests: takes each span at once instead of sending it. */
  readonly exporter?: SpanExporter;
};

/** Kinds whose span counts as failed; any other "no" is an answer. */
const FAILED: readonly string[] = ['unavailable', 'aborted', 'bug', 'internal'];

/** Tracing that sends to a collector, in batches, beside the work. Nothing of OpenTelemetry's global state is touched. */
export const otlpTracing = (options: OtlpOptions): Tracing => new OtlpTracing(options);

class OtlpTracing implements Tracing {
  readonly enabled = true;
  readonly #provider: BasicTracerProvider;

  constructor({ serviceName, serviceVersion, endpoint, sampleRatio, exporter }: OtlpOptions) {
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': serviceVersion }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [exporter ? new SimpleSpanProcessor(exporter) : new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }))],
    });
  }

  async inSpan<T>(name: string, options: SpanOptions, work: (span: RunningSpan) => Promise<T>): Promise<T> {
    const span = this.#begin(name, options);
    const traceparent = traceparentOf(span);
    try {
      return await withinTrace(traceparent, () => work({ traceparent, set: (attribute, value) => void span.setAttribute(attribute, value) }));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      span.end();
    }
  }

  start(name: string, attributes: Attributes, parent: string | undefined, more: Pick<SpanOptions, 'kind' | 'links'> = {}): CallSpan {
    const span = this.#begin(name, { kind: 'server', ...more, attributes, parent });
    return {
      traceparent: traceparentOf(span),
      end: ({ code, kind }) => {
        span.setAttributes({ 'outcome.code': code, 'outcome.kind': kind });
        if (FAILED.includes(kind)) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
        span.end();
      },
    };
  }

  #begin(name: string, { attributes, parent, kind = 'internal', links = [] }: SpanOptions): Span {
    return this.#provider.getTracer('vouchsafe').startSpan(name, { attributes: { ...attributes }, kind: KINDS[kind], links: links.flatMap(linkTo) }, contextOf(parent));
  }

  async stop(): Promise<void> {
    await this.#provider.shutdown();
  }
}

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL, server: OtelKind.SERVER, client: OtelKind.CLIENT, producer: OtelKind.PRODUCER, consumer: OtelKind.CONSUMER,
};

const remote = ({ traceId, spanId, sampled }: TraceParent) => ({ traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true });
const linkTo = (traceparent: string): Link[] => {
  const known = parseTraceparent(traceparent);
  return known ? [{ context: remote(known) }] : [];
};
const contextOf = (parent: string | undefined): Context => {
  const known = parseTraceparent(parent);
  return known ? trace.setSpanContext(ROOT_CONTEXT, remote(known)) : ROOT_CONTEXT;
};

const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
};
