import type { Disk, DiskFile } from '@vouchsafe/runtime';
import { type Figure, median } from './report.js';
import { Shop } from './shop.js';

const GOAL = 0.75;
const WARM = 6_000;
const ORDERS = 3_000;
const SEGMENT = /^log\/\d+\.seg$/;

/** A disk whose log is written but never flushed: what a power cut would leave of it nobody knows. Here only, for comparison. */
const unflushed = (disk: Disk): Disk => {
  const lazy = (file: DiskFile): DiskFile => ({
    read: (into, offset) => file.read(into, offset), write: (bytes, offset) => file.write(bytes, offset), sync: () => Promise.resolve(), allocate: (size) => file.allocate(size),
    truncate: (size) => file.truncate(size), size: () => file.size(), close: () => file.close(),
  });
  return {
    open: async (name, mode) => (SEGMENT.test(name) ? lazy(await disk.open(name, mode === 'write-through' ? 'write' : mode)) : disk.open(name, mode)),
    list: (folder) => disk.list(folder), exists: (name) => disk.exists(name), remove: (name) => disk.remove(name), rename: (from, to) => disk.rename(from, to),
    makeFolder: (folder) => disk.makeFolder(folder), syncFolder: (folder) => disk.syncFolder(folder), freeBytes: () => disk.freeBytes(), lock: (name) => disk.lock(name),
  };
};

/** P4: orders per second with the log flushed before each answer, beside the same without any flush, A B A B. */
export const measureFlushes = async (rounds: number): Promise<Figure> => {
  const shops = { on: await Shop.open(), off: await Shop.open(unflushed) };
  try {
    for (const shop of [shops.on, shops.off]) {
      await shop.stock(WARM + ORDERS * rounds);
      await shop.place(WARM);
    }
    const [ratios, on, off]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      on.push(await rate(shops.on));
      off.push(await rate(shops.off));
      ratios.push(on.at(-1)! / off.at(-1)!);
    }
    return {
      id: 'P4', what: 'orders/s, flushed ÷ not flushed', value: median(on), unit: '/s', reference: { what: 'not flushed', value: median(off) }, ratio: median(ratios), goal: GOAL,
      note: `in process, 64 at a time, ${rounds} × ${ORDERS.toLocaleString('en')} orders each`,
    };
  } finally {
    await shops.on.close();
    await shops.off.close();
  }
};

/** Orders per second; the views of both shops have nothing left to do before and after. */
const rate = async (shop: Shop): Promise<number> => {
  const seconds = await shop.place(ORDERS);
  await shop.caughtUp();
  return ORDERS / seconds;
};
