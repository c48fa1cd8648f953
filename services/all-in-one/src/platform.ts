import path from 'node:path';
import type { SandboxKeys } from '@vouchsafe/access';
import { CATALOGUES } from '@vouchsafe/gateway/catalogues';
import { createGateway, type Gateway, gatewayConfig, type GatewayNamespace } from '@vouchsafe/gateway';
import type { Fault } from '@vouchsafe/kernel';
import { Closers, openTracing, PUBLIC_SERVICES } from '@vouchsafe/process';
import { type Clock, clockTimers, type Disk, type Log, type Namespace, systemClock, systemRandom } from '@vouchsafe/runtime';
import { createMetrics, noTracing, type Tracing } from '@vouchsafe/telemetry';
import type { PlatformConfig } from './config.js';
import { dyingDisk, parseDyingPoint } from './dying-disk.js';
import { openEsdb } from './esdb.js';
import { type RunningNamespace, startNamespace } from './namespace.js';
import type { NamespacePlaces } from './open-namespace.js';
import { namespaceMeasures } from './namespace-measures.js';
import { measurePlatform } from './platform-metrics.js';
import { Readiness } from './readiness.js';
import { SANDBOX_PROVIDER, type SandboxTempers, startSandboxProviders } from './sandbox-providers.js';

export type PlatformOptions = {
  readonly config: PlatformConfig;
  readonly log: Log;
  /** Simulated in a trace. */
  readonly clock?: Clock;
  /** The log failed; the process must end. */
  readonly onFatal: (fault: Fault) => void;
  /** Instead of the one that follows from `config`. */
  readonly tracing?: Tracing;
  readonly sandbox?: SandboxTempers;
  /** Around the log's disk, for tests and measurements; no configuration reaches it. */
  readonly around?: (disk: Disk) => Disk;
  /** Settings of the gateway laid over those that follow from `config`. */
  readonly gateway?: Readonly<Record<string, unknown>>;
};
/** The whole platform, running in this process. */
export type Platform = {
  readonly http: string;
  readonly grpc: string;
  /** For clients of EventStoreDB, where it is configured. */
  readonly esdb: string | undefined;
  readonly namespaces: ReadonlyMap<Namespace, RunningNamespace>;
  readonly gateway: Gateway;
  /** Keys that anybody on this machine may play with; sandbox only. */
  sandboxKeys(channels: readonly string[], terminals: readonly string[]): Promise<SandboxKeys>;
  stop(): Promise<void>;
};

/** Starts the configured namespaces, the sandbox's providers and the gateway. What was started is stopped again when a later step fails. */
export const startPlatform = async (options: PlatformOptions): Promise<Platform> => {
  const { config, log } = options;
  const clock = options.clock ?? systemClock();
  const wall = systemClock();
  const closers = new Closers();
  try {
    const tracing = options.tracing ?? (await openTracing(config, wall, log));
    closers.add(() => tracing.stop());
    const notices: { url?: string } = {};
    const metrics = createMetrics();
    const namespaces = await startNamespaces({ ...options, clock, tracing, measures: namespaceMeasures(metrics, wall) }, () => notices.url, closers);
    const running = [...namespaces.values()];
    closers.add(measurePlatform(metrics, running, clockTimers(wall), log));
    const readiness = new Readiness(running, wall, log);
    closers.add(() => readiness.stop());
    const gateway = createGateway(
      {
        namespaces: doors(namespaces), services: PUBLIC_SERVICES, catalogues: CATALOGUES, clock: wall, timers: clockTimers(wall), random: systemRandom(), log, tracing, metrics,
        notReady: () => readiness.reasons(),
      },
      gatewayConfig.parse({ ...gatewaySettings(config), ...options.gateway }),
    );
    for (const { begin } of running) await begin();
    readiness.start();
    closers.add(() => gateway.stop());
    await gateway.start();
    const { http, grpc } = gateway.addresses();
    // The provider brings no key, so the path says which mode its notices are for.
    notices.url = `${http}/sandbox/v1/payments/notices/${SANDBOX_PROVIDER}`;
    const esdb = await openEsdb(config, namespaces, wall, log);
    if (esdb) closers.add(() => esdb.close());
    return {
      http, grpc, esdb: esdb?.url, namespaces, gateway, stop: () => closers.closeAll(),
      sandboxKeys: async (channels, terminals) => {
        const sandbox = namespaces.get('sandbox');
        if (!sandbox) throw new Error('the sandbox is not composed');
        return sandbox.access.bootstrap.sandbox({ channels, terminals });
      },
    };
  } catch (error) {
    return closers.closeAfter(error);
  }
};

