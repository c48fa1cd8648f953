import { memoryDisk, silentLog } from '@vouchsafe/runtime';
import { NO_STREAM, type Position, START } from '../../port.js';
import { anAppend, revisionsOf } from '../../testing/builders.js';
import { diskWith, everythingIn, fill, openSmall, openSmallForReading } from '../../testing/small-store.js';
import { SteppedClock } from '../../testing/stepped-clock.js';
import type { EmbeddedStore } from '../embedded-store.js';
import { DEFAULTS } from '../layout.js';
import { StreamDirectory } from './stream-directory.js';
import { Tail } from './tail.js';
import { TailMemory } from './tail-memory.js';

/** Room for real traffic in the log, but a directory of small runs and hardly any memory of recent events. */
const ROOMY = {
  segmentBytes: 1 << 20,
  frameBytes: 1 << 16,
  frameEvents: 100,
  unflushedBytes: 1 << 17,
  directoryRows: 100,
  recentBytes: 4000,
  recentEvents: 20,
  cacheBytes: 1 << 16,
};

const openStreams = async (store: EmbeddedStore, from: number, to: number): Promise<void> => {
  for (let i = from; i < to; i += 50) {
    await store.appendMany(
      Array.from({ length: Math.min(50, to - i) }, (_, j) => anAppend(`order-${i + j}`, NO_STREAM, `e${i + j}`)),
    );
    await store.durable(store.head());
  }
};

describe('the stream directory', () => {
  it('finds every one of many streams, now and after a restart, with bounded memory and few runs', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk, ROOMY);
    await openStreams(store, 0, 5000);
    const check = async (of: EmbeddedStore): Promise<void> => {
      for (let i = 0; i < 5000; i += 7) expect(await of.revisionOf(`order-${i}`)).toBe(0);
      for (let i = 5000; i < 5100; i++) expect(await of.revisionOf(`order-${i}`)).toBe(NO_STREAM);
      const { streamsInMemory, runs } = of.stats();
      expect(streamsInMemory).toBeLessThanOrEqual(400);
      expect(runs).toBeLessThan(16);
    };
    await check(store);
    await store.close();
    const again = await openSmall(disk, ROOMY);
    expect(again.recovery.directoryRebuilt).toBeUndefined();
    await check(again);
    expect(await again.append(anAppend('order-3', NO_STREAM, 'other'))).toEqual({ ok: false, actual: 0 });
    expect(await again.append(anAppend('order-3', 0, 'more'))).toMatchObject({ ok: true, revision: 1 });
    await again.close();
  });

  it('knows without reading the disk that a stream is new, but for one in a few', async () => {
    let reads = 0;
    const disk = memoryDisk({
      before: ({ kind, name }) => {
        if (kind === 'read' && name.endsWith('.run')) reads++;
      },
    });
    const store = await openSmall(disk, ROOMY);
    await openStreams(store, 0, 3000);
    await store.close();
    const again = await openSmall(disk, { ...ROOMY, directoryRows: 100_000 });
    reads = 0;
    await openStreams(again, 3000, 5000);
    expect(reads).toBeLessThan(300);
    await again.close();
  });

  it('enters a long stream in its middle, also after its marks were merged', async () => {
    let reads = 0;
    const disk = memoryDisk({
      before: ({ kind }) => {
        if (kind === 'read') reads++;
      },
    });
    const store = await openSmall(disk, ROOMY);
    for (let i = 0; i < 3000; i++) {
      await store.appendMany([anAppend('pool-1', i - 1, `p${i}`), anAppend(`order-${i}`, NO_STREAM, `o${i}`)]);
      if (i % 50 === 0) await store.durable(store.head());
    }
    await store.durable(store.head());
    await store.close();
    const again = await openSmall(disk, ROOMY);
    reads = 0;
    expect(revisionsOf(await again.readStream('pool-1', { from: 1001, max: 5 }))).toEqual([
      1001, 1002, 1003, 1004, 1005,
    ]);
    expect(revisionsOf(await again.readStream('pool-1', { from: 64, direction: 'backwards', max: 3 }))).toEqual([
      64, 63, 62,
    ]);
    expect(revisionsOf(await again.readStream('pool-1', { from: 0, max: 1 }))).toEqual([0]);
    expect(reads).toBeLessThan(60);
    const all: number[] = [];
    for (let from = 0; from < 3000; from += 500)
      all.push(...revisionsOf(await again.readStream('pool-1', { from, max: 500 })));
    expect(all).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    await again.close();
  });

  it('is made again when it is of another log', async () => {
    const older = memoryDisk();
    const newer = memoryDisk();
    for (const [disk, events, streams] of [
      [older, 40, 5],
      [newer, 90, 9],
    ] as const) {
      const store = await openSmall(disk);
      await fill(store, events, streams);
      await store.close();
    }
    const pick = (files: ReadonlyMap<string, Buffer>, folder: string) =>
      [...files].filter(([name]) => name.startsWith(folder));
    const mixed = new Map([
      ...pick(older.contents(), 'log/'),
      ...pick(older.contents(), 'head'),
      ...pick(newer.contents(), 'directory/'),
    ]);
    const whole = await everythingIn(await openSmall(older));
    for (const open of [openSmallForReading, openSmall]) {
      const store = await open(diskWith(mixed));
      expect(store.recovery.directoryRebuilt).toBe('the runs are not of this log');
      expect(await everythingIn(store)).toEqual(whole);
      await store.close();
    }
  });

  it('says so when a run changes while it is open, and is made again at the next start', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk, ROOMY);
    await openStreams(store, 0, 400);
    await store.close();
    const again = await openSmall(disk, ROOMY);
    for (const [name, bytes] of disk.contents()) if (name.endsWith('.run')) disk.damage(name, bytes.fill(1, 0, 4000));
    await expect(again.append(anAppend('order-3', 0, 'more'))).rejects.toMatchObject({
      code: 'DIRECTORY_DAMAGED',
      retryable: false,
    });
    const third = await openSmall(disk.kill(), ROOMY);
    expect(third.recovery.directoryRebuilt).toContain('bad block');
    expect(await third.append(anAppend('order-3', 0, 'more'))).toMatchObject({ ok: true, revision: 1 });
    await third.close();
  });

  it('does not take another stream for one with the same hash', async () => {
    const parts = { disk: memoryDisk(), clock: new SteppedClock(), log: silentLog, options: DEFAULTS, readOnly: false };
    const store = await openSmall(parts.disk);
    await fill(store, 30);
    const [other] = await store.readStream('order-1', { max: 1 });
    await store.close();
    const directory = new StreamDirectory({ ...parts, read: async () => other! });
    await directory.open();
    expect(directory.peek('pool-0')).toBeUndefined();
    await expect(directory.load('pool-0')).rejects.toMatchObject({ code: 'STREAM_HASH_COLLISION' });
  });
});

