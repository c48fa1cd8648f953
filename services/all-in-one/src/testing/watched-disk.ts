import type { Disk, DiskFile, DiskMode } from '@vouchsafe/runtime';

const SEGMENT = /^log\/\d+\.seg$/;

/** A disk that counts what of the log became durable, and can hold it back. */
export type WatchedDisk = {
  readonly around: (disk: Disk) => Disk;
  /** Writes to the log that were durable once they settled. */
  flushes(): number;
  /** From now on nothing becomes durable until what is returned is called. */
  hold(): () => void;
};

/** For tests of what may leave the process before the log is on the disk. */
export const watchedDisk = (): WatchedDisk => {
  let flushes = 0;
  let gate: Promise<void> | undefined;
  const flushed = async (mode: DiskMode, file: DiskFile, bytes: Uint8Array, offset: number): Promise<void> => {
    if (mode === 'write-through') await gate;
    await file.write(bytes, offset);
    if (mode === 'write-through') flushes++;
  };
  const watched = (file: DiskFile, mode: DiskMode): DiskFile => ({
    read: (into, offset) => file.read(into, offset), write: (bytes, offset) => flushed(mode, file, bytes, offset), sync: () => file.sync(), allocate: (size) => file.allocate(size),
    truncate: (size) => file.truncate(size), size: () => file.size(), close: () => file.close(),
  });
  return {
    around: (disk) => ({
      open: async (name, mode) => (SEGMENT.test(name) ? watched(await disk.open(name, mode), mode) : disk.open(name, mode)),
      list: (folder) => disk.list(folder), exists: (name) => disk.exists(name), remove: (name) => disk.remove(name), rename: (from, to) => disk.rename(from, to),
      makeFolder: (folder) => disk.makeFolder(folder), syncFolder: (folder) => disk.syncFolder(folder), freeBytes: () => disk.freeBytes(), lock: (name) => disk.lock(name),
    }),
    flushes: () => flushes,
    hold: () => {
      let open = (): void => {};
      gate = new Promise((resolve) => { open = resolve; });
      return () => {
        gate = undefined;
        open();
      };
    },
  };
};
