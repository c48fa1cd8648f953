import type { Admission } from './admission.js';

/** Upper bounds of the latency histogram, milliseconds. */
const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 30_000] as const;

/** Counts of one method over one transport. */
export class MethodMetrics {
  readonly outcomes = new Map<string, number>();
  readonly buckets = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  sumMs = 0;

  constructor(readonly method: string, readonly transport: 'grpc' | 'http') {}

  /** One call that ended: `OK` or a code of the catalogue. */
  count(code: string, ms: number): void {
    this.outcomes.set(code, (this.outcomes.get(code) ?? 0) + 1);
    this.sumMs += ms;
    let i = 0;
    while (i < BOUNDS_MS.length && ms > BOUNDS_MS[i]!) i++;
    this.buckets[i]!++;
  }
}

/** The gateway's own figures, printed in Prometheus' text format. */
export class GatewayMetrics {
  readonly #methods: MethodMetrics[] = [];

  method(name: string, transport: 'grpc' | 'http'): MethodMetrics {
    const metrics = new MethodMetrics(name, transport);
    this.#methods.push(metrics);
    return metrics;
  }

  print(admissions: readonly (readonly [string, Admission])[], deadlines: number): string {
    const lines = ['# TYPE vouchsafe_calls_total counter'];
    const used = this.#methods.filter(({ outcomes }) => outcomes.size > 0);
    for (const { method, transport, outcomes } of used) {
      for (const [code, count] of outcomes) lines.push(`vouchsafe_calls_total{method="${method}",transport="${transport}",code="${code}"} ${count}`);
    }
    lines.push('# TYPE vouchsafe_call_duration_ms histogram');
    for (const metrics of used) lines.push(...histogram(metrics));
    lines.push('# TYPE vouchsafe_calls_in_flight gauge', '# TYPE vouchsafe_calls_waiting gauge', '# TYPE vouchsafe_streams_open gauge', '# TYPE vouchsafe_calls_shed_total counter');
    for (const [mode, { inFlight, waiting, streams, refused }] of admissions) {
      lines.push(
        `vouchsafe_calls_in_flight{mode="${mode}"} ${inFlight}`, `vouchsafe_calls_waiting{mode="${mode}"} ${waiting}`,
        `vouchsafe_streams_open{mode="${mode}"} ${streams}`, `vouchsafe_calls_shed_total{mode="${mode}"} ${refused}`,
      );
    }
    lines.push('# TYPE vouchsafe_deadlines_pending gauge', `vouchsafe_deadlines_pending ${deadlines}`);
    return `${lines.join('\n')}\n`;
  }
}

const histogram = ({ method, transport, buckets, sumMs }: MethodMetrics): string[] => {
  const labels = `method="${method}",transport="${transport}"`;
  let below = 0;
  const lines = buckets.map((count, i) => {
    below += count;
    return `vouchsafe_call_duration_ms_bucket{${labels},le="${BOUNDS_MS[i] ?? '+Inf'}"} ${below}`;
  });
  return [...lines, `vouchsafe_call_duration_ms_sum{${labels}} ${sumMs}`, `vouchsafe_call_duration_ms_count{${labels}} ${below}`];
};
