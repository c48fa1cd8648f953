import type { EventStore } from '@vouchsafe/event-store';
import type { CodeVault } from '@vouchsafe/vault';
import { batchStream } from './streams.js';

export type Reconciled = { readonly checked: number; /** Open batches the log does not know: given up, their codes may be imported again. */ readonly abandoned: readonly string[]; /** Batches that are not as their running hash says. */ readonly damaged: readonly string[] };

/**
 * `vault reconcile`, on a stopped directory: rows ahead of the log (a crash between vault and log, a backup whose vault is
 * newer) are given up, so that their hashes no longer block; every block is read and proved. May be called again.
 */
export const reconcileVault = async (store: EventStore, vault: CodeVault): Promise<Reconciled> => {
  const batches = await vault.batches();
  const abandoned: string[] = [];
  const damaged: string[] = [];
  for (const { batchId, status } of batches) {
    if (status === 'aborted') continue;
    const [known] = await store.readStream(batchStream(batchId), { max: 1 });
    if (!known && status === 'open') {
      await vault.abort(batchId);
      abandoned.push(batchId);
    } else if (!(await vault.verify(batchId))) damaged.push(batchId);
  }
  return { checked: batches.length, abandoned, damaged };
};
