import { existsSync } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LogCut } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import type { Clock, Namespace } from '@vouchsafe/runtime';
import { copyFile, measure } from './copying.js';
import { type BackedUpFile, type Manifest, MANIFEST, MANIFEST_VERSION, manifestShape } from './manifest.js';
import { syncFolder, writeSmall } from './small-file.js';

export type BackupOptions = {
  /** One namespace's data directory, and an empty or new folder for the copy. */
  readonly data: string; readonly target: string;
  readonly namespace: Namespace; readonly deployment: { readonly id: string; readonly epoch: number };
  readonly log: { cut(): Promise<LogCut> };
  readonly clock: Clock;
  /** SQLite files that no replay can rebuild, by name within `data`; absent ones are passed over. Views are left out on purpose. */
  readonly databases?: readonly string[];
  /** Folders copied as they are: sealed uploads, list files. */
  readonly folders?: readonly string[];
};

export const DATABASES = ['codes.sqlite', 'personal.sqlite', 'parked.sqlite'] as const;
export const FOLDERS = ['spool', 'lists'] as const;

/**
 * Copies a running (or stopped) namespace. The log's position is fixed first, then uploads are copied, then the vaults: so
 * the vaults may be ahead of the log, never behind it. Keys are not in it: keep the key file apart.
 */
export const backup = async (options: BackupOptions): Promise<Manifest> => {
  const { data, target, namespace, deployment, clock } = options;
  await emptyFolder(target);
  const cut = await options.log.cut();
  const logFiles: BackedUpFile[] = [];
  for (const { name, length } of cut.files) logFiles.push(await copyFile(path.join(data, name), path.join(target, name), name, length));
  const files: BackedUpFile[] = [];
  for (const folder of options.folders ?? FOLDERS) files.push(...(await copyFolder(data, target, folder)));
  for (const name of options.databases ?? DATABASES) if (existsSync(path.join(data, name))) files.push(await copyDatabase(data, target, name));
  const manifest: Manifest = {
    version: MANIFEST_VERSION, deploymentId: deployment.id, epoch: deployment.epoch, namespace, takenAt: clock.now(),
    log: { position: cut.position, hash: cut.hash, bootEpoch: cut.epoch, files: logFiles }, files,
  };
  writeSmall(path.join(target, MANIFEST), manifestShape.write(manifest)); // last: a backup without manifest is none
  return manifest;
};

const emptyFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) throw new Fault('TARGET_NOT_EMPTY', `${folder} is not empty; name a new folder for the backup`, false);
};

const copyFolder = async (data: string, target: string, folder: string): Promise<readonly BackedUpFile[]> => {
  if (!existsSync(path.join(data, folder))) return [];
  const copied: BackedUpFile[] = [];
  for (const entry of await readdir(path.join(data, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const name = path.relative(data, path.join(entry.parentPath, entry.name));
    // An upload may end between being listed and being copied; its codes are in the vault then, which is copied later.
    const file = await copyFile(path.join(data, name), path.join(target, name), name).catch((error: unknown) => (isAbsent(error) ? undefined : Promise.reject(error as Error)));
    if (file) copied.push(file);
  }
  return copied;
};
const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** A consistent copy of a database that others may be writing, without its write-ahead log and without free pages. */
const copyDatabase = async (data: string, target: string, name: string): Promise<BackedUpFile> => {
  const copy = path.join(target, name);
  const db = new DatabaseSync(path.join(data, name), { timeout: 30_000 });
  try {
    db.prepare('VACUUM INTO ?').run(copy);
  } finally {
    db.close();
  }
  const handle = await open(copy, 'r');
  await handle.sync();
  await handle.close();
  syncFolder(target);
  return measure(copy, name);
};
