import type { Counter, Histogram, Labelled, Metrics } from '@vouchsafe/telemetry';
import type { Admission } from './admission.js';
import type { Deadlines } from './in-flight.js';

/** Upper bounds of the time to an answer, in seconds. */
const BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30];

/** Counts of one method over one transport; what is used often is looked up once. */
export class MethodMetrics {
  readonly #codes = new Map<string, Counter>();
  #time: Histogram | undefined;

  constructor(readonly labels: readonly [method: string, transport: string], readonly calls: Labelled<Counter>, readonly seconds: Labelled<Histogram>) {}

  /** One call that ended: `OK` or a code of the catalogue; where it was traced, in which trace. */
  count(code: string, ms: number, traceparent: string | undefined): void {
    let counter = this.#codes.get(code);
    if (!counter) this.#codes.set(code, (counter = this.calls.with(...this.labels, code)));
    counter.inc();
    this.#time ??= this.seconds.with(...this.labels); // methods nobody calls fill no page
    this.#time.observe(ms / 1000, traceparent);
  }
}

/** The gateway's figures in the process's registry. */
export class GatewayMetrics {
  readonly #calls: Labelled<Counter>;
  readonly #seconds: Labelled<Histogram>;

  constructor(registry: Metrics, admissions: readonly (readonly [mode: string, Admission])[], deadlines: Deadlines) {
    this.#calls = registry.counter('vouchsafe_calls_total', 'Calls that ended, by code', ['method', 'transport', 'code']);
    this.#seconds = registry.histogram('vouchsafe_call_seconds', 'Time to the answer', { buckets: BUCKETS_S, labels: ['method', 'transport'] });
    const read = (name: string, help: string, of: (admission: Admission) => number): void =>
      registry.read(name, help, { labels: ['mode'], values: () => admissions.map(([mode, admission]) => ({ labels: [mode], value: of(admission) })) });
    read('vouchsafe_calls_in_flight', 'Calls worked on now', ({ inFlight }) => inFlight);
    read('vouchsafe_calls_waiting', 'Calls waiting for their turn', ({ waiting }) => waiting);
    read('vouchsafe_streams_open', 'Streams open now', ({ streams }) => streams);
    read('vouchsafe_calls_shed', 'Calls refused for want of room since the start', ({ refused }) => refused);
    registry.read('vouchsafe_deadlines_pending', 'Calls whose deadline is watched', { values: () => deadlines.size });
  }

  method(name: string, transport: 'grpc' | 'http'): MethodMetrics {
    return new MethodMetrics([name, transport], this.#calls, this.#seconds);
  }
}
