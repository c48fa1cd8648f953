export { otlpStandIn, type OtlpStandIn, type SentSpan } from './otlp-stand-in.js';
export { lineageOf, type RecordedSpan, recordedTracing } from './recorded-tracing.js';
