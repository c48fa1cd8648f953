import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type BackedUpFile, backup, copyFile, FOLDERS, identityOf, measure, writeSmall } from '@vouchsafe/backup';
import { openReadOnly } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { copyDatabases } from './databases.js';
import { type DistributedManifest, type DistributedPlaces, FORM, LOG, MANIFEST, manifestShape, type Replica, VERSION } from './manifest.js';

/** Identity that the log's own manifest carries; replicas have theirs. */
const LOG_OWNER = { id: 'event-store', epoch: 1 };

/**
 * Copies a running (or stopped) distributed form: the log's position is fixed first, then uploads under way, then vaults and parked
 * messages; so these may be ahead of the log, never behind it. Keys, views, topics and journals are not in it. Fault `TARGET_NOT_EMPTY`.
 */
export const backupDistributed = async (places: DistributedPlaces, target: string): Promise<DistributedManifest> => {
  const { namespace } = places;
  if (existsSync(target) && readdirSync(target).length > 0) throw new Fault('TARGET_NOT_EMPTY', `${target} is not empty; name a new folder for the backup`, false);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const store = await openReadOnly({ disk: nodeDisk(places.eventStore), clock: systemClock(), log: silentLog });
  const { log } = await backup({ data: places.eventStore, target: path.join(target, LOG), namespace, deployment: LOG_OWNER, log: store, clock: systemClock(), databases: [], folders: [] }).finally(() => store.close());
  const replicas = replicasIn(places.data);
  const files: BackedUpFile[] = [];
  for (const { name } of replicas) files.push(...(await copyFolders(path.join(places.data, name), target, path.join('replicas', name))));
  for (const name of await copyDatabases(places, target)) files.push(await measure(path.join(target, name), name));
  const manifest: DistributedManifest = { version: VERSION, form: FORM, namespace, takenAt: systemClock().now(), position: log.position, replicas: [...replicas], files };
  writeSmall(path.join(target, MANIFEST), manifestShape.write(manifest)); // last: a backup without manifest is none
  return manifest;
};

const replicasIn = (folder: string): readonly Replica[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).sort().flatMap((name) => {
    const own = identityOf(path.join(folder, name));
    return own ? [{ name, id: own.id, epoch: own.epoch, bootEpoch: own.bootEpoch }] : [];
  });
};

/** Sealed uploads under way and list files of one replica. */
const copyFolders = async (data: string, target: string, as: string): Promise<readonly BackedUpFile[]> => {
  const copied: BackedUpFile[] = [];
  for (const folder of FOLDERS) {
    if (!existsSync(path.join(data, folder))) continue;
    for (const entry of readdirSync(path.join(data, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const from = path.join(entry.parentPath, entry.name);
      const name = path.join(as, path.relative(data, from));
      // An upload may end between being listed and being copied; its codes are in the vault then, which is copied later.
      const file = await copyFile(from, path.join(target, name), name).catch((error: unknown) => (existsSync(from) ? Promise.reject(error as Error) : undefined));
      if (file) copied.push(file);
    }
  }
  return copied;
};
