import { open, rename } from 'node:fs/promises';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Fault } from '@vouchsafe/kernel';
import type { Json, Shape } from '@vouchsafe/codec';

/** Reads a small JSON file; undefined where there is none. Fault `FILE_DAMAGED` where it is not what it should be. */
export const readSmall = <T>(file: string, shape: Shape<T>): T | undefined => {
  if (!existsSync(file)) return undefined;
  try {
    return shape.read(JSON.parse(readFileSync(file, 'utf8')), path.basename(file));
  } catch (cause) {
    throw new Fault('FILE_DAMAGED', `${file} cannot be read; restore it from a copy`, false, { cause });
  }
};

/** Replaces a small file as a whole: after a crash it is the old or the new one. Durable when it returns. */
export const writeSmall = (file: string, value: Json): void => {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.next`;
  const handle = openSync(next, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(value)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, file);
  syncFolder(path.dirname(file));
};

/** As {@link writeSmall}, while others get on: a flush in the midst of traffic would hold up everybody. One at a time; the folder must be there. */
export const writeSmallAside = async (file: string, value: Json): Promise<void> => {
  const next = `${file}.next`;
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.write(`${JSON.stringify(value)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
