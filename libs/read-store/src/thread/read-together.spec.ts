import { type EventStore, memoryStore, NO_STREAM, openEmbeddedStore } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, memoryDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { bind } from '../projections/bound.js';
import { startProjections } from '../projections/runner.js';
import type { ProjectionRunner } from '../runner-port.js';
import { sqliteReadStore } from '../sqlite-read-store.js';
import { card, codec, total } from '../testing/till.js';
import { readTogether } from './read-together.js';

const LOGS = [
  ['hands on its records', (): Promise<EventStore> => openEmbeddedStore({ disk: memoryDisk(), clock: systemClock(), log: silentLog, onFatal: (fault) => { throw fault; } })],
  ['hands on none', async (): Promise<EventStore> => memoryStore(systemClock())],
] as const;

it.each(LOGS)('several runners build their views from one reading of a log that %s', async (_, open) => {
  const store = await open();
  const readStore = sqliteReadStore({ file: ':memory:', log: silentLog });
  for (let i = 0; i < 40; i++) {
    await store.append({ stream: `till-${i}`, expected: NO_STREAM, events: [{
      id: eventIdOf(`c-${i}`, 0), ...codec.encode({ type: 'Added', amount: i }), occurredAt: instant(1_760_000_000_000), correlation: 'c', causation: 'c', principal: 'p',
    }] });
  }
  await store.durable(store.head());
  const parts = { readStore, log: silentLog, clock: systemClock() };
  const starting: Promise<ProjectionRunner>[] = [];
  const together = readTogether(store, { ...parts, begun: () => Promise.all(starting) });
  for (const projection of [bind(card, codec, ['till']), bind(total, codec, ['till'])]) {
    starting.push(startProjections({ name: projection.collection.name, store: together, ...parts, projections: [projection] }));
  }
  const runners = await Promise.all(starting);
  for (const runner of runners) await runner.caughtUp();
  expect((await (await readStore.collection<{ sum: number }>(total.collection)).get('all'))?.value).toEqual({ sum: 780 });
  together.stop();
  for (const runner of runners) await runner.stop();
  await readStore.close();
  await store.close();
});
