import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import { copyFile, measure } from './copying.js';
import { type Manifest, MANIFEST, MANIFEST_VERSION, manifestShape } from './manifest.js';
import { raise } from './raise.js';
import { readSmall, syncFolder } from './small-file.js';

export type RestoreOptions = {
  readonly from: string;
  /** A new or empty directory; the old one is never written over. */
  readonly data: string;
  /** Where the deployment's marker and journal lie, if they survived. */
  readonly marker?: string;
  readonly log: Log;
};

/** Reads a backup's manifest. Fault `BACKUP_INVALID` where there is none or it is of another version. */
export const readManifest = (from: string): Manifest => {
  const manifest = readSmall(path.join(from, MANIFEST), manifestShape);
  if (!manifest) throw new Fault('BACKUP_INVALID', `${from} holds no complete backup: ${MANIFEST} is missing`, false);
  if (manifest.version !== MANIFEST_VERSION) throw new Fault('BACKUP_INVALID', `the backup in ${from} was made by another version`, false);
  return manifest;
};

/** Names of files that are not as the manifest says. */
export const verifyBackup = async (from: string): Promise<readonly string[]> => {
  const { log, files } = readManifest(from);
  const wrong: string[] = [];
  for (const file of [...log.files, ...files]) {
    const found = existsSync(path.join(from, file.name)) ? await measure(path.join(from, file.name), file.name) : undefined;
    if (found?.length !== file.length || found.sha256 !== file.sha256) wrong.push(file.name);
  }
  return wrong;
};

/**
 * Copies a backup into a new data directory and raises its epoch: at the next start every pool with stock is held until it
 * is released against the journal of the irrevocable. Faults: `BACKUP_INVALID`, `BACKUP_DAMAGED`, `TARGET_NOT_EMPTY`.
 */
export const restore = async ({ from, data, marker, log }: RestoreOptions): Promise<Manifest> => {
  const manifest = readManifest(from);
  const wrong = await verifyBackup(from);
  if (wrong.length > 0) throw new Fault('BACKUP_DAMAGED', `the backup is damaged: ${wrong.slice(0, 5).join(', ')}`, false);
  if (existsSync(data) && readdirSync(data).length > 0) throw new Fault('TARGET_NOT_EMPTY', `${data} is not empty; move it away first, it may hold what the backup lacks`, false);
  for (const { name } of [...manifest.log.files, ...manifest.files]) await copyFile(path.join(from, name), path.join(data, name), name);
  const epoch = raise({ data, marker, manifest });
  syncFolder(data);
  log.warn({ epoch, takenAt: manifest.takenAt }, 'restored; at the next start stock is held until it is released against the journal');
  return manifest;
};
