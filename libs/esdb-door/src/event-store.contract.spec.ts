import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { describeEventStoreContract } from '@vouchsafe/event-store/testing';
import { memoryDisk, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { openHouse, START_OF_TESTS } from './testing/stores.js';

/** The adapter, the official client library and the door, one behind the other, on a log in memory. */
describeEventStoreContract('EventStoreDB adapter, through the door', async () => {
  const clock = simulatedClock(START_OF_TESTS);
  const disk = memoryDisk();
  let house = await openHouse({ disk, clock });
  const open = () => openEsdbStore({ connectionString: house.url, clock, log: silentLog });
  let store = await open();
  return {
    store,
    clock,
    reopen: async () => {
      await store.close();
      await house.close();
      house = await openHouse({ disk, clock });
      store = await open();
      return store;
    },
    dispose: async () => {
      await store.close();
      await house.close();
    },
  };
});
