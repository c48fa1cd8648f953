import type { Disk, DiskFile } from '@vouchsafe/runtime';

export const DYING_POINTS = ['before-write', 'after-write', 'before-sync', 'after-sync'] as const;
export type DyingPoint = (typeof DYING_POINTS)[number];

/** `before-sync:17` → the point and the number of times it is passed alive. */
export const parseDyingPoint = (text: string): { readonly point: DyingPoint; readonly after: number } | undefined => {
  const [point, count] = text.split(':');
  const after = Number(count);
  return DYING_POINTS.includes(point as DyingPoint) && Number.isSafeInteger(after) && after > 0 ? { point: point as DyingPoint, after } : undefined;
};

/** A disk that calls `die` when `point` is reached for the `after`-th time: for crash tests at exactly these moments. */
export const dyingDisk = (disk: Disk, { point, after }: { readonly point: DyingPoint; readonly after: number }, die: () => void): Disk => {
  let left = after;
  const reached = (here: DyingPoint): void => {
    if (here === point && --left === 0) die();
  };
  const around = (file: DiskFile): DiskFile => ({
    read: (into, offset) => file.read(into, offset),
    write: async (bytes, offset) => {
      reached('before-write');
      await file.write(bytes, offset);
      reached('after-write');
    },
    sync: async () => {
      reached('before-sync');
      await file.sync();
      reached('after-sync');
    },
    allocate: (size) => file.allocate(size),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    close: () => file.close(),
  });
  return {
    open: async (name, mode) => around(await disk.open(name, mode)),
    list: (folder) => disk.list(folder),
    exists: (name) => disk.exists(name),
    remove: (name) => disk.remove(name),
    rename: (from, to) => disk.rename(from, to),
    makeFolder: (folder) => disk.makeFolder(folder),
    syncFolder: (folder) => disk.syncFolder(folder),
    freeBytes: () => disk.freeBytes(),
    lock: (name) => disk.lock(name),
  };
};
