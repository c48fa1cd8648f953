import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Deployment, openDeployment } from '@vouchsafe/backup';
import { type Bus, carryOutDecisions, inProcessBus, sqliteParkedStore } from '@vouchsafe/bus';
import { type EmbeddedStore, openEmbeddedStore, refuseInUse } from '@vouchsafe/event-store';
import { type Journal, openJournal } from '@vouchsafe/journal';
import { Fault, isFault } from '@vouchsafe/kernel';
import { Closers } from '@vouchsafe/process';
import { type ReadStore, sqliteReadStore } from '@vouchsafe/read-store';
import { type Clock, clockTimers, createIds, type Disk, type Ids, type Log, type Namespace, nodeDisk, type Random, steadyClock, systemClock, systemRandom } from '@vouchsafe/runtime';
import type { Histogram, Tracing } from '@vouchsafe/telemetry';
import { type CodeVault, fileKeyWrap, type Nonces, openCodeVault, type PersonalVault, sqlitePersonalVault } from '@vouchsafe/vault';

import { timedDisk } from './timed-disk.js';

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
export type OpenOptions = NamespacePlaces & {
  readonly log: Log;
  /** Simulated in a trace; the machine's otherwise. */
  readonly clock?: Clock;
  /** Spans of calls, commands, appends, events, where it is on. */
  readonly tracing?: Tracing;
  /** Around the log's disk, for crash tests. */
  readonly around?: (disk: Disk) => Disk;
  /** Told how long each flush of the log took. */
  readonly flushes?: Histogram;
  /** The log failed: nothing more may leave this process. */
  readonly onFatal: (fault: Fault) => void;
};

/** A namespace's stores and vaults, held by this process alone; no service runs yet. */
export type OpenNamespace = {
  /** Never goes back, and begins where the log ends. */
  readonly clock: Clock;
  readonly outerClock: Clock;
  readonly random: Random; readonly ids: Ids;
  readonly deployment: Deployment;
  readonly store: EmbeddedStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  readonly codes: CodeVault;
  readonly personal: PersonalVault & Nonces;
  readonly journal: Journal;
  /** Closes all of it, after what was added. */
  readonly closers: Closers;
};

/** Opens (or makes) everything a namespace keeps on the disk. What was opened is closed again when a later step fails. */
export const openNamespace = async (options: OpenOptions): Promise<OpenNamespace> => {
  const { namespace, data, log, onFatal } = options;
  const outerClock = options.clock ?? systemClock();
  const clock = steadyClock(outerClock);
  const random = systemRandom();
  const ids = createIds(clock, random);
  const closers = new Closers();
  try {
    for (const folder of [data, path.join(data, 'spool'), path.join(data, 'lists'), options.journal]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const disk = nodeDisk(data);
    await refuseInUse(disk); // before the deployment counts a start that is none
    const deployment = await openDeployment({ data, marker: options.journal, ids, log });
    const logDisk = options.flushes ? timedDisk(disk, clock, options.flushes) : disk;
    const store = await openEmbeddedStore({ disk: options.around ? options.around(logDisk) : logDisk, clock, log, onFatal, options: { minimumEpoch: deployment.minimumBootEpoch } });
    closers.add(() => store.close());
    clock.notBefore(store.recovery.recordedAt);
    await deployment.attach(store, clockTimers(systemClock()));
    closers.add(() => deployment.close());
    const wrap = fileKeyWrap({ file: options.keyFile, dataDir: data, namespace, random, log });
    const parked = sqliteParkedStore(path.join(data, 'parked.sqlite'));
    closers.add(() => parked.close());
    const readStore = sqliteReadStore({ file: path.join(data, 'views.sqlite'), log, ...viewsApart(clock) });
    closers.add(() => readStore.close());
    const codes = await openCodeVault({ file: path.join(data, 'codes.sqlite'), namespace, wrap, random, clock, log });
    closers.add(() => codes.close());
    const personal = await sqlitePersonalVault({ file: path.join(data, 'personal.sqlite'), namespace, keys: wrap, random, ids, clock, log });
    closers.add(() => personal.close());
    const journal = await openJournal({ disk: nodeDisk(options.journal), namespace, deploymentId: deployment.id, epoch: deployment.epoch, clock, log });
    closers.add(() => journal.close());
    const bus = inProcessBus(clock, { log, parked, direct: true });
    closers.add(carryOutDecisions({ bus, parked, timers: clockTimers(clock), log }));
    return { clock, outerClock, random, ids, deployment, store, bus, readStore, codes, personal, journal, closers };
  } catch (error) {
    return closers.closeAfter(placed(error, data));
  }
};

/** A log names its files by their place in it; whoever runs several directories must know which. */
const placed = (error: unknown, data: string): unknown =>
  isFault(error) && error.code.startsWith('LOG_') ? new Fault(error.code, `${data}: ${error.message}`, error.retryable, { cause: error }) : error;

/** Projections run in the views' thread, which loads them by this script; not in a test, where nothing is compiled, nor on a simulated clock. */
const viewsApart = (clock: Clock): { readonly projections?: string } => {
  const script = path.join(__dirname, 'projections.js');
  return existsSync(script) && clock.simulated !== true ? { projections: script } : {};
};
