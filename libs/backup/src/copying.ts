import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '@vouchsafe/kernel';
import type { BackedUpFile } from './manifest.js';

const CHUNK = 1024 * 1024;

/** Copies the first `length` bytes of a file (all of it if absent), flushed. Answers what was copied. */
export const copyFile = async (from: string, to: string, name: string, length = Number.POSITIVE_INFINITY): Promise<BackedUpFile> => {
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
  const source = await open(from, 'r');
  const target = await open(to, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK);
    let copied = 0;
    while (copied < length) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(CHUNK, length - copied), copied);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      await target.write(buffer, 0, bytesRead, copied);
      copied += bytesRead;
    }
    if (Number.isFinite(length) && copied < length) throw new Fault('BACKUP_INCOMPLETE', `${from} is shorter than the log says`, false);
    await target.sync();
    return { name, length: copied, sha256: hash.digest('hex') };
  } finally {
    await source.close();
    await target.close();
  }
};

/** The file's length and hash. */
export const measure = async (file: string, name: string): Promise<BackedUpFile> => {
  const source = await open(file, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK);
    let length = 0;
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, CHUNK, length);
      if (bytesRead === 0) return { name, length, sha256: hash.digest('hex') };
      hash.update(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
  } finally {
    await source.close();
  }
};
