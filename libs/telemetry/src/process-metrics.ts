import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Metrics } from './metrics.js';

/** What the process itself costs: memory, processor time, how long its event loop is held up. Answers how to end the measuring. */
export const measureProcess = (metrics: Metrics): (() => void) => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const NS = 1e9;
  metrics.read('process_resident_memory_bytes', 'Resident memory.', { values: () => process.memoryUsage.rss() });
  metrics.read('nodejs_heap_used_bytes', 'Used heap.', { values: () => process.memoryUsage().heapUsed });
  metrics.read('nodejs_heap_limit_bytes', 'Heap there may be at most; beyond it the process dies.', { values: () => getHeapStatistics().heap_size_limit });
  let before = performance.eventLoopUtilization();
  metrics.read('nodejs_eventloop_utilization', 'Share of the time that the event loop worked, since the last fetch: 1 is saturated.', { values: () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  } });
  metrics.read('process_cpu_seconds_total', 'Processor time, user and system.', { type: 'counter', values: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  } });
  metrics.read('nodejs_eventloop_delay_seconds', 'How late the event loop is, since the last fetch.', {
    labels: ['quantile'],
    values: () => {
      const now = ['50', '99', '100'].map((q) => ({ labels: [`0.${q}`.replace('0.100', '1')], value: delay.percentile(Number(q)) / NS }));
      delay.reset();
      return now;
    },
  });
  return () => void delay.disable();
};
