import { mkdirSync } from 'node:fs';
import { openEmbeddedStore } from '@vouchsafe/event-store';
import type { Fault } from '@vouchsafe/kernel';
import { createIds, type Log, nodeDisk, systemClock, systemRandom } from '@vouchsafe/runtime';
import { openDoor } from './open-door.js';

/** A log in a directory of its own, which several processes read and append to. */
export type ServedLog = { readonly url: string; close(): Promise<void> };

/**
 * An event store as a process of its own, for development and tests of the distributed form where no EventStoreDB is to be had: the
 * embedded log behind a door that whoever is on this machine may append to. Of a sandbox only.
 */
export const serveLog = async ({ folder, port, log, onFatal }: { readonly folder: string; readonly port: number; readonly log: Log; readonly onFatal: (fault: Fault) => void }): Promise<ServedLog> => {
  const clock = systemClock();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = await openEmbeddedStore({ disk: nodeDisk(folder), clock, log, onFatal });
  try {
    const door = await openDoor({
      store, namespace: 'sandbox', host: '127.0.0.1', port, append: true, anonymous: { name: 'anonymous', may: 'append' }, authenticate: async () => undefined,
      clock, ids: createIds(clock, systemRandom()), log,
    });
    return {
      url: `esdb://127.0.0.1:${door.port}?tls=false`,
      close: async () => {
        await door.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
};
