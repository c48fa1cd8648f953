import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { describeEventStoreContract } from '@vouchsafe/event-store/testing';
import { createIds, silentLog, simulatedClock, systemClock, systemRandom } from '@vouchsafe/runtime';
import { START_OF_TESTS } from './testing/stores.js';

/** The same suite as through the door, on the server that somebody names. Each test has streams of its own there. */
const endpoint = process.env.VOUCHSAFE_TEST_EVENTSTORE;
const withoutCredentials = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');

if (endpoint) {
  const ids = createIds(systemClock(), systemRandom());
  describeEventStoreContract(`EventStoreDB adapter, on the real server ${withoutCredentials(endpoint)}`, async () => {
    const clock = simulatedClock(START_OF_TESTS);
    const prefix = `test_${ids.uuid().replaceAll('-', '')}.`;
    const open = () => openEsdbStore({ connectionString: endpoint, prefix, clock, log: silentLog });
    let store = await open();
    return {
      store,
      clock,
      reopen: async () => {
        await store.close();
        store = await open();
        return store;
      },
      dispose: () => store.close(),
    };
  });
} else {
  describe('an event store: EventStoreDB adapter, on a real server', () => {
    it.skip('not run: VOUCHSAFE_TEST_EVENTSTORE names no server (the same suite runs through our door: event-store.contract.spec.ts)', () => undefined);
  });
}
