import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SERVICE_PROJECTIONS } from '@vouchsafe/all-in-one';
import { type EmbeddedStore, openReadOnly, type RecordedEvent, StoredEvent } from '@vouchsafe/event-store';
import { type ProjectionRunner, readTogether, sqliteReadStore, startProjections } from '@vouchsafe/read-store';
import { nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { allEvents } from '../audit/open-log.js';
import { residentAfterGc } from './memory.js';
import { type Figure, median } from './report.js';
import { Shop } from './shop.js';

export type HistoryPlan = { readonly wanted: (id: string) => boolean; readonly rounds: number; /** Orders there are when an order's cost is measured. */ readonly many: number };

const FEW = 10_000;
/** Orders of the log that is replayed. */
const REPLAYED = 6_000;
const ROUND = 2_000;
const COST_GOAL = 1.3;
const REPLAY_GOAL = 0.3;
const START_GOAL = 3;
const count = (n: number): string => n.toLocaleString('en');

/** P12, P7 and P14, on the logs of one shop with few orders behind it and one with many. */
export const measureHistory = async ({ wanted, rounds, many }: HistoryPlan): Promise<readonly Figure[]> => {
  const shops = { few: await Shop.open(), many: await Shop.open() };
  try {
    await shops.few.stock(FEW + ROUND * rounds);
    await shops.many.stock(many + ROUND * rounds);
    const figures: Figure[] = [];
    await grow(shops.few, REPLAYED);
    if (wanted('P7')) figures.push(await stopped(shops.few, () => replayFigure(shops.few, rounds)));
    if (wanted('P12')) {
      await grow(shops.few, FEW - REPLAYED);
      figures.push(await memoryFigure(shops.many, many), await timeFigure(shops, rounds, many));
    } else if (wanted('P14')) await grow(shops.many, many);
    if (wanted('P14')) figures.push(await stopped(shops.many, () => startFigure(shops.many, rounds)));
    return figures;
  } finally {
    await shops.few.close();
    await shops.many.close();
  }
};

/** Does `work` while the shop is closed for business. */
const stopped = async <T>(shop: Shop, work: () => Promise<T>): Promise<T> => {
  await shop.stop();
  const done = await work();
  await shop.start();
  return done;
};

/** In steps, so that the views stay near. */
const grow = async (shop: Shop, orders: number): Promise<void> => {
  for (let left = orders; left > 0; left -= ROUND) await whole(shop, Math.min(ROUND, left));
};
/** Microseconds of CPU an order takes, on all threads, until its views are there. */
const whole = async (shop: Shop, orders: number): Promise<number> => {
  const from = process.cpuUsage();
  await shop.place(orders);
  await shop.caughtUp();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / orders;
};

const memoryFigure = async (shop: Shop, many: number): Promise<Figure> => {
  const none = residentAfterGc();
  await grow(shop, FEW);
  const few = residentAfterGc();
  await grow(shop, many - FEW);
  const all = residentAfterGc();
  const [early, late] = [(few - none) / FEW, (all - few) / Math.max(1, many - FEW)];
  return {
    id: 'P12', what: 'memory an order, later ÷ among the first 10,000', value: Math.max(0, late), unit: 'B', reference: { what: 'first 10,000', value: early }, ratio: early > 0 ? Math.max(0, late) / early : Number(late > 0), goal: COST_GOAL,
    atMost: true, rssBytes: all, note: `resident, after garbage collection; from 10,000 to ${count(many)} orders`,
  };
};

const timeFigure = async (shops: { readonly few: Shop; readonly many: Shop }, rounds: number, many: number): Promise<Figure> => {
  const [ratios, early, late]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    late.push(await whole(shops.many, ROUND));
    early.push(await whole(shops.few, ROUND));
    ratios.push(late.at(-1)! / early.at(-1)!);
  }
  return {
    id: 'P12', what: `time of an order after ${count(many)} ÷ after 10,000`, value: median(late), unit: 'µs', reference: { what: 'after 10,000', value: median(early) }, ratio: median(ratios), goal: COST_GOAL, atMost: true,
    note: 'CPU time of all threads, until its views are there; in process, 64 at a time',
  };
};

const opened = (shop: Shop): Promise<EmbeddedStore> => openReadOnly({ disk: nodeDisk(shop.data), clock: systemClock(), log: silentLog });

/** Reads every event of the open log; seconds, and how many there were. */
const scanned = async (store: EmbeddedStore, look: (event: RecordedEvent) => void): Promise<{ readonly events: number; readonly seconds: number }> => {
  const from = performance.now();
  let events = 0;
  for await (const event of allEvents(store)) {
    look(event);
    events++;
  }
  return { events, seconds: (performance.now() - from) / 1000 };
};
const parsed = (event: RecordedEvent): void => {
  if (event instanceof StoredEvent) JSON.parse(event.dataText);
};

const replayFigure = async (shop: Shop, rounds: number): Promise<Figure> => {
  const store = await opened(shop);
  try {
    const [ratios, rates, scans]: [number[], number[], number[]] = [[], [], []];
    let events = 0;
    for (let round = 0; round < rounds; round++) {
      const scan = await scanned(store, parsed);
      events = scan.events;
      const rate = events / (await replayed(store));
      scans.push(events / scan.seconds);
      rates.push(rate);
      ratios.push(rate / (events / scan.seconds));
    }
    return {
      id: 'P7', what: 'events/s, replay with all views ÷ scan + JSON.parse', value: median(rates), unit: '/s', reference: { what: 'scan + parse', value: median(scans) }, ratio: median(ratios), goal: REPLAY_GOAL,
      note: `${count(events)} events into an empty read store, every service's views`,
    };
  } finally {
    await store.close();
  }
};

/** Builds every view of every service from the log; seconds. */
const replayed = async (store: EmbeddedStore): Promise<number> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-replay-'));
  const readStore = sqliteReadStore({ file: path.join(folder, 'views.sqlite'), log: silentLog });
  try {
    const from = performance.now();
    const parts = { readStore, log: silentLog, clock: systemClock() };
    const starting: Promise<ProjectionRunner>[] = [];
    const together = readTogether(store, { ...parts, begun: () => Promise.all(starting) });
    starting.push(...Object.entries(SERVICE_PROJECTIONS).map(([name, projections]) => startProjections({ name, store: together, ...parts, projections: projections() })));
    const runners = await Promise.all(starting);
    await Promise.all(runners.map((runner) => runner.caughtUp()));
    const seconds = (performance.now() - from) / 1000;
    together.stop();
    await Promise.all(runners.map((runner) => runner.stop()));
    return seconds;
  } finally {
    await readStore.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const startFigure = async (shop: Shop, rounds: number): Promise<Figure> => {
  const [ratios, starts, scans]: [number[], number[], number[]] = [[], [], []];
  let events = 0;
  for (let round = 0; round < rounds; round++) {
    const store = await opened(shop);
    const scan = await scanned(store, () => {});
    await store.close();
    events = scan.events;
    const seconds = (await shop.start()) / 1000;
    await shop.stop();
    starts.push(seconds);
    scans.push(scan.seconds);
    ratios.push(seconds / scan.seconds);
  }
  return {
    id: 'P14', what: `start with ${count(events)} events ÷ scan of the log`, value: median(starts), unit: 's', reference: { what: 'scan', value: median(scans) }, ratio: median(ratios), goal: START_GOAL, atMost: true,
    note: 'whole namespace until it serves; the scan reads every event of the open log, parsing none',
  };
};
