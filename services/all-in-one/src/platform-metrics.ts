import type { StoreStats } from '@vouchsafe/event-store';
import { countParked, measureFollowers } from '@vouchsafe/process';
import type { Log, Stop, Timers } from '@vouchsafe/runtime';
import { type Metrics, measureProcess } from '@vouchsafe/telemetry';
import type { RunningNamespace } from './namespace.js';

type Observed = Pick<RunningNamespace, 'namespace' | 'store' | 'followers' | 'bus'>;

const LOG_FIGURES: Readonly<Record<string, readonly [help: string, of: (stats: StoreStats) => number]>> = {
  vouchsafe_log_events: ['Events there are', ({ events }) => events],
  vouchsafe_log_events_appended: ['Events appended since this start', ({ eventsAppended }) => eventsAppended],
  vouchsafe_log_bytes_written: ['Bytes written to the log since this start', ({ bytesWritten }) => bytesWritten],
  vouchsafe_log_flushes: ['Flushes of the log since this start', ({ flushes }) => flushes],
  vouchsafe_log_segments: ['Segments of the log', ({ segments }) => segments],
  vouchsafe_log_recent_bytes: ['Bytes of newest events held in memory', ({ recentBytes }) => recentBytes],
  vouchsafe_log_short_of_space: ['1 where the log cannot grow: writes are refused, or soon will be', ({ shortOfSpace }) => Number(shortOfSpace)],
};

/** Registers the figures of the process and of every namespace; ends with what is returned. */
export const measurePlatform = (metrics: Metrics, namespaces: readonly Observed[], timers: Timers, log: Log): Stop => {
  const endProcess = measureProcess(metrics);
  measureLogs(metrics, namespaces);
  measureFollowers(metrics, namespaces);
  const endParked = countParked(metrics, namespaces, timers, log);
  return async () => {
    endProcess();
    await endParked();
  };
};

const measureLogs = (metrics: Metrics, namespaces: readonly Observed[]): void => {
  for (const [name, [help, of]] of Object.entries(LOG_FIGURES)) {
    metrics.read(name, help, { labels: ['mode'], values: () => namespaces.map(({ namespace, store }) => ({ labels: [namespace], value: of(store.stats()) })) });
  }
};
