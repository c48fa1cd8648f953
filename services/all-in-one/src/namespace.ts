import path from 'node:path';
import type { Access } from '@vouchsafe/access';
import type { Bus } from '@vouchsafe/bus';
import type { EmbeddedStore } from '@vouchsafe/event-store';
import type { Journal } from '@vouchsafe/journal';
import type { PaymentProvider } from '@vouchsafe/order';
import { followersOf, type LogFollower, startModules, tracedBus, tracedRpc, tracedStore } from '@vouchsafe/process';
import { startWatchdog } from '@vouchsafe/read-store';
import { inProcessRpc, type Rpc } from '@vouchsafe/rpc';
import { type Clock, clockTimers, type Namespace, nodeDisk, systemClock } from '@vouchsafe/runtime';
import { currentTrace, noTracing } from '@vouchsafe/telemetry';
import type { NamespaceMeasures } from './namespace-measures.js';
import { composeServices, type ServiceSettings } from './compose.js';
import { type OpenNamespace, openNamespace, type OpenOptions } from './open-namespace.js';

export type NamespaceOptions = OpenOptions & {
  readonly settings?: ServiceSettings;
  readonly paymentProviders?: readonly PaymentProvider[];
  readonly measures?: NamespaceMeasures;
};

/** One namespace, running: what the gateway and local commands need of it. */
export type RunningNamespace = {
  readonly namespace: Namespace;
  readonly clock: Clock;
  readonly store: EmbeddedStore;
  readonly rpc: Rpc;
  readonly bus: Bus;
  readonly journal: Journal;
  readonly access: Access;
  /** What follows the log here: views and publishers of its services. */
  readonly followers: () => readonly LogFollower[];
  /** Lets events flow: once everybody who listens has subscribed. */
  begin(): Promise<void>;
  stop(): Promise<void>;
};

/** Opens a namespace's stores and vaults and starts all its services. What was opened is closed again when a start fails. */
export const startNamespace = async (options: NamespaceOptions): Promise<RunningNamespace> => {
  const open = await openNamespace(options);
  const { closers, deployment, store, bus, journal, clock } = open;
  try {
    const { modules, access, rpc } = composeNamespace(open, options);
    closers.add(await startModules(modules));
    const followers = (): readonly LogFollower[] => followersOf(modules);
    // Where time is simulated, standing still for long says nothing.
    if (!clock.simulated) closers.add(startWatchdog({ timers: clockTimers(clock), watched: followers, onError: (error) => options.log.error({ error }, 'the watchdog failed') }));
    deployment.secured();
    closers.add(() => bus.stop());
    return { namespace: options.namespace, clock, store, rpc, bus, journal, access, followers, begin: () => bus.start(), stop: () => closers.closeAll() };
  } catch (error) {
    return closers.closeAfter(error);
  }
};

const composeNamespace = (open: OpenNamespace, { namespace, data, log, lists, paymentProviders = [], settings, tracing = noTracing, measures }: NamespaceOptions) => {
  const rpc = inProcessRpc({ direct: true });
  const composed = composeServices(
    {
      ...open, namespace, log, store: tracedStore(open.store, tracing), bus: tracedBus(measures ? measures.bus(open.bus) : open.bus, tracing), rpc: tracedRpc(rpc, tracing),
      // Nobody looks at a simulated month's stock every quarter of a minute.
      ...(measures && !open.clock.simulated && { figures: measures.figures }), ...(tracing.enabled && { trace: currentTrace }),
      paymentProviders, wallClock: systemClock(), timers: clockTimers(open.clock),
      spool: nodeDisk(path.join(data, 'spool')), listDisk: nodeDisk(path.join(data, 'lists')), ...(lists && { sourceDisk: nodeDisk(lists) }),
    },
    settings,
  );
  return { ...composed, rpc };
};

/** Makes the first administrator's key of a stopped namespace, without starting any service. See access's `bootstrap.admin`. */
export const bootstrapAdmin = async (options: OpenOptions, again: boolean): Promise<Awaited<ReturnType<Access['bootstrap']['admin']>>> => {
  const open = await openNamespace(options);
  try {
    return await composeNamespace(open, options).access.bootstrap.admin(again);
  } finally {
    await open.closers.closeAll();
  }
};
