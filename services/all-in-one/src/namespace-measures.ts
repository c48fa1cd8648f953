import type { Bus } from '@vouchsafe/bus';
import { busMeasures } from '@vouchsafe/process';
import type { Clock, Figures, Namespace } from '@vouchsafe/runtime';
import { figuresBy, type Histogram, type Metrics, TIME_BUCKETS_S } from '@vouchsafe/telemetry';

/** What a namespace is measured with while it runs. */
export type NamespaceMeasures = { readonly figures: Figures; readonly bus: (bus: Bus) => Bus; readonly flushes: Histogram };

/** For each namespace of the process, by its name. */
export const namespaceMeasures = (metrics: Metrics, clock: Clock): ((namespace: Namespace) => NamespaceMeasures) => {
  const [figures, buses] = [figuresBy(metrics, 'mode'), busMeasures(metrics, clock)];
  const flushes = metrics.histogram('vouchsafe_log_flush_seconds', 'How long it took until what was written to the log was safe', { buckets: TIME_BUCKETS_S, labels: ['mode'] });
  return (namespace) => ({ figures: figures(namespace), bus: (bus) => buses(bus, namespace), flushes: flushes.with(namespace) });
};
