import type { KafkaBus } from '@vouchsafe/bus-kafka';
import type { GrpcRpc } from '@vouchsafe/rpc-grpc';
import type { Log, Namespace, Stop, Timers } from '@vouchsafe/runtime';
import type { Metrics } from '@vouchsafe/telemetry';

/** Lag is asked of the broker: now and then, not at every fetch. */
const LAG_EVERY_MS = 5_000;

export type Connected = { readonly namespace: Namespace; readonly bus: Pick<KafkaBus, 'lag' | 'health'>; readonly rpc: Pick<GrpcRpc, 'silent'> };

/** Registers how far this service's consumer groups are behind, forged messages, and services that do not answer; ends with what is returned. */
export const measureConnections = (metrics: Metrics, { namespace, bus, rpc }: Connected, timers: Timers, log: Log): Stop => {
  let lag: Readonly<Record<string, number>> = {};
  const ask = async (): Promise<void> => void (lag = await bus.lag());
  const onError = (error: unknown): void => log.warn({ error: String(error) }, 'the lag of consumers cannot be asked for');
  metrics.read('vouchsafe_consumer_lag_messages', 'Messages that a consumer group of this service has not taken up', {
    labels: ['mode', 'group'], values: () => Object.entries(lag).map(([group, value]) => ({ labels: [namespace, group], value })),
  });
  metrics.read('vouchsafe_bus_problems', 'What is wrong with the bus just now, 1 per kind', {
    labels: ['mode', 'code'], values: () => [...new Set(bus.health().problems.map(({ code }) => code))].map((code) => ({ labels: [namespace, code], value: 1 })),
  });
  metrics.read('vouchsafe_forged_messages_total', 'Commands and questions that nobody trusted had signed, since this start', { type: 'counter', values: () => bus.health().forged });
  metrics.read('vouchsafe_rpc_silent', '1 for a service that did not answer of late and is left alone for a moment', { labels: ['service'], values: () => rpc.silent().map((service) => ({ labels: [service], value: 1 })) });
  ask().catch(onError);
  return timers.every(LAG_EVERY_MS, ask, onError);
};
