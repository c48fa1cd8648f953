import type { StoreStats } from '@vouchsafe/event-store';
import type { Log, Namespace, Stop, Timers } from '@vouchsafe/runtime';
import { type Metrics, measureProcess, type Reading } from '@vouchsafe/telemetry';
import type { LogFollower } from './followers.js';
import type { RunningNamespace } from './namespace.js';

type Observed = Pick<RunningNamespace, 'namespace' | 'store' | 'followers' | 'bus'>;
/** Parked messages lie on the disk: they are counted now and then, not at every fetch. */
const PARKED_EVERY_MS = 5_000;

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

const measureFollowers = (metrics: Metrics, namespaces: readonly Observed[]): void => {
  const read = (name: string, help: string, of: (follower: LogFollower) => number): void =>
    metrics.read(name, help, {
      labels: ['mode', 'service', 'part'],
      values: () => namespaces.flatMap(({ namespace, followers }): readonly Reading[] =>
        followers().map((follower) => ({ labels: [namespace, follower.service, follower.part], value: of(follower) }))),
    });
  read('vouchsafe_projection_lag_events', 'Events in the log that a service has not taken up, about', (follower) => follower.lag().events);
  read('vouchsafe_projection_lag_seconds', 'How old the event is that a service has reached, 0 where it has caught up', (follower) => follower.lag().ageMs / 1000);
  read('vouchsafe_projection_failing', '1 where a service does not get on with the log', (follower) => Number(follower.failing() !== undefined));
  read('vouchsafe_projection_documents_halted', 'Documents that stand still until they are rebuilt', (follower) => follower.halted());
};

const countParked = (metrics: Metrics, namespaces: readonly Observed[], timers: Timers, log: Log): Stop => {
  const counts = new Map<Namespace, { readonly messages: number; readonly halted: number }>();
  const count = async (): Promise<void> => {
    for (const { namespace, bus } of namespaces) counts.set(namespace, await bus.parking.count());
  };
  const onError = (error: unknown): void => log.warn({ error: String(error) }, 'parked messages cannot be counted');
  const readings = (of: (parked: { readonly messages: number; readonly halted: number }) => number) => (): readonly Reading[] =>
    [...counts].map(([namespace, parked]) => ({ labels: [namespace], value: of(parked) }));
  metrics.read('vouchsafe_parked_messages', 'Messages that could not be handled, and those behind them', { labels: ['mode'], values: readings(({ messages }) => messages) });
  metrics.read('vouchsafe_parked_targets', 'Streams and commands that stand still for a parked message', { labels: ['mode'], values: readings(({ halted }) => halted) });
  count().catch(onError);
  return timers.every(PARKED_EVERY_MS, count, onError);
};