describe('the memory of streams’ ends', () => {
  const at = (revision: number): Position => (revision * 100) as Position;

  it('does not keep an end that was read while it moved on, and the move was frozen away', () => {
    const memory = new TailMemory(16);
    const { generation } = memory;
    const read = Tail.of('order-1', 0);
    read.moveTo(3, at(3));
    memory.advance('order-1', read, 4, at(4));
    memory.keep('order-1', read, generation);
    expect(memory.get('order-1')?.revision).toBe(4);
    memory.freeze();
    memory.freeze();
    memory.keep('order-1', read, generation);
    expect(memory.get('order-1')).toBeUndefined();
    memory.keep('order-1', read, memory.generation);
    expect(memory.get('order-1')?.revision).toBe(3);
  });

  it('forgets what it had read of a stream that changes', () => {
    const memory = new TailMemory(16);
    const read = Tail.of('order-1', 0);
    memory.keep('order-1', read, memory.generation);
    memory.advance('order-1', read, 0, at(0));
    memory.freeze();
    memory.freeze();
    expect(memory.get('order-1')).toBeUndefined();
  });

  it('keeps marks of two generations', () => {
    const memory = new TailMemory(16);
    let tail = Tail.of('pool-1', 0);
    for (let revision = 0; revision < 130; revision++) tail = memory.advance('pool-1', tail, revision, at(revision));
    memory.freeze();
    for (let revision = 130; revision < 200; revision++) tail = memory.advance('pool-1', tail, revision, at(revision));
    expect([64, 128, 192].map((revision) => memory.markAt('pool-1', revision))).toEqual([at(64), at(128), at(192)]);
    expect([0, 65, 256].map((revision) => memory.markAt('pool-1', revision))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(START).toBeLessThan(at(0));
  });
});
