import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openEmbeddedStore } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { bareAppends } from './references.js';
import { type Figure, median } from './report.js';

const BATCH = 256;
const GOAL = 0.25;
const PAYLOAD = 'x'.repeat(150);

/** P5: events per second through the store's API, 256 a batch, beside bare appends with fdatasync of as many bytes, A B A B. */
export const measureStore = async (seconds: number, rounds: number): Promise<Figure> => {
  const ratios: number[] = [];
  const [rates, bares]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const { perSecond, bytesPerEvent } = await storeRate(seconds);
    const bare = (await bareAppends(Math.round(bytesPerEvent * BATCH), seconds)) * BATCH;
    ratios.push(perSecond / bare);
    rates.push(perSecond);
    bares.push(bare);
  }
  return {
    id: 'P5', what: `durable events/s, ${BATCH} a batch ÷ bare append + fdatasync`, value: median(rates), unit: '/s', reference: { what: 'bare, same bytes', value: median(bares) }, ratio: median(ratios), goal: GOAL,
  };
};

const storeRate = async (seconds: number): Promise<{ readonly perSecond: number; readonly bytesPerEvent: number }> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-bench-'));
  const store = await openEmbeddedStore({ disk: nodeDisk(folder), clock: systemClock(), log: silentLog, onFatal: (fault) => { throw fault; } });
  const ids = Array.from({ length: BATCH }, (_, i) => eventIdOf('bench', i)); // whoever appends makes them: no work of the store
  const from = performance.now();
  let batch = 0;
  while (performance.now() - from < seconds * 1000) {
    const n = batch++;
    const events = ids.map((id, i) => ({
      id, type: 'bench.Happened.v1', data: { payload: PAYLOAD, i }, occurredAt: instant(1_700_000_000_000), correlation: `mat_${n}`, causation: `bench-${n}`, principal: 'pri_bench',
    }));
    const result = await store.append({ stream: `bench-${n}`, expected: -1, events });
    if (!result.ok) throw new Error('a fresh stream was refused');
    await store.durable(result.position);
  }
  const took = (performance.now() - from) / 1000;
  const { bytesWritten, eventsAppended } = store.stats();
  await store.close();
  rmSync(folder, { recursive: true });
  return { perSecond: eventsAppended / took, bytesPerEvent: bytesWritten / eventsAppended };
};
