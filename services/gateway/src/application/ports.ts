import type { DescService } from '@bufbuild/protobuf';
import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import type { BytesRpc, Catalogue } from '@vouchsafe/rpc';
import type { Clock, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';

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

/** A span per call, where telemetry is on. */
export type CallSpan = { readonly traceparent: string; end(outcome: { readonly code: string; readonly kind: string }): void };
export type CallTracer = { start(name: string, attributes: Readonly<Record<string, string>>, traceparent: string | undefined): CallSpan };

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
  readonly tracer?: CallTracer;
  /** Lines in Prometheus' text format, added to the gateway's own at /metrics. */
  readonly metrics?: () => Promise<string>;
  /** Reasons why this process should get no traffic yet; none = ready. */
  readonly notReady?: () => readonly string[];
};
