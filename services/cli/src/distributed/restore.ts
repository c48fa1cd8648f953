import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { copyFile, raise, restore } from '@vouchsafe/backup';
import { Fault } from '@vouchsafe/kernel';
import { SERVICES } from '@vouchsafe/process';
import { createIds, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { restoreDatabases, viewsThere } from './databases.js';
import { journalsIn, mergeJournals } from './journals.js';
import { checkedManifest, type DistributedManifest, type DistributedPlaces, LOG, type Replica } from './manifest.js';

export type RestoredForm = { readonly manifest: DistributedManifest; readonly epoch: number; /** Entries of the journals that survived, now known to every replica. */ readonly entries: number };

/**
 * Puts a backup into new directories and empty databases, raises every replica's epoch and gives each one journal made of all that
 * survived in `survivors`: at the next start every pool with stock is held until it is released against it. Topics must be new, too: what
 * Kafka holds was said by a log that is no more. Faults, not retryable: `BACKUP_INVALID`, `BACKUP_DAMAGED`, `TARGET_NOT_EMPTY`, `COPY_TARGET_NOT_EMPTY`.
 */
export const restoreDistributed = async (places: DistributedPlaces, from: string, survivors?: string): Promise<RestoredForm> => {
  const manifest = await checkedManifest(from);
  await refuseLeftovers(places, manifest);
  await restore({ from: path.join(from, LOG), data: places.eventStore, log: silentLog });
  await restoreDatabases(places, from);
  for (const file of manifest.files) {
    const [folder, ...rest] = file.name.split(path.sep);
    if (folder === 'replicas') await copyFile(path.join(from, file.name), path.join(places.data, ...rest), file.name);
  }
  const journals = journalsIn(survivors);
  let [highest, entries] = [0, 0];
  for (const { name, id, epoch: lived, bootEpoch } of everyReplica(manifest)) {
    const marker = survivors === undefined ? {} : { marker: path.join(survivors, name) };
    const epoch = raise({ data: path.join(places.data, name), ...marker, manifest: { deploymentId: id, epoch: lived, log: { bootEpoch } } });
    entries = await mergeJournals(journals, { folder: path.join(places.journal, name), deploymentId: id, epoch, namespace: places.namespace });
    highest = Math.max(highest, epoch);
  }
  return { manifest, epoch: highest, entries };
};

/** A service whose directory was not in the backup is raised as well: it must not take the log for one that it has always known. */
const everyReplica = ({ replicas }: DistributedManifest): readonly Replica[] => {
  const ids = createIds(systemClock(), systemRandom());
  const absent = SERVICES.filter((service) => !replicas.some(({ name }) => name === service));
  return [...replicas, ...absent.map((name) => ({ name, id: `dpl_${ids.uuid()}`, epoch: 1, bootEpoch: 0 }))];
};

const refuseLeftovers = async (places: DistributedPlaces, { namespace }: DistributedManifest): Promise<void> => {
  if (namespace !== places.namespace) throw new Fault('BACKUP_INVALID', `this is a backup of ${namespace}`, false);
  for (const folder of [places.eventStore, places.data, places.journal])
    if (existsSync(folder) && readdirSync(folder).length > 0) throw new Fault('TARGET_NOT_EMPTY', `${folder} is not empty; move it away first, it may hold what the backup lacks`, false);
  const views = await viewsThere(places);
  if (views.length > 0) throw new Fault('COPY_TARGET_NOT_EMPTY', `views are there of a log that is no more: drop the databases ${views.join(', ')}, or restore under another name`, false);
};
