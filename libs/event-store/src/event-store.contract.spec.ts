import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type Instant } from '@vouchsafe/kernel';
import { type Disk, memoryDisk, nodeDisk, silentLog, type SimulatedClock, simulatedClock } from '@vouchsafe/runtime';
import type { EmbeddedOptions } from './embedded/layout.js';
import { openEmbeddedStore } from './embedded/open.js';
import { memoryStore } from './memory-store.js';
import { describeEventStoreContract, type StoreUnderTest } from './testing/event-store-contract.js';

const aClock = (): SimulatedClock => simulatedClock(1_760_000_000_000 as Instant);

const embedded = async (
  disk: Disk,
  options: Partial<EmbeddedOptions>,
  clean: () => void = () => {},
): Promise<StoreUnderTest> => {
  const clock = aClock();
  const open = () =>
    openEmbeddedStore({
      disk,
      clock,
      log: silentLog,
      options,
      onFatal: (fault) => {
        throw fault;
      },
    });
  let store = await open();
  return {
    store,
    clock,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    dispose: async () => {
      await store.close();
      clean();
    },
  };
};

/** Everything small, so that segments, runs, merges and reads from the disk all take part. */
const TIGHT: Partial<EmbeddedOptions> = {
  segmentBytes: 1 << 20,
  frameBytes: 4096,
  frameEvents: 50,
  unflushedBytes: 8192,
  recentBytes: 4096,
  recentEvents: 20,
  cacheBytes: 1,
  reserveBytes: 0,
  directoryRows: 16,
};

const temporary = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'event-store-'));

describeEventStoreContract('in memory', async () => {
  const clock = aClock();
  const store = memoryStore(clock);
  return { store, clock, dispose: () => store.close() };
});
describeEventStoreContract('embedded, on a disk in memory', () => embedded(memoryDisk(), { segmentBytes: 4 << 20 }));
describeEventStoreContract('embedded, with everything small', () => embedded(memoryDisk(), TIGHT));
describeEventStoreContract('embedded, on this machine', () => {
  const folder = temporary();
  return embedded(nodeDisk(folder), { segmentBytes: 4 << 20 }, () => fs.rmSync(folder, { recursive: true }));
});
