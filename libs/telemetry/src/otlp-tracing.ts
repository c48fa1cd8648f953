import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, type SpanExporter, SimpleSpanProcessor, TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { formatTraceparent, parseTraceparent } from './traceparent.js';
import type { Attributes, RunningSpan, Tracing } from './tracing.js';

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

  async inSpan<T>(name: string, { attributes = {}, parent }: { readonly attributes?: Attributes; readonly parent?: string }, work: (span: RunningSpan) => Promise<T>): Promise<T> {
    const span = this.#begin(name, attributes, parent);
    try {
      return await work({ traceparent: traceparentOf(span), set: (attribute, value) => void span.setAttribute(attribute, value) });
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      span.end();
    }
  }

  start(name: string, attributes: Attributes, parent: string | undefined): { readonly traceparent: string; end(outcome: { readonly code: string; readonly kind: string }): void } {
    const span = this.#begin(name, attributes, parent);
    return {
      traceparent: traceparentOf(span),
      end: ({ code, kind }) => {
        span.setAttributes({ 'outcome.code': code, 'outcome.kind': kind });
        if (FAILED.includes(kind)) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
        span.end();
      },
    };
  }

  #begin(name: string, attributes: Attributes, parent: string | undefined): Span {
    return this.#provider.getTracer('vouchsafe').startSpan(name, { attributes: { ...attributes } }, contextOf(parent));
  }

  async stop(): Promise<void> {
    await this.#provider.shutdown();
  }
}

const contextOf = (parent: string | undefined): Context => {
  const known = parseTraceparent(parent);
  if (!known) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = known;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true });
};

const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
};
