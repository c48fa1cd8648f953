import { existsSync } from 'node:fs';
import path from 'node:path';
import { namespaceAlone, type PlatformConfig } from '@vouchsafe/all-in-one';
import { type ParkedMessage, type ParkedStore, type Retried, sqliteParkedStore } from '@vouchsafe/bus';
import type { Log, Namespace } from '@vouchsafe/runtime';
import { CommandFailure, EXIT } from '../speech.js';

/** Parked messages of a namespace, the oldest first; of a running platform too. Nothing changes. */
export const listParked = (data: string, namespace: Namespace, options: { readonly group?: string; readonly limit: number }): Promise<readonly ParkedMessage[]> =>
  looking(data, namespace, async (store) => store?.list(options) ?? []);

/** Handles a parked message again, or gives it up, and all that waits behind it; meanwhile all services of the namespace run in this process, without the door. */
export const dealWith = async (what: 'retry' | 'drop', id: string, { config, namespace, log }: { readonly config: PlatformConfig; readonly namespace: Namespace; readonly log: Log }): Promise<Retried> => {
  const known = await looking(config.VOUCHSAFE_DATA, namespace, async (store) => store?.get(id));
  if (!known) throw new CommandFailure(EXIT.refused, `没有滞留消息 ${id}（vouchsafe parked list 可列出）`, `no message ${id} is parked (vouchsafe parked list shows them)`);
  const running = await namespaceAlone({ config, log, onFatal: (fault) => { throw fault; } }, namespace);
  try {
    return await running.bus.parking[what](id);
  } finally {
    await running.stop();
  }
};

const looking = async <T>(data: string, namespace: Namespace, look: (store: ParkedStore | undefined) => Promise<T>): Promise<T> => {
  const folder = path.join(data, namespace);
  if (!existsSync(folder)) throw new CommandFailure(EXIT.data, `没有数据：${folder}`, `there is no data at ${folder}`);
  const file = path.join(folder, 'parked.sqlite');
  if (!existsSync(file)) return look(undefined);
  const store = sqliteParkedStore(file, { readOnly: true });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
};
