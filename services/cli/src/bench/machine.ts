import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What the figures were measured on. */
export const machine = (): Readonly<Record<string, string | number>> => ({
  cpu: os.cpus()[0]?.model ?? 'unknown', cores: os.availableParallelism(), memoryGiB: Math.round(os.totalmem() / 2 ** 30),
  system: `${os.type()} ${os.release()}`, node: process.version,
});

/** Resident memory of a process in bytes, 0 where /proc is absent. */
export const residentBytes = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
};
