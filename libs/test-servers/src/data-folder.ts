import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const NAME = 'vouchsafe-server';

/** A fresh folder for a server's data. What runners that were killed left behind goes first: nobody else takes it away. */
export const dataFolder = (kind: string): string => {
  for (const name of readdirSync(os.tmpdir())) {
    const [, pid] = new RegExp(`^${NAME}-[a-z]+-(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !lives(Number(pid))) rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtempSync(path.join(os.tmpdir(), `${NAME}-${kind}-${process.pid}-`));
};

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and is somebody else's
  }
};
