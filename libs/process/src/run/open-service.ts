import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Deployment, openDeployment } from '@vouchsafe/backup';
import { type Bus, carryOutDecisions } from '@vouchsafe/bus';
import type { KafkaBus } from '@vouchsafe/bus-kafka';
import type { EventStore } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { Fault } from '@vouchsafe/kernel';
import { type Journal, openJournal } from '@vouchsafe/journal';
import { mongoParkedStore } from '@vouchsafe/parked-mongo';
import type { ReadStore } from '@vouchsafe/read-store';
import { type MongoReadStore, mongoReadStore } from '@vouchsafe/read-store-mongo';
import type { BytesRpc } from '@vouchsafe/rpc';
import type { GrpcRpc } from '@vouchsafe/rpc-grpc';
import { type Clock, createIds, type Disk, type Figures, type Ids, type Log, type Namespace, nodeDisk, type Random, type Timers } from '@vouchsafe/runtime';
import { currentTrace, figuresBy } from '@vouchsafe/telemetry';
import type { CodeVault, Nonces, PersonalVault } from '@vouchsafe/vault';
import type { Closers } from '../closers.js';
import type { Dependency } from '../dependencies.js';
import { databaseOf, foldersOf, type ServiceConfig } from './config.js';
import { connect, type Machine } from './connections.js';
import { whetherCopied } from './copied.js';
import { lateCheckpoints } from './late-checkpoints.js';
import { mishandled } from './mishaps.js';
import { busMeasures } from '../measured-bus.js';
import { tracedBus } from '../traced/traced-bus.js';
import { withinTraces } from '../traced/traced-rpc.js';
import { tracedStore } from '../traced/traced-store.js';
import { openCodes, openPersonal } from './vaults.js';

/** The ports of one service as a process, on real systems. */
export type ServicePorts = {
  readonly namespace: Namespace; readonly store: EventStore; readonly bus: Bus; readonly readStore: ReadStore; readonly rpc: BytesRpc;
  readonly clock: Clock; readonly wallClock: Clock; readonly random: Random; readonly ids: Ids; readonly timers: Timers; readonly log: Log; readonly figures: Figures; readonly trace?: () => string | undefined;
  readonly journal: Journal;
  readonly deployment: { readonly epoch: number; readonly raised: boolean };
  /** A folder of this replica's own disk. */
  readonly disk: (folder: string) => Disk;
  /** Folder of lists that a person may import, where it is configured. */
  readonly sourceDisk?: Disk;
  /** For the vault's owner only; opened when asked for. */
  readonly codes: () => Promise<CodeVault>;
  readonly personal: () => Promise<PersonalVault & Nonces>;
};
export type OpenService = { readonly ports: ServicePorts; readonly rpc: GrpcRpc; readonly bus: KafkaBus; readonly dependencies: readonly Dependency[]; /** To be called once all that a restored or copied directory does not know is secured. */ readonly secured: () => Promise<void> };

