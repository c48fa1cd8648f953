import { noTracing, type Tracing } from './tracing.js';

/** What is read of the environment; OpenTelemetry's own names. */
export type TracingSettings = { readonly endpoint?: string; readonly sampleRatio?: number };

/** On where an exporter's address is given, else off: then no code of OpenTelemetry is even loaded. */
export const startTracing = async (service: { readonly name: string; readonly version: string }, { endpoint, sampleRatio = 1 }: TracingSettings): Promise<Tracing> => {
  if (endpoint === undefined || endpoint === '') return noTracing;
  const { otlpTracing } = await import('./otlp-tracing.js');
  return otlpTracing({ serviceName: service.name, serviceVersion: service.version, endpoint, sampleRatio });
};
