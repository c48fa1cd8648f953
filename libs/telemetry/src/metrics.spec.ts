import { figuresBy } from './figures-by.js';
import { createMetrics, exposition } from './metrics.js';
import { measureProcess } from './process-metrics.js';

it('writes what was counted in Prometheus\' text format', () => {
  const metrics = createMetrics();
  const orders = metrics.counter('orders_total', 'Orders by end state.', ['state', 'reason']);
  orders.with('REJECTED', 'say "no"\n\\').inc();
  const completed = orders.with('COMPLETED', '');
  completed.inc();
  completed.inc(2);
  metrics.gauge('depth', 'How deep.').set(-1.5);
  const times = metrics.histogram('latency_seconds', 'How long.', { buckets: [0.1, 1], labels: ['method'] });
  for (const value of [0.05, 0.1, 0.5, 7]) times.with('PlaceOrder').observe(value);
  metrics.read('lag_events', 'Lag.', { labels: ['runner'], values: () => [{ labels: ['order'], value: 3 }] });
  metrics.read('up', 'Up.', { values: () => 1 });
  expect(metrics.text()).toBe(`# HELP orders_total Orders by end state.
# TYPE orders_total counter
orders_total{state="REJECTED",reason="say \\"no\\"\\n\\\\"} 1
orders_total{state="COMPLETED",reason=""} 3
# HELP depth How deep.
# TYPE depth gauge
depth -1.5
# HELP latency_seconds How long.
# TYPE latency_seconds histogram
latency_seconds_bucket{method="PlaceOrder",le="0.1"} 2
latency_seconds_bucket{method="PlaceOrder",le="1"} 3
latency_seconds_bucket{method="PlaceOrder",le="+Inf"} 4
latency_seconds_sum{method="PlaceOrder"} 7.65
latency_seconds_count{method="PlaceOrder"} 4
# HELP lag_events Lag.
# TYPE lag_events gauge
lag_events{runner="order"} 3
# HELP up Up.
# TYPE up gauge
up 1
`);
});

it('shows in OpenMetrics\' format which call took how long', () => {
  const metrics = createMetrics();
  metrics.counter('orders_total', 'Orders.', ['state']).with('COMPLETED').inc();
  const times = metrics.histogram('latency_seconds', 'How long.', { buckets: [0.1, 1] });
  times.observe(0.05, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  times.observe(0.5, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'); // not sampled: there is nothing to look at
  times.observe(0.6, 'nonsense');
  times.observe(7, '00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01');
  const told = exposition(metrics, 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3');
  expect(told.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(told.body).toBe(`# HELP orders Orders.
# TYPE orders counter
orders_total{state="COMPLETED"} 1
# HELP latency_seconds How long.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 0.05
latency_seconds_bucket{le="1"} 3
latency_seconds_bucket{le="+Inf"} 4 # {trace_id="1af7651916cd43dd8448eb211c80319c",span_id="c7ad6b7169203331"} 7
latency_seconds_sum 8.15
latency_seconds_count 4
# EOF
`);
  expect(exposition(metrics, undefined)).toEqual({ type: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.text() });
  expect(metrics.text()).not.toContain('trace_id');
});

it('tells of live and sandbox under one name each', () => {
  const metrics = createMetrics();
  const figures = figuresBy(metrics, 'mode');
  const [live, sandbox] = [figures('live'), figures('sandbox')];
  live.counter('orders_total', 'Orders.', ['state']).with('COMPLETED').inc();
  const orders = sandbox.counter('orders_total', 'Orders.', ['state']);
  orders.with('COMPLETED').inc();
  orders.with('COMPLETED').inc(2);
  live.read('stock', 'Stock.', { labels: ['product'], values: () => [{ labels: ['p'], value: 1 }] });
  sandbox.read('stock', 'Stock.', { labels: ['product'], values: () => [{ labels: ['p'], value: 2 }] });
  sandbox.read('stock', 'Stock.', { labels: ['product'], values: () => [{ labels: ['p'], value: 3 }] }); // started again
  expect(metrics.text().split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'orders_total{mode="live",state="COMPLETED"} 1', 'orders_total{mode="sandbox",state="COMPLETED"} 3', 'stock{mode="live",product="p"} 1', 'stock{mode="sandbox",product="p"} 3',
  ]);
});

it('does not grow with what is put into labels', () => {
  const metrics = createMetrics();
  const seen = metrics.counter('seen_total', 'x', ['who']);
  for (let i = 0; i < 5000; i++) seen.with(`p${i}`).inc();
  const lines = metrics.text().split('\n');
  expect(lines.length).toBeLessThan(1010);
  expect(lines).toContain('seen_total{who="other"} 4000');
});

it('refuses a name twice, a bad name, missing labels', () => {
  const metrics = createMetrics();
  metrics.counter('a_total', 'x');
  expect(() => metrics.gauge('a_total', 'x')).toThrow('once');
  expect(() => metrics.gauge('A-b', 'x')).toThrow('name');
  expect(() => metrics.counter('b_total', 'x', ['l']).inc()).toThrow('label');
});

it('measures the process', () => {
  const metrics = createMetrics();
  const end = measureProcess(metrics);
  expect(metrics.text()).toMatch(/process_resident_memory_bytes \d{7,}\n/);
  expect(metrics.text()).toMatch(/nodejs_eventloop_utilization [01]/);
  expect(metrics.text()).toMatch(/nodejs_heap_limit_bytes \d{8,}\n/);
  expect(metrics.text()).toMatch(/nodejs_eventloop_delay_seconds\{quantile="0.99"\} /);
  end();
});
