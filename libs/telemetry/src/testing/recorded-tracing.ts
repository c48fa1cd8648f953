import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { otlpTracing } from '../otlp-tracing.js';
import type { Tracing } from '../tracing.js';

/** A span that ended, as tests look at it. */
export type RecordedSpan = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Span it is part of. */
  readonly parent: string | undefined;
  /** Traces it is linked to. */
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** The real tracing, with an exporter that keeps what it is given. */
export const recordedTracing = (): { readonly tracing: Tracing; readonly spans: () => readonly RecordedSpan[] } => {
  const exporter = new Kept();
  const tracing = otlpTracing({ serviceName: 'vouchsafe', serviceVersion: '1', endpoint: 'http://127.0.0.1:1', sampleRatio: 1, exporter });
  return { tracing, spans: () => exporter.kept.map(recordedSpan) };
};

/** What an exporter in memory forgets when it is shut down is what a test wants to look at then. */
class Kept extends InMemorySpanExporter {
  readonly kept: ReadableSpan[] = [];
  override export(...[spans, done]: Parameters<InMemorySpanExporter['export']>): void {
    this.kept.push(...spans);
    super.export(spans, done);
  }
}

const recordedSpan = (span: ReadableSpan): RecordedSpan => {
  const { name, parentSpanContext, links, attributes } = span;
  const { traceId, spanId } = span.spanContext();
  return { name, traceId, spanId, parent: parentSpanContext?.spanId, links: links.map(({ context }) => context.traceId), attributes };
};

/** Names of the spans a span is within, from the outermost to itself. Stops where a span's parent was not recorded. */
export const lineageOf = (spans: readonly Pick<RecordedSpan, 'name' | 'spanId' | 'parent'>[], span: Pick<RecordedSpan, 'name' | 'parent'>): readonly string[] => {
  const above = spans.find(({ spanId }) => spanId === span.parent);
  return above ? [...lineageOf(spans, above), span.name] : [span.name];
};
