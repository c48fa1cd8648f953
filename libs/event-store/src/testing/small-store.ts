import { type Disk, type MemoryDisk, memoryDisk, silentLog } from '@vouchsafe/runtime';
import type { Fault } from '@vouchsafe/kernel';
import type { EmbeddedStore } from '../embedded/embedded-store.js';
import type { EmbeddedOptions } from '../embedded/layout.js';
import { openEmbeddedStore, openReadOnly } from '../embedded/open.js';
import type { RecordedEvent } from '../port.js';
import { anAppend, readToEnd } from './builders.js';
import { TINY } from './crash-world.js';
import { SteppedClock } from './stepped-clock.js';

/** Opens a store with everything small. `faults` collects what would end the process. */
export const openSmall = (
  disk: Disk,
  options: Partial<EmbeddedOptions> = {},
  clock = new SteppedClock(),
  faults: Fault[] = [],
): Promise<EmbeddedStore> =>
  openEmbeddedStore({
    disk,
    clock,
    log: silentLog,
    options: { ...TINY, ...options },
    onFatal: (fault) => faults.push(fault),
  });

export const openSmallForReading = (disk: Disk): Promise<EmbeddedStore> =>
  openReadOnly({ disk, clock: new SteppedClock(), log: silentLog, options: TINY });

/** Lets everything that waits for no more than a few promises get on. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 200; i++) await Promise.resolve();
};

/** A disk with the given files on it. */
export const diskWith = (files: ReadonlyMap<string, Uint8Array>): MemoryDisk => {
  const disk = memoryDisk();
  for (const [name, bytes] of files) disk.damage(name, bytes);
  return disk;
};

/** Appends `count` events over a few streams, each durable before the next. */
export const fill = async (store: EmbeddedStore, count: number, streams = 7): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const stream = `${i % 2 ? 'order' : 'pool'}-${i % streams}`;
    const revision = await store.revisionOf(stream);
    const result = await store.append(
      anAppend(stream, revision, `e${revision}`, 1, { name: `e${i}`, pad: 'x'.repeat((i * 37) % 200) }),
    );
    if (!result.ok) throw new Error('refused');
    await store.durable(result.position);
  }
};

/** Everything a store shows, by every way of reading it, as plain text to compare. Throws if the ways disagree. */
export const everythingIn = async (store: EmbeddedStore): Promise<readonly string[]> => {
  const log = await readToEnd(store, { max: 9 });
  const byStream = new Map<string, RecordedEvent[]>();
  for (const event of log) byStream.set(event.stream, [...(byStream.get(event.stream) ?? []), event]);
  for (const [stream, mine] of byStream) {
    same(await store.readStream(stream, { max: 10_000 }), mine);
    same(await store.readStream(stream, { max: 3, direction: 'backwards' }), mine.slice(-3).reverse());
    if ((await store.revisionOf(stream)) !== mine.length - 1) throw new Error(`${stream} has another revision`);
  }
  for (const stream of ['never-1', 'order-99', 'pool'])
    if ((await store.revisionOf(stream)) !== -1) throw new Error(`${stream} is said to exist`);
  return textsOf(log);
};

const same = (one: readonly RecordedEvent[], other: readonly RecordedEvent[]): void => {
  if (textsOf(one).join() !== textsOf(other).join()) throw new Error('two ways of reading disagree');
};
const textsOf = (events: readonly RecordedEvent[]): string[] =>
  events.map(
    ({ position, canonical, leaf }) =>
      `${position} ${Buffer.from(canonical).toString('latin1')} ${Buffer.from(leaf).toString('hex')}`,
  );
