import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Access } from '@vouchsafe/access';
import { openDeployment } from '@vouchsafe/backup';
import { type Bus, inProcessBus, sqliteParkedStore } from '@vouchsafe/bus';
import { type EmbeddedStore, openEmbeddedStore } from '@vouchsafe/event-store';
import { type Journal, openJournal } from '@vouchsafe/journal';
import type { Fault } from '@vouchsafe/kernel';
import type { PaymentProvider } from '@vouchsafe/order';
import { sqliteReadStore } from '@vouchsafe/read-store';
import { inProcessRpc, type Rpc } from '@vouchsafe/rpc';
import { type Clock, clockTimers, createIds, type Disk, type Log, type Namespace, nodeDisk, systemClock, systemRandom } from '@vouchsafe/runtime';
import { fileKeyWrap, openCodeVault, sqlitePersonalVault } from '@vouchsafe/vault';
import { composeServices, type ServiceSettings } from './compose.js';
import { startModules } from './module-order.js';

/** Where one namespace lives on the disk. */
export type NamespacePlaces = {
  readonly namespace: Namespace;
  /** `<data>/<namespace>`: log, views, vaults. */
  readonly data: string;
  readonly keyFile: string;
  /** Journal of the irrevocable and the epoch marker. */
  readonly journal: string;
  readonly lists?: string;
};
export type NamespaceOptions = NamespacePlaces & {
  readonly log: Log;
  /** Simulated in a trace; the machine's otherwise. */
  readonly clock?: Clock;
  readonly settings?: ServiceSettings;
  readonly paymentProviders?: readonly PaymentProvider[];
  /** Around the log's disk, for crash tests. */
  readonly around?: (disk: Disk) => Disk;
  /** The log failed: nothing more may leave this process. */
  readonly onFatal: (fault: Fault) => void;
};

/** One namespace, running: what the gateway and local commands need of it. */
export type RunningNamespace = {
  readonly namespace: Namespace;
  readonly store: EmbeddedStore;
  readonly rpc: Rpc;
  readonly bus: Bus;
  readonly journal: Journal;
  readonly access: Access;
  /** Lets events flow: once everybody who listens has subscribed. */
  begin(): Promise<void>;
  stop(): Promise<void>;
};

/** Opens a namespace's stores and vaults and starts all its services. What was opened is closed again when a start fails. */
export const startNamespace = async (options: NamespaceOptions): Promise<RunningNamespace> => {
  const { namespace, data, log, onFatal } = options;
  const clock = options.clock ?? systemClock();
  const random = systemRandom();
  const ids = createIds(clock, random);
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    for (const folder of [data, path.join(data, 'spool'), path.join(data, 'lists'), options.journal]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const deployment = await openDeployment({ data, marker: options.journal, ids, log });
    const store = await openEmbeddedStore({ disk: options.around ? options.around(nodeDisk(data)) : nodeDisk(data), clock, log, onFatal, options: { minimumEpoch: deployment.minimumBootEpoch } });
    closers.push(() => store.close());
    await deployment.attach(store, clockTimers(systemClock()));
    closers.push(() => deployment.close());
    const wrap = fileKeyWrap({ file: options.keyFile, dataDir: data, namespace, random, log });
    const parked = sqliteParkedStore(path.join(data, 'parked.sqlite'));
    closers.push(() => parked.close());
    const readStore = sqliteReadStore({ file: path.join(data, 'views.sqlite'), log });
    closers.push(() => readStore.close());
    const codes = await openCodeVault({ file: path.join(data, 'codes.sqlite'), namespace, wrap, random, clock, log });
    closers.push(() => codes.close());
    const personal = await sqlitePersonalVault({ file: path.join(data, 'personal.sqlite'), namespace, keys: wrap, random, ids, clock, log });
    closers.push(() => personal.close());
    const journal = await openJournal({ disk: nodeDisk(options.journal), namespace, deploymentId: deployment.id, epoch: deployment.epoch, clock, log });
    closers.push(() => journal.close());
    const bus = inProcessBus(clock, { log, parked });
    const rpc = inProcessRpc();
    const { modules, access } = composeServices(
      {
        namespace, store, bus, readStore, rpc, clock, wallClock: systemClock(), random, ids, timers: clockTimers(clock), log, codes, personal, journal,
        spool: nodeDisk(path.join(data, 'spool')), listDisk: nodeDisk(path.join(data, 'lists')), ...(options.lists && { sourceDisk: nodeDisk(options.lists) }),
        deployment, paymentProviders: options.paymentProviders ?? [],
      },
      options.settings,
    );
    const stopModules = await startModules(modules);
    closers.push(stopModules);
    deployment.secured();
    closers.push(() => bus.stop());
    return { namespace, store, rpc, bus, journal, access, begin: () => bus.start(), stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
};
