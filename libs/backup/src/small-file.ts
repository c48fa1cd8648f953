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

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