/** Opens everything a service stands on. Rejects while something of it cannot be had; what was opened is in `closers`. */
export const openService = async (name: string, config: ServiceConfig, machine: Machine, closers: Closers): Promise<OpenService> => {
  const { clock, timers, random, log, tracing, metrics } = machine;
  const { VOUCHSAFE_NAMESPACE: namespace } = config;
  const folders = foldersOf(name, config);
  const { data } = folders;
  for (const folder of [data, folders.journal]) {
    made(folder);
    closers.add(await ownFolder(folder));
  }
  const store = await openEsdbStore({ connectionString: config.VOUCHSAFE_EVENT_STORE, clock, log, random, connectMs: CONNECT_MS, ...(config.VOUCHSAFE_EVENT_STORE_PREFIX && { prefix: config.VOUCHSAFE_EVENT_STORE_PREFIX }) });
  closers.add(() => store.close());
  const mongo = { uri: config.VOUCHSAFE_MONGO_URI, clock, random, log, indexes: config.VOUCHSAFE_MONGO_INDEXES ?? (config.VOUCHSAFE_PROFILE === 'production' ? 'check' : 'apply') } as const;
  const views = mongoReadStore({ ...mongo, impatientAfterMs: IMPATIENT_AFTER_MS, database: databaseOf(config, name) });
  closers.add(() => views.close());
  await views.check();
  const { readStore, flush } = lateCheckpoints(views, machine);
  closers.add(flush);
  const parked = mongoParkedStore({ ...mongo, impatientAfterMs: IMPATIENT_AFTER_MS, database: databaseOf(config, name, 'parked') });
  closers.add(() => parked.close());
  const place = { ...mongo, database: databaseOf(config, name, VAULT_OWNERS.includes(name) ? 'vault' : 'parked') };
  const { journal, deployment, logId, floor, secured } = await openDeployed(config, { ...folders, place }, store, machine, closers);
  const { rpc, bus, ids, dependencies } = await connect(name, config, machine, closers, { parked, floor, deployment: logId });
  closers.add(carryOutDecisions({ bus, parked, timers: machine.timers, log }));
  const vault = { config, dataDir: data, place: { ...mongo, database: databaseOf(config, name, 'vault') }, ids, closers, ...machine };
  return {
    rpc, bus, secured,
    dependencies: [...dependencies, { name: 'the event store', check: async () => void (await store.revisionOf('probe-of-readiness')) }, { name: 'MongoDB', check: () => views.check(), optional: true }, { name: 'views', check: async () => refuseRebuilding(views), optional: true }],
    ports: {
      namespace, store: tracedStore(store, tracing), bus: tracedBus(busMeasures(metrics, clock)(config.VOUCHSAFE_BUS_MISHAPS ? mishandled(bus, config.VOUCHSAFE_BUS_MISHAPS, log) : bus, namespace), tracing), rpc: withinTraces(rpc, tracing), readStore, clock, figures: figuresBy(metrics, 'mode')(namespace), ...(tracing.enabled && { trace: currentTrace }),
      wallClock: clock, random, ids, timers, log, journal, deployment, disk: (folder) => nodeDisk(made(path.join(data, folder))),
      ...(config.VOUCHSAFE_IP_LISTS && { sourceDisk: nodeDisk(config.VOUCHSAFE_IP_LISTS) }), codes: () => openCodes(vault), personal: () => openPersonal(vault),
    },
  };
};
const refuseRebuilding = (views: MongoReadStore): void => {
  const [runner] = views.rebuilding();
  if (runner !== undefined) throw new Fault('READ_STORE_REBUILDING', `those of ${runner} were lost and are built anew from the log`);
};
/** What waits for views or parked messages may stand before orders that need neither: without MongoDB it is refused soon, and comes again. Vaults are waited for. */
const IMPATIENT_AFTER_MS = 2_000;
const CONNECT_MS = 5_000;
/** A copy that can sell or tell anything has their vaults with it. */
const VAULT_OWNERS: readonly string[] = ['inventory', 'access'];
const made = (folder: string): string => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
};

/** Two replicas on one folder would write over each other's journal. Fault `DIRECTORY_IN_USE`. Answers how to let go of it. */
const ownFolder = async (folder: string): Promise<() => Promise<void>> => {
  try {
    return await nodeDisk(folder).lock('process.lock');
  } catch (error) {
    throw new Fault('DIRECTORY_IN_USE', `${folder} is in use by another process, or cannot be written: every replica needs folders of its own (VOUCHSAFE_DATA, VOUCHSAFE_JOURNAL)`, true, { cause: error });
  }
};

type Deployed = ReturnType<typeof foldersOf> & { readonly place: Parameters<typeof whetherCopied>[1]['place'] };
/** The deployment's marker and the journal, and the floor that replies wait for: both the log and the journal are on the disk. */
const openDeployed = async (config: ServiceConfig, { data, journal: folder, place }: Deployed, store: EventStore, machine: Machine, closers: Closers): Promise<{ readonly journal: Journal; readonly deployment: Deployment; readonly logId: string; readonly floor: () => Promise<void>; readonly secured: OpenService['secured'] }> => {
  const { clock, timers, log, random } = machine;
  const { VOUCHSAFE_NAMESPACE: namespace } = config;
  const { logId, copied, epochAtLeast, settled } = await whetherCopied(config, { place, store }, machine, closers);
  const deployment = await openDeployment({ data, marker: folder, ids: createIds(clock, random), log, copied, epochAtLeast });
  await deployment.attach(store, timers);
  closers.add(() => deployment.close());
  const journal = await openJournal({ disk: nodeDisk(folder), namespace, deploymentId: deployment.id, epoch: deployment.epoch, clock, log });
  closers.add(() => journal.close());
  const secured = async (): Promise<void> => {
    deployment.secured();
    await settled(deployment.epoch);
  };
  return { journal, deployment, logId, secured, floor: async () => void (await Promise.all([store.durable(store.head()), journal.flush()])) };
};
