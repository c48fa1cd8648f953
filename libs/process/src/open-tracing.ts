import type { Clock, Log } from '@vouchsafe/runtime';
import { startTracing, type Tracing } from '@vouchsafe/telemetry';

const VERSION = '0.1.0';
/** OpenTelemetry's own names. */
export type TracingConfig = { readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined; readonly OTEL_TRACES_SAMPLER_ARG: number };
/** A collector that does not answer must not hold up the end of the process. */
const STOP_MS = 3_000;

/** Tracing as configured: off, at no cost, unless a collector is named. Stopping it takes bounded time and never fails. */
export const openTracing = async ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: sampleRatio }: TracingConfig, clock: Clock, log: Log, name = 'vouchsafe'): Promise<Tracing> => {
  const tracing = await startTracing({ name, version: VERSION }, { ...(endpoint !== undefined && { endpoint }), sampleRatio });
  if (!tracing.enabled) return tracing;
  return {
    enabled: true,
    inSpan: (name, options, work) => tracing.inSpan(name, options, work),
    start: (name, attributes, parent) => tracing.start(name, attributes, parent),
    stop: () => stopInTime(tracing, clock, log),
  };
};

const stopInTime = async (tracing: Tracing, clock: Clock, log: Log): Promise<void> => {
  const over = new AbortController();
  const sent = tracing.stop().then(() => true, (error: unknown) => {
    log.warn({ error: String(error) }, 'the last spans could not be sent');
    return true;
  });
  const inTime = await Promise.race([sent, clock.sleep(STOP_MS, over.signal).then(() => false)]);
  over.abort();
  if (!inTime) log.warn({}, 'the collector takes too long; the last spans are given up');
};
