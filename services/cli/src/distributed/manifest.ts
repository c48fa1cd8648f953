import { existsSync } from 'node:fs';
import path from 'node:path';
import { backedUpFile, measure, readSmall, verifyBackup } from '@vouchsafe/backup';
import { int, list, record, text, time, type TypeOf } from '@vouchsafe/codec';
import { Fault } from '@vouchsafe/kernel';

const replica = record({ name: text(), id: text(), epoch: int, bootEpoch: int });
/** What a backup of the distributed form holds, besides the log, which has a manifest of its own in `log`. Written last. */
export const manifestShape = record({ version: int, form: text(), namespace: text(), takenAt: time, position: int, replicas: list(replica), files: list(backedUpFile) });
export type DistributedManifest = TypeOf<typeof manifestShape>;
export type Replica = TypeOf<typeof replica>;
export const MANIFEST = 'manifest.json';
export const VERSION = 1;
export const FORM = 'distributed';
export const LOG = 'log';

/** Where the distributed form keeps what a backup must hold. */
export type DistributedPlaces = {
  /** Directory of the event store behind our door. */
  readonly eventStore: string;
  /** Connection string, and the word that its databases begin with. */
  readonly mongo: string;
  readonly database: string;
  /** Folders of the replicas' own data and of their journals, each below by the replica's name (`inventory`, `inventory-2`). */
  readonly data: string;
  readonly journal: string;
  readonly namespace: 'live' | 'sandbox';
};

/** Reads the manifest and looks at every file. Faults, not retryable: `BACKUP_INVALID`, `BACKUP_DAMAGED`. */
export const checkedManifest = async (from: string): Promise<DistributedManifest> => {
  const manifest = readSmall(path.join(from, MANIFEST), manifestShape);
  if (!manifest || manifest.version !== VERSION || manifest.form !== FORM) throw new Fault('BACKUP_INVALID', `${from} holds no complete backup of a distributed form`, false);
  const wrong = (await verifyBackup(path.join(from, LOG))).map((name) => path.join(LOG, name));
  for (const file of manifest.files) {
    const found = existsSync(path.join(from, file.name)) ? await measure(path.join(from, file.name), file.name) : undefined;
    if (found?.length !== file.length || found.sha256 !== file.sha256) wrong.push(file.name);
  }
  if (wrong.length > 0) throw new Fault('BACKUP_DAMAGED', `the backup is damaged: ${wrong.slice(0, 5).join(', ')}`, false);
  return manifest;
};
