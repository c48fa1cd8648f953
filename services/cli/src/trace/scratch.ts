import { existsSync, mkdtempSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MEMORY = '/dev/shm';
/** What a whole trace leaves behind, with room to spare. */
const NEEDED_BYTES = 2 * 2 ** 30;

/**
 * A fresh folder for what is thrown away afterwards: in memory where the system keeps such a place and it has room, else among the
 * temporary files. What a trace plays need not outlive the machine; flushes are made all the same.
 */
export const scratchFolder = (): string => mkdtempSync(path.join(memoryHasRoom() ? MEMORY : os.tmpdir(), 'vouchsafe-trace-'));

const memoryHasRoom = (): boolean => {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= NEEDED_BYTES && os.freemem() >= NEEDED_BYTES;
};
