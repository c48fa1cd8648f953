import type { Position } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { type ReadStore, sqliteReadStore } from '@vouchsafe/read-store';
import { nextTurn, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { lateCheckpoints } from './late-checkpoints.js';

const at = (position: number): Position => position as Position;

describe('a publisher’s checkpoint', () => {
  let down: boolean;
  let saved: string[];
  let real: ReadStore;
  const clock = simulatedClock(instant(0));
  const open = () => {
    const flaky: ReadStore = Object.assign(Object.create(null) as ReadStore, {
      collection: real.collection.bind(real), collectionNames: real.collectionNames.bind(real), dropCollection: real.dropCollection.bind(real),
      replaceCollection: real.replaceCollection.bind(real), loadCheckpoint: real.loadCheckpoint.bind(real), close: real.close.bind(real),
      saveCheckpoint: async (name: string, position: Position) => {
        if (down) throw new Error('no primary');
        saved.push(`${name} ${position}`);
        await real.saveCheckpoint(name, position);
      },
    });
    return lateCheckpoints(flaky, { clock, log: silentLog });
  };
  beforeEach(() => {
    down = false;
    saved = [];
    real = sqliteReadStore({ file: ':memory:', log: silentLog });
  });
  afterEach(() => real.close());

  it('holds nobody up while the read store is away, is known here, and is written in the end, the newest alone', async () => {
    const { readStore, flush } = open();
    down = true;
    for (const position of [1, 2, 3]) await readStore.saveCheckpoint('publisher/order', at(position));
    expect(await readStore.loadCheckpoint('publisher/order')).toBe(3);
    down = false;
    await clock.advance(5_000);
    await flush();
    expect(saved).toEqual(['publisher/order 3']);
    expect(await real.loadCheckpoint('publisher/order')).toBe(3);
  });

  it('is written at the end, where that can be done', async () => {
    const { readStore, flush } = open();
    await readStore.saveCheckpoint('publisher/order', at(7));
    await flush();
    expect(await real.loadCheckpoint('publisher/order')).toBe(7);
  });

  it('keeps no end waiting for a read store that stays away', async () => {
    const { readStore, flush } = open();
    down = true;
    await readStore.saveCheckpoint('publisher/order', at(7));
    const flushed = flush();
    await nextTurn();
    await clock.advance(5_000);
    await flushed;
    expect(saved).toEqual([]);
  });

  it('is all that is late: others’ stand for documents and are waited for', async () => {
    const { readStore } = open();
    down = true;
    await expect(readStore.saveCheckpoint('projections/order', at(7))).rejects.toThrow('no primary');
  });
});
