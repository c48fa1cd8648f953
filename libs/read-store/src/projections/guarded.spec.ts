import { memoryStore, NO_STREAM, type RecordedEvent } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, nextTurn, silentLog, simulatedClock } from '@vouchsafe/runtime';
import type { Collection } from '../port.js';
import { sqliteReadStore } from '../sqlite-read-store.js';
import { applyBatch, type Delivery } from './guarded.js';

const AT = instant(1_760_000_000_000);
const halting = { has: () => false, add: () => undefined };

it('a batch whose documents cannot be written has failed, with a rejection nobody misses, once nothing of it goes on', async () => {
  const store = memoryStore(simulatedClock(AT));
  await store.append({ stream: 'till-1', expected: NO_STREAM, events: [{ id: eventIdOf('c', 0), type: 't', data: {}, occurredAt: AT, correlation: 'c', causation: 'c', principal: 'p' }] });
  const [meta] = (await store.readStream('till-1', { from: 0, max: 1 })) as readonly [RecordedEvent];
  const bound: Delivery['bound'] = { collection: { name: 'card', indexes: [] }, categories: ['till'], codec: { decode: () => undefined }, idsOf: () => [], apply: () => ({ owner: 'a' }) };
  const deliveries = new Map(Array.from({ length: 1_000 }, (_, i) => [`card-${i}`, [{ bound, event: {}, meta }]]));
  const readStore = sqliteReadStore({ file: ':memory:', log: silentLog });
  const cards = await readStore.collection<unknown>(bound.collection);
  let [begun, ended] = [0, 0];
  const full: Collection<unknown> = Object.assign(Object.create(cards) as Collection<unknown>, {
    getMany: async () => new Map(),
    write: async () => {
      if (begun++ === 0) throw new Error('disk full');
      for (let turns = 0; turns < 20; turns++) await nextTurn();
      ended++;
    },
  });
  await expect(applyBatch(full, deliveries, halting)).rejects.toThrow('disk full');
  expect([begun, ended]).toEqual([4, 3]);
  await readStore.close();
});
