import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Ids, Log } from '@vouchsafe/runtime';

/** Which deployment a data directory belongs to, and how often it was restored or copied. */
export type Deployment = { readonly id: string; readonly epoch: number; readonly raised: boolean; readonly minimumBootEpoch: number };

/** Temporary. */
export const openDeployment = async ({ data, ids }: { readonly data: string; readonly marker: string; readonly ids: Ids; readonly log: Log }): Promise<Deployment> => {
  const file = path.join(data, 'deployment.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ id: ids.mint('deposit').replace('dep_', 'dpl_'), epoch: 1 }));
  const { id, epoch } = JSON.parse(readFileSync(file, 'utf8')) as { id: string; epoch: number };
  return { id, epoch, raised: false, minimumBootEpoch: 1 };
};
