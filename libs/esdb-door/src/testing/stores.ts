import type { Instant } from '@vouchsafe/kernel';
import { type EmbeddedStore, openEmbeddedStore } from '@vouchsafe/event-store';
import { type Clock, createIds, type Disk, memoryDisk, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { type Door, type DoorOptions, openDoor } from '../open-door.js';

/** An embedded store with a door that appends are let through. */
export type House = {
  readonly store: EmbeddedStore;
  readonly door: Door;
  readonly url: string;
  close(): Promise<void>;
};

export const START_OF_TESTS = 1_760_000_000_000 as Instant;
const SEGMENT = 4 << 20;

/** A sandbox door on loopback, where whoever comes may append. */
export const openHouse = async ({ disk = memoryDisk(), clock = systemClock(), ...options }: { readonly disk?: Disk; readonly clock?: Clock } & Partial<DoorOptions> = {}): Promise<House> => {
  const store = await openEmbeddedStore({ disk, clock, log: silentLog, options: { segmentBytes: SEGMENT, reserveBytes: 0 }, onFatal: (fault) => { throw fault; } });
  const door = await openDoor({
    store, namespace: 'sandbox', host: '127.0.0.1', port: 0, append: true, anonymous: { name: 'tests', may: 'append' }, authenticate: async () => undefined,
    clock, ids: createIds(systemClock(), systemRandom()), log: silentLog, ...options,
  });
  return {
    store, door, url: `esdb://127.0.0.1:${door.port}?tls=false`,
    close: async () => {
      await door.close();
      await store.close();
    },
  };
};
