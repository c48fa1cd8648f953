import { readFileSync } from 'node:fs';
import path from 'node:path';
import { backup, type Manifest, restore } from '@vouchsafe/backup';
import { type Namespace, systemClock } from '@vouchsafe/runtime';
import { pinoLog } from '@vouchsafe/telemetry';
import { openLog } from '../audit/open-log.js';
import { CommandFailure, EXIT } from '../speech.js';

export type Places = { readonly data: string; readonly journal: string; readonly namespace: Namespace };

/** Copies a namespace, also of a running platform: the log is read without being taken. */
export const backupNamespace = async ({ data, namespace }: Places, target: string): Promise<Manifest> => {
  const store = await openLog(data, namespace);
  try {
    return await backup({ data: path.join(data, namespace), target, namespace, deployment: deploymentOf(path.join(data, namespace)), log: store, clock: systemClock() });
  } finally {
    await store.close();
  }
};

/** Restores a backup into a new data directory. */
export const restoreNamespace = ({ data, journal, namespace }: Places, from: string): Promise<Manifest> =>
  restore({ from, data: path.join(data, namespace), marker: path.join(journal, namespace), log: pinoLog({ level: 'error', name: 'restore' }) });

const deploymentOf = (folder: string): { readonly id: string; readonly epoch: number } => {
  const file = path.join(folder, 'deployment.json');
  try {
    const { id, epoch } = JSON.parse(readFileSync(file, 'utf8')) as { id: string; epoch: number };
    return { id, epoch };
  } catch (error) {
    throw new CommandFailure(EXIT.data, `读不到 ${file}：${(error as Error).message}`, `cannot read ${file}: ${(error as Error).message}`);
  }
};
