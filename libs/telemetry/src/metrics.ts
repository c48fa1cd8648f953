import { invariant } from '@vouchsafe/kernel';
import { parseTraceparent } from './traceparent.js';

export type Counter = { inc(by?: number): void };
export type Gauge = { set(value: number): void };
/** `traceparent`: of the call that took so long; shown as an exemplar to who asks in OpenMetrics' format. */
export type Histogram = { observe(value: number, traceparent?: string): void };
/** A metric per combination of label values. Keep what it answers where it is used often: then a count costs an addition. */
export type Labelled<M> = { with(...values: readonly string[]): M };
/** A value read when it is asked for; one per combination of label values. */
export type Reading = { readonly labels: readonly string[]; readonly value: number };

export type Format = 'prometheus' | 'openmetrics';

/** Counts and measures of one process, for Prometheus to fetch. Names follow its rules: unit last, `_total` for counts. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Labelled<Counter> & Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Labelled<Gauge> & Gauge;
  /** `buckets`: upper bounds, ascending. */
  histogram(name: string, help: string, options: { readonly buckets: readonly number[]; readonly labels?: readonly string[] }): Labelled<Histogram> & Histogram;
  /** A gauge (or a count, where the type says so) that is read at every fetch. */
  read(name: string, help: string, options: { readonly labels?: readonly string[]; readonly type?: 'gauge' | 'counter'; readonly values: () => number | readonly Reading[] }): void;
  /** Everything, in Prometheus' text format 0.0.4 or in OpenMetrics 1.0, which has exemplars. */
  text(format?: Format): string;
}

/** Times from 0.1 ms to 10 s, in seconds. */
export const TIME_BUCKETS_S: readonly number[] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Label values are few by design; those beyond are counted together, so that a mistake cannot eat the memory. */
const SERIES_MAX = 1000;
const OTHER = 'other';
const NAME = /^[a-z][a-z0-9_]*$/;

type Lines = (name: string, format: Format) => string;
type Family = { readonly help: string; readonly type: string; readonly lines: Lines };

const OPENMETRICS = 'application/openmetrics-text';
/** What is told to a scraper, by what it says it takes (its `accept` header). */
export const exposition = (metrics: Metrics, accept: string | undefined): { readonly type: string; readonly body: string } =>
  (accept?.includes(OPENMETRICS)
    ? { type: `${OPENMETRICS}; version=1.0.0; charset=utf-8`, body: metrics.text('openmetrics') }
    : { type: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.text() });

export const createMetrics = (): Metrics => new Registry();

class Registry implements Metrics {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: readonly string[] = []): Labelled<Counter> & Counter {
    const series = new Series(labels, () => new Value());
    this.#add(name, { help, type: 'counter', lines: (family) => series.lines((tags, { value }) => line(family, tags, value)) });
    const bare = labels.length === 0 ? series.with() : undefined;
    return { with: (...values) => series.with(...values), inc: (by) => (bare ?? series.with()).inc(by) };
  }

  gauge(name: string, help: string, labels: readonly string[] = []): Labelled<Gauge> & Gauge {
    const series = new Series(labels, () => new Value());
    this.#add(name, { help, type: 'gauge', lines: (family) => series.lines((tags, { value }) => line(family, tags, value)) });
    return { with: (...values) => series.with(...values), set: (value) => series.with().set(value) };
  }

  histogram(name: string, help: string, { buckets, labels = [] }: { readonly buckets: readonly number[]; readonly labels?: readonly string[] }): Labelled<Histogram> & Histogram {
    invariant(buckets.every((bound, i) => i === 0 || bound > buckets[i - 1]!), 'buckets ascend');
    const series = new Series(labels, () => new Distribution(buckets));
    this.#add(name, { help, type: 'histogram', lines: (family, format) => series.lines((tags, distribution) => distribution.lines(family, tags, format)) });
    const bare = labels.length === 0 ? series.with() : undefined;
    return { with: (...values) => series.with(...values), observe: (value, traceparent) => (bare ?? series.with()).observe(value, traceparent) };
  }

  read(name: string, help: string, { labels = [], type = 'gauge', values }: Parameters<Metrics['read']>[2]): void {
    this.#add(name, { help, type, lines: (family) => {
      const now = values();
      if (typeof now === 'number') return line(family, '', now);
      return now.slice(0, SERIES_MAX).map((reading) => line(family, tagsOf(labels, reading.labels), reading.value)).join('');
    } });
  }

  #add(name: string, family: Family): void {
    invariant(NAME.test(name), 'a metric has a name of small letters, digits and underscores');
    invariant(!this.#families.has(name), `metric ${name} is registered once`);
    this.#families.set(name, family);
  }

  text(format: Format = 'prometheus'): string {
    const families = [...this.#families].map(([name, family]) => headOf(name, family, format) + family.lines(name, format)).join('');
    return format === 'openmetrics' ? `${families}# EOF\n` : families;
  }
}

