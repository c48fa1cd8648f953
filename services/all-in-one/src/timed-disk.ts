import type { Clock, Disk, DiskFile } from '@vouchsafe/runtime';
import type { Histogram } from '@vouchsafe/telemetry';

/** A disk that tells how long it takes until what was written is safe: one write through, or a sync. */
export const timedDisk = (disk: Disk, clock: Pick<Clock, 'monotonicMs'>, flushes: Histogram): Disk => {
  const timed = async (work: Promise<void>): Promise<void> => {
    const from = clock.monotonicMs();
    await work;
    flushes.observe((clock.monotonicMs() - from) / 1000);
  };
  const around = (file: DiskFile, isThrough: boolean): DiskFile => ({
    read: (into, offset) => file.read(into, offset),
    write: (bytes, offset) => (isThrough ? timed(file.write(bytes, offset)) : file.write(bytes, offset)),
    sync: () => timed(file.sync()),
    allocate: (size) => file.allocate(size), truncate: (size) => file.truncate(size), size: () => file.size(), close: () => file.close(),
  });
  return {
    open: async (name, mode) => around(await disk.open(name, mode), mode === 'write-through'),
    list: (folder) => disk.list(folder), exists: (name) => disk.exists(name), remove: (name) => disk.remove(name), rename: (from, to) => disk.rename(from, to),
    makeFolder: (folder) => disk.makeFolder(folder), syncFolder: (folder) => disk.syncFolder(folder), freeBytes: () => disk.freeBytes(), lock: (name) => disk.lock(name),
  };
};
