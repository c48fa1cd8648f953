export { lineageOf, type RecordedSpan, recordedTracing } from './recorded-tracing.js';
