import { existsSync } from 'node:fs';
import path from 'node:path';
import { type ParkedStore, sqliteParkedStore } from '@vouchsafe/bus';
import type { Namespace } from '@vouchsafe/runtime';
import { CommandFailure, EXIT } from '../speech.js';

/** Where parked messages are kept: a file of the one process, or a database of each service. */
export type ParkedPlace = { readonly namespace: Namespace } & ({ readonly data: string } | { readonly mongo: string; readonly database: string });

/** Gives the stores of a place to `work`, and closes them after it. `toRead`: a file is opened as one looks at another's. */
export const withStores = async <T>(place: ParkedPlace, { toRead }: { readonly toRead: boolean }, work: (stores: readonly ParkedStore[]) => Promise<T>): Promise<T> => {
  const stores = 'mongo' in place ? (await import('../distributed/parked.js')).parkedOfServices(place) : ofDirectory(place, toRead); // no other command needs its driver
  try {
    return await work(stores);
  } finally {
    for (const store of stores) await store.close();
  }
};

const ofDirectory = ({ data, namespace }: { readonly data: string; readonly namespace: Namespace }, readOnly: boolean): readonly ParkedStore[] => {
  const folder = path.join(data, namespace);
  if (!existsSync(folder)) throw new CommandFailure(EXIT.data, `没有数据：${folder}`, `there is no data at ${folder}`);
  const file = path.join(folder, 'parked.sqlite');
  return existsSync(file) ? [sqliteParkedStore(file, { readOnly })] : [];
};
