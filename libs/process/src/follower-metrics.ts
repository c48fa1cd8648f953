import type { Parking } from '@vouchsafe/bus';
import type { Log, Namespace, Stop, Timers } from '@vouchsafe/runtime';
import type { Metrics, Reading } from '@vouchsafe/telemetry';
import type { LogFollower } from './followers.js';

/** What is measured of a namespace, whatever its adapters. */
export type Observed = { readonly namespace: Namespace; readonly followers: () => readonly LogFollower[]; readonly bus: { readonly parking: Parking } };
/** Parked messages lie on a disk: they are counted now and then, not at every fetch. */
const PARKED_EVERY_MS = 5_000;

/** Registers how far views and publishers are behind the log, and whether they get on. */
export const measureFollowers = (metrics: Metrics, namespaces: readonly Pick<Observed, 'namespace' | 'followers'>[]): void => {
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

/** Registers how many messages are parked; counts until stopped. */
export const countParked = (metrics: Metrics, namespaces: readonly Pick<Observed, 'namespace' | 'bus'>[], timers: Timers, log: Log): Stop => {
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
