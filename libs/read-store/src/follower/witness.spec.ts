import { type EventStore, memoryStore, NO_STREAM } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { bind } from '../projections/bound.js';
import { startProjections } from '../projections/runner.js';
import type { ReadStore } from '../port.js';
import type { ProjectionRunner } from '../runner-port.js';
import { sqliteReadStore } from '../sqlite-read-store.js';
import { card, codec, except, total } from '../testing/till.js';

const clock = simulatedClock(instant(1_700_000_000_000));
const ADAPTERS = [
  ['documents and checkpoints together', (store: ReadStore): ReadStore => store],
  ['checkpoints apart', (store: ReadStore): ReadStore => except(store, { commit: undefined })],
] as const;

/** A log of a till's events; `named` tells one log's commands from another's. */
const logOf = async (...named: readonly string[]): Promise<EventStore> => {
  const store = memoryStore(clock);
  for (const [i, name] of named.entries()) {
    await store.append({ stream: 'till-1', expected: i === 0 ? NO_STREAM : i - 1, events: [{
      id: eventIdOf(name, 0), ...codec.encode({ type: 'Added', amount: 1 }), occurredAt: clock.now(), correlation: 'c', causation: 'c', principal: 'p',
    }] });
  }
  return store;
};

describe.each(ADAPTERS)('views that keep %s, of a log that was put back by hand', (_, adapter) => {
  let readStore: ReadStore;
  beforeEach(() => void (readStore = adapter(sqliteReadStore({ file: ':memory:', log: silentLog }))));
  afterEach(() => readStore.close());

  const start = (store: EventStore): Promise<ProjectionRunner> =>
    startProjections({ name: 'till', store, readStore, log: silentLog, clock, projections: [bind(card, codec, ['till']), bind(total, codec, ['till'])] });
  const seen = async (store: EventStore): Promise<void> => {
    const runner = await start(store);
    await runner.caughtUp();
    await runner.stop();
  };

  it('are refused though it has grown past what they have seen', async () => {
    await seen(await logOf('a', 'b', 'c'));
    await expect(start(await logOf('a', 'b', 'x', 'y', 'z'))).rejects.toMatchObject({ code: 'READ_STORE_AHEAD' });
  });

  it('are refused though only one event is another', async () => {
    await seen(await logOf('a'));
    await expect(start(await logOf('x', 'b'))).rejects.toMatchObject({ code: 'READ_STORE_AHEAD' });
  });

  it('go on where it is the same log', async () => {
    await seen(await logOf('a', 'b', 'c'));
    await seen(await logOf('a', 'b', 'c', 'd'));
    expect((await (await readStore.collection<{ sum: number }>(total.collection)).get('all'))?.value).toEqual({ sum: 4 });
  });
});
