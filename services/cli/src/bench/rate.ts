import { readFileSync } from 'node:fs';

/** Clock ticks per second of /proc (USER_HZ; 100 on every Linux that Node runs on). */
const HZ = 100;

/** CPU seconds a process has used so far, 0 where /proc is absent. */
export const cpuSeconds = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / HZ;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
};
