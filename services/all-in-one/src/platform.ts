import path from 'node:path';
import { accessErrors, type SandboxKeys } from '@vouchsafe/access';
import { catalogErrors } from '@vouchsafe/catalog';
import { fulfillmentErrors, startSandboxProvider } from '@vouchsafe/fulfillment';
import { createGateway, type Gateway, gatewayConfig, type GatewayNamespace } from '@vouchsafe/gateway';
import { insightErrors } from '@vouchsafe/insight';
import { inventoryErrors } from '@vouchsafe/inventory';
import type { Fault } from '@vouchsafe/kernel';
import { ledgerErrors } from '@vouchsafe/ledger';
import { orderErrors, postNotices, sandboxPayment, sandboxPaymentOverHttp, startSandboxPaymentServer } from '@vouchsafe/order';
import { redemptionErrors } from '@vouchsafe/redemption';
import { riskErrors } from '@vouchsafe/risk';
import type { Catalogue } from '@vouchsafe/rpc';
import { type Clock, clockTimers, type Disk, type Log, type Namespace, systemClock, systemRandom } from '@vouchsafe/runtime';
import type { PlatformConfig } from './config.js';
import { dyingDisk, parseDyingPoint } from './dying-disk.js';
import { type RunningNamespace, startNamespace } from './namespace.js';
import { PUBLIC_SERVICES } from './public-services.js';

/** What every code means, of every service. */
export const CATALOGUES: readonly Catalogue[] = [
  accessErrors, catalogErrors, fulfillmentErrors, insightErrors, inventoryErrors, ledgerErrors, orderErrors, redemptionErrors, riskErrors,
];

export type PlatformOptions = {
  readonly config: PlatformConfig;
  readonly log: Log;
  /** Simulated in a trace. */
  readonly clock?: Clock;
  /** The log failed; the process must end. */
  readonly onFatal: (fault: Fault) => void;
  /** Settings of the gateway laid over those that follow from `config`. */
  readonly gateway?: Readonly<Record<string, unknown>>;
};
/** The whole platform, running in this process. */
export type Platform = {
  readonly http: string;
  readonly grpc: string;
  readonly namespaces: ReadonlyMap<Namespace, RunningNamespace>;
  readonly gateway: Gateway;
  /** Keys that anybody on this machine may play with; sandbox only. */
  sandboxKeys(channels: readonly string[], terminals: readonly string[]): Promise<SandboxKeys>;
  stop(): Promise<void>;
};

const SANDBOX_MERCHANT = 'vouchsafe-sandbox';
const SANDBOX_PROVIDER = 'sandbox';

/** Starts the configured namespaces, the sandbox's providers and the gateway. What was started is stopped again when a later step fails. */
export const startPlatform = async (options: PlatformOptions): Promise<Platform> => {
  const { config, log, onFatal } = options;
  const clock = options.clock ?? systemClock();
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const notices: { url?: string } = {};
    const sandbox = config.VOUCHSAFE_NAMESPACES.includes('sandbox') ? await startSandboxProviders(clock, log, notices, closers) : undefined;
    const dying = config.VOUCHSAFE_DIE_AT ? parseDyingPoint(config.VOUCHSAFE_DIE_AT) : undefined;
    const namespaces = new Map<Namespace, RunningNamespace>();
    for (const namespace of config.VOUCHSAFE_NAMESPACES) {
      const running = await startNamespace({
        namespace, log: log.child({ namespace }), onFatal, clock,
        data: path.join(config.VOUCHSAFE_DATA, namespace), keyFile: path.join(config.VOUCHSAFE_KEYS, `${namespace}.key`), journal: path.join(config.VOUCHSAFE_JOURNAL, namespace),
        ...(config.VOUCHSAFE_IP_LISTS && { lists: config.VOUCHSAFE_IP_LISTS }),
        ...(namespace === 'sandbox' && sandbox),
        ...(dying && { around: (disk: Disk) => dyingDisk(disk, dying, () => process.kill(process.pid, 'SIGKILL')) }),
      });
      closers.push(() => running.stop());
      namespaces.set(namespace, running);
    }
    const gateway = createGateway(
      { namespaces: doors(namespaces, clock), services: PUBLIC_SERVICES, catalogues: CATALOGUES, clock: systemClock(), timers: clockTimers(systemClock()), random: systemRandom(), log },
      gatewayConfig.parse({ ...gatewaySettings(config), ...options.gateway }),
    );
    for (const running of namespaces.values()) await running.begin();
    await gateway.start();
    closers.push(() => gateway.stop());
    const { http, grpc } = gateway.addresses();
    // The provider brings no key, so the path says which mode its notices are for.
    notices.url = `${http}/sandbox/v1/payments/notices/${SANDBOX_PROVIDER}`;
    return {
      http, grpc, namespaces, gateway, stop,
      sandboxKeys: async (channels, terminals) => {
        const running = namespaces.get('sandbox');
        if (!running) throw new Error('the sandbox is not composed');
        return running.access.bootstrap.sandbox({ channels, terminals });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Replies wait for the log and for the journal of the irrevocable. */
const doors = (namespaces: ReadonlyMap<Namespace, RunningNamespace>, clock: Clock): Partial<Record<Namespace, GatewayNamespace>> =>
  Object.fromEntries([...namespaces].map(([name, { rpc, store, bus, journal }]) => [name, {
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

/** Providers of money and top-ups that do as order numbers and accounts tell them: HTTP servers of their own, on loopback, never for live. */
const startSandboxProviders = async (clock: Clock, log: Log, notices: { url?: string }, closers: (() => Promise<void>)[]) => {
  const topUps = await startSandboxProvider({ clock });
  closers.push(() => topUps.stop());
  const secret = systemRandom().bytes(32).toString('hex');
  const money = await startSandboxPaymentServer({
    clock, secret, merchantId: SANDBOX_MERCHANT, log, timers: clockTimers(clock),
    notify: async (notice) => {
      if (!notices.url) throw new Error('the platform does not listen yet');
      await postNotices(notices.url)(notice);
    },
  });
  closers.push(() => money.stop());
  return {
    paymentProviders: [sandboxPayment({ call: sandboxPaymentOverHttp(money.baseUrl), secret, merchantId: SANDBOX_MERCHANT })],
    settings: { fulfillment: { providers: [{ name: SANDBOX_PROVIDER, kind: 'sandbox', baseUrl: topUps.baseUrl }] } },
  };
};
