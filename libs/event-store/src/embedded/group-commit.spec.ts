import { memoryDisk } from '@vouchsafe/runtime';
import { NO_STREAM } from '../port.js';
import { anAppend, readToEnd } from '../testing/builders.js';
import { everythingIn, fill, openSmall, settle } from '../testing/small-store.js';

const stateOf = async (work: Promise<unknown>): Promise<string> =>
  Promise.race([
    work.then(
      () => 'settled',
      () => 'rejected',
    ),
    settle().then(() => 'waiting'),
  ]);

/** A disk whose log writes can be held back and let go. */
const heldDisk = () => {
  let hold = false;
  let go: () => void = () => {};
  let opened = Promise.resolve();
  const disk = memoryDisk({
    before: ({ kind, name }) => (hold && kind === 'write' && name.endsWith('.seg') ? opened : undefined),
  });
  return {
    disk,
    hold: () => {
      hold = true;
      opened = new Promise((resolve) => (go = resolve));
    },
    release: () => {
      hold = false;
      go();
    },
  };
};

describe('group commit', () => {
  it('flushes once for everyone who waits, and never acknowledges without a flush', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk, {
      segmentBytes: 1 << 20,
      frameBytes: 1 << 19,
      frameEvents: 1000,
      unflushedBytes: 1 << 20,
      directoryRows: 1000,
    });
    const commit = async (i: number): Promise<void> => {
      const result = await store.append(anAppend(`order-${i}`, NO_STREAM, `e${i}`));
      if (result.ok) await store.durable(result.position);
    };
    for (let i = 0; i < 20; i++) await commit(i);
    expect(store.stats().flushes).toBe(20);
    await Promise.all(Array.from({ length: 300 }, (_, i) => commit(1000 + i)));
    expect(store.stats().flushes).toBe(21);
    expect(store.stats()).toMatchObject({ eventsAppended: 320, events: 320 });
    await store.close();
  });

  it('shows an event to its stream at once, to those who follow all only once it is durable', async () => {
    const { disk, hold, release } = heldDisk();
    const store = await openSmall(disk);
    hold();
    const result = await store.append(anAppend('order-1', NO_STREAM, 'a'));
    expect(await store.readStream('order-1', { max: 1 })).toHaveLength(1);
    expect(await readToEnd(store)).toEqual([]);
    const durable = store.durable(store.head());
    expect(await stateOf(durable)).toBe('waiting');
    release();
    await durable;
    expect((await readToEnd(store)).map(({ position }) => position)).toEqual([result.ok && result.position]);
    await store.close();
  });

  it('lets appends wait when too much is unflushed, and bounds what is in memory', async () => {
    const { disk, hold, release } = heldDisk();
    const store = await openSmall(disk);
    hold();
    const appends = Array.from({ length: 100 }, async (_, i) => store.append(anAppend(`order-${i}`, NO_STREAM, `e${i}`)));
    await settle();
    expect(store.stats().eventsAppended).toBeGreaterThan(5);
    expect(store.stats().eventsAppended).toBeLessThan(30);
    release();
    expect((await Promise.all(appends)).every(({ ok }) => ok)).toBe(true);
    await store.durable(store.head());
    expect(await readToEnd(store)).toHaveLength(100);
    expect(store.stats().recentBytes).toBeLessThanOrEqual(2000);
    await store.close();
  });

  it('goes on with segments of another size', async () => {
    const disk = memoryDisk();
    for (const segmentBytes of [6000, 4000]) {
      const store = await openSmall(disk, { segmentBytes });
      await fill(store, 30);
      await store.close();
    }
    const store = await openSmall(disk, { segmentBytes: 20_000 });
    const large = anAppend('order-large', NO_STREAM, 'a', 30);
    await expect(store.append(large)).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' }); // into the 4,000 bytes that are next
    await fill(store, 30);
    expect(await store.append(large)).toMatchObject({ ok: true, revision: 29 });
    await store.durable(store.head());
    expect(await everythingIn(store)).toHaveLength(120);
    await store.close();
  });

  it('refuses an append that fits into no segment', async () => {
    const store = await openSmall(memoryDisk());
    await expect(store.append(anAppend('order-1', NO_STREAM, 'a', 100))).rejects.toMatchObject({
      code: 'APPEND_TOO_LARGE',
      retryable: false,
    });
    expect(await store.append(anAppend('order-1', NO_STREAM, 'a', 15))).toMatchObject({ ok: true });
    await store.close();
  });
});