/** OpenMetrics names a count's family without the ending that its samples have. */
const headOf = (name: string, { help, type }: Family, format: Format): string => {
  const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  return `# HELP ${family} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${family} ${type}\n`;
};

class Series<M> {
  readonly #labels: readonly string[];
  readonly #make: () => M;
  readonly #byTags = new Map<string, M>();

  constructor(labels: readonly string[], make: () => M) {
    invariant(labels.every((label) => NAME.test(label)), 'a label has a name of small letters, digits and underscores');
    this.#labels = labels;
    this.#make = make;
  }

  with(...values: readonly string[]): M {
    let tags = tagsOf(this.#labels, values);
    if (!this.#byTags.has(tags) && this.#byTags.size >= SERIES_MAX) tags = tagsOf(this.#labels, this.#labels.map(() => OTHER));
    let metric = this.#byTags.get(tags);
    if (metric === undefined) this.#byTags.set(tags, (metric = this.#make()));
    return metric;
  }

  lines(write: (tags: string, metric: M) => string): string {
    return [...this.#byTags].map(([tags, metric]) => write(tags, metric)).join('');
  }
}

class Value implements Counter, Gauge {
  value = 0;
  inc(by = 1): void {
    this.value += by;
  }
  set(value: number): void {
    this.value = value;
  }
}

class Distribution implements Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  /** The newest call of each bucket whose trace is known; the last is of what is beyond all bounds. */
  readonly #exemplars: (Exemplar | undefined)[] = [];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number, traceparent?: string): void {
    this.#sum += value;
    this.#count++;
    let i = 0;
    while (i < this.#bounds.length && value > this.#bounds[i]!) i++;
    if (i < this.#bounds.length) this.#counts[i]!++;
    if (traceparent !== undefined) this.#exemplars[i] = { value, traceparent };
  }

  lines(name: string, tags: string, format: Format): string {
    let below = 0;
    const bucket = (le: string, count: number, i: number): string => {
      const told = line(`${name}_bucket`, withTag(tags, `le="${le}"`), count);
      const exemplar = format === 'openmetrics' ? this.#exemplars[i] : undefined;
      return exemplar ? `${told.trimEnd()}${exemplarText(exemplar)}\n` : told;
    };
    const buckets = this.#bounds.map((bound, i) => bucket(String(bound), (below += this.#counts[i]!), i));
    return `${buckets.join('')}${bucket('+Inf', this.#count, this.#bounds.length)}${line(`${name}_sum`, tags, this.#sum)}${line(`${name}_count`, tags, this.#count)}`;
  }
}

type Exemplar = { readonly value: number; readonly traceparent: string };
const exemplarText = ({ value, traceparent }: Exemplar): string => {
  const trace = parseTraceparent(traceparent);
  return trace?.sampled ? ` # {trace_id="${trace.traceId}",span_id="${trace.spanId}"} ${numberText(value)}` : '';
};

const tagsOf = (labels: readonly string[], values: readonly string[]): string => {
  invariant(labels.length === values.length, 'a metric is given a value for each of its labels');
  return labels.map((label, i) => `${label}="${values[i]!.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`).join(',');
};
const withTag = (tags: string, tag: string): string => (tags === '' ? tag : `${tags},${tag}`);
const line = (name: string, tags: string, value: number): string => `${name}${tags === '' ? '' : `{${tags}}`} ${numberText(value)}\n`;
const numberText = (value: number): string => (value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value));