/** One namespace with all its services but without the gateway, for local commands on a stopped directory. Its events flow. */
export const namespaceAlone = async (options: Pick<PlatformOptions, 'config' | 'log' | 'onFatal'>, namespace: Namespace): Promise<RunningNamespace> => {
  const closers = new Closers();
  try {
    const config = { ...options.config, VOUCHSAFE_NAMESPACES: [namespace] };
    const started = await startNamespaces({ ...options, config, clock: systemClock(), tracing: noTracing }, () => undefined, closers);
    const running = started.get(namespace)!;
    await running.begin();
    return { ...running, stop: () => closers.closeAll() };
  } catch (error) {
    return closers.closeAfter(error);
  }
};

/** Where a namespace lies, by the platform's configuration. */
export const placesOf = (config: PlatformConfig, namespace: Namespace): NamespacePlaces => ({
  namespace, data: path.join(config.VOUCHSAFE_DATA, namespace), keyFile: path.join(config.VOUCHSAFE_KEYS, `${namespace}.key`), journal: path.join(config.VOUCHSAFE_JOURNAL, namespace),
  ...(config.VOUCHSAFE_IP_LISTS && { lists: config.VOUCHSAFE_IP_LISTS }),
});

type StartOptions = Pick<PlatformOptions, 'config' | 'log' | 'onFatal' | 'sandbox' | 'around'> & { readonly clock: Clock; readonly tracing: Tracing; readonly measures?: ReturnType<typeof namespaceMeasures> };
const startNamespaces = async ({ config, log, onFatal, clock, tracing, measures, around, sandbox: tempers }: StartOptions, noticesUrl: () => string | undefined, closers: Closers): Promise<ReadonlyMap<Namespace, RunningNamespace>> => {
  const sandbox = config.VOUCHSAFE_NAMESPACES.includes('sandbox') ? await startSandboxProviders(clock, log, noticesUrl, closers, tempers) : undefined;
  const dying = config.VOUCHSAFE_DIE_AT ? parseDyingPoint(config.VOUCHSAFE_DIE_AT) : undefined;
  const namespaces = new Map<Namespace, RunningNamespace>();
  for (const namespace of config.VOUCHSAFE_NAMESPACES) {
    const running = await startNamespace({
      ...placesOf(config, namespace), log: log.child({ namespace }), onFatal, clock, tracing, ...(measures && { measures: measures(namespace), flushes: measures(namespace).flushes }),
      ...(namespace === 'sandbox' && sandbox),
      ...(around && { around }),
      ...(dying && { around: (disk: Disk) => dyingDisk(disk, dying, () => process.kill(process.pid, 'SIGKILL')) }),
    });
    closers.add(() => running.stop());
    namespaces.set(namespace, running);
  }
  return namespaces;
};

/** Replies wait for the log and for the journal of the irrevocable. */
const doors = (namespaces: ReadonlyMap<Namespace, RunningNamespace>): Partial<Record<Namespace, GatewayNamespace>> =>
  Object.fromEntries([...namespaces].map(([name, { rpc, store, bus, journal, clock }]) => [name, {
    rpc, bus, clock,
    store: {
      head: () => store.head(),
      durable: async (position: ReturnType<typeof store.head>) => {
        await Promise.all([store.durable(position), journal.flush()]);
      },
    },
  }]));

const gatewaySettings = (config: PlatformConfig) => {
  const tls = config.VOUCHSAFE_TLS_CERT && config.VOUCHSAFE_TLS_KEY ? { tls: { certFile: config.VOUCHSAFE_TLS_CERT, keyFile: config.VOUCHSAFE_TLS_KEY } } : {};
  const host = config.VOUCHSAFE_HOST;
  const admission = { inFlight: 2_048, waiting: 4_096, inFlightPerKey: 1_024, waitingPerKey: 2_048 };
  return {
    http: { host, port: config.VOUCHSAFE_HTTP_PORT, ...tls }, grpc: { host, port: config.VOUCHSAFE_GRPC_PORT, ...tls },
    reflection: config.VOUCHSAFE_PROFILE !== 'production',
    // Alone in the process the sandbox needs to leave no room for live.
    ...(!config.VOUCHSAFE_NAMESPACES.includes('live') && { admission: { sandbox: admission } }),
  };
};
