import type { DescService } from '@bufbuild/protobuf';
import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import type { BytesRpc, Catalogue } from '@vouchsafe/rpc';
import type { Clock, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';
import type { Metrics, Tracing } from '@vouchsafe/telemetry';

/** One namespace as the gateway sees it: whom to ask, and until when replies wait. */
export type GatewayNamespace = {
  readonly rpc: BytesRpc;
  /** Its head and durability only: the gateway reads no stream. */
  readonly store: Pick<EventStore, 'head' | 'durable'>;
  /** Where access tells of changed principals. */
  readonly bus: Pick<Bus, 'subscribe'>;
  /** The namespace's own clock: deadlines are told to services in its time. */
  readonly clock: Pick<Clock, 'now'>;
};

/** What the gateway is given. */
export type GatewayPorts = {
  readonly namespaces: Partial<Readonly<Record<Namespace, GatewayNamespace>>>;
  /** All services whose public methods it serves. */
  readonly services: readonly DescService[];
  /** What their codes mean. */
  readonly catalogues: readonly Catalogue[];
  /** Names of the modules it serves: they run before it and stop after it. */
  readonly needs?: readonly string[];
  /** The clock on the wall. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** A span per call, where tracing is on. */
  readonly tracing?: Tracing;
  /** The process's figures, told at /metrics with the gateway's own. */
  readonly metrics?: Metrics;
  /** Reasons why this process should get no traffic yet; none = ready. */
  readonly notReady?: () => readonly string[];
};
