import { memoryDisk } from '@vouchsafe/runtime';
import { type Position, START } from './port.js';
import { anAppend } from './testing/builders.js';
import { openSmall } from './testing/small-store.js';

const LARGE = 'x'.repeat(20_000);
const ROOMY = { segmentBytes: 1 << 19, recentBytes: 1 << 17 };

describe('who follows others than those that are written', () => {
  it.each([['from the start of the log', true], ['live', false]])('is told how far it was passed over, %s', async (_, before) => {
    const store = await openSmall(memoryDisk(), ROOMY);
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 80; i++) {
        await store.append(anAppend(`pool-${i}`, -1, `p${i}`, 1, { LARGE }));
        await store.durable(store.head());
      }
    };
    if (before) await fill();
    const stop = new AbortController();
    const told: Position[] = [];
    const following = (async () => {
      for await (const { events, next } of store.subscribe({ after: START, categories: ['order'], signal: stop.signal })) {
        expect(events).toEqual([]);
        told.push(next);
        if (next > 1_000_000 || told.length > 20) stop.abort();
      }
    })();
    if (!before) await fill();
    await following;
    expect(told.length).toBeLessThan(4); // once in a million bytes, not with every flush
    for (const next of told) await expect(store.readAll({ after: next, max: 1 })).resolves.toMatchObject({}); // each is a place in the log
    await store.close();
  });
});
