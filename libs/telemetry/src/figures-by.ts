import type { Counted, Figures } from '@vouchsafe/runtime';
import type { Counter, Labelled, Metrics, Reading } from './metrics.js';

type Values = () => readonly Reading[];
/** Counters kept at hand, so that one that is used often costs a look into a map. */
const AT_HAND_MAX = 1_000;

/**
 * The registry as several parts of one process see it, each under its own value of `label` (live and sandbox, say): what they name
 * alike is one family. Whoever registers a reading again replaces its own.
 */
export const figuresBy = (metrics: Metrics, label: string): ((part: string) => Figures) => {
  const counters = new Map<string, Labelled<Counter>>();
  const readings = new Map<string, Map<string, Values>>();
  return (part) => ({
    counter: (name, help, labels) => {
      let family = counters.get(name);
      if (!family) counters.set(name, (family = metrics.counter(name, help, [label, ...labels])));
      return atHand(family, part);
    },
    read: (name, help, { labels, values }) => {
      let parts = readings.get(name);
      if (!parts) {
        const all = new Map<string, Values>();
        readings.set(name, (parts = all));
        metrics.read(name, help, { labels: [label, ...labels], values: () => [...all].flatMap(([of, read]) => read().map((one) => ({ labels: [of, ...one.labels], value: one.value }))) });
      }
      parts.set(part, values);
    },
  });
};

const atHand = (family: Labelled<Counter>, part: string): Counted => {
  const known = new Map<string, Counter>();
  return {
    with: (...values) => {
      const key = values.join('\n');
      let counter = known.get(key);
      if (!counter) {
        counter = family.with(part, ...values);
        if (known.size < AT_HAND_MAX) known.set(key, counter);
      }
      return counter;
    },
  };
};
