import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, instant } from '@vouchsafe/kernel';
import { simulatedClock } from '@vouchsafe/runtime';
import { inProcessBus } from './in-process-bus.js';
import { memoryParkedStore } from './parked-store.js';
import { sqliteParkedStore } from './sqlite-parked-store.js';
import { anEvent } from './testing/bus-contract.js';
import { aParked, describeParkedStoreContract } from './testing/parked-store-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-parked-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

describeParkedStoreContract('memory', async () => memoryParkedStore());
describeParkedStoreContract('SQLite', async () => sqliteParkedStore(join(folder, `${files++}.db`)));

it('can be looked at beside the process that keeps them, and changed by nobody who only looks', async () => {
  const file = join(folder, `${files++}.db`);
  const kept = sqliteParkedStore(file);
  await kept.put(aParked('a', 's'));
  const looking = sqliteParkedStore(file, { readOnly: true });
  expect((await looking.list({ limit: 10 })).map(({ id }) => id)).toEqual(['a']);
  await expect(looking.remove('a')).rejects.toThrow(/readonly/);
  await looking.close();
  await kept.close();
});

it('what was parked halts its stream also after a restart, and a fault that passes ends by itself', async () => {
  const file = join(folder, 'restart.db');
  const clock = simulatedClock(instant(1_767_225_600_000));
  const got: number[] = [];
  const start = async (handler: (pub: number) => Promise<void>) => {
    const store = sqliteParkedStore(file);
    const bus = inProcessBus(clock, { parked: store });
    bus.subscribe('ledger', ['order'], ({ pub }) => handler(pub));
    bus.servePublished('order', async () => []);
    await bus.start();
    return { bus, store };
  };
  const first = await start(async () => {
    throw new Fault('STORE_READ_ONLY', 'disk full');
  });
  await clock.until(first.bus.publish([anEvent('order-a', 1)]));
  await first.bus.stop();
  await first.store.close();

  const second = await start(async (pub) => void got.push(pub));
  await clock.until(second.bus.publish([anEvent('order-a', 2), anEvent('order-b', 1)]));
  expect(got).toEqual([1]); // of order-b; order-a still stands
  await clock.advance(10_000);
  expect(got).toEqual([1, 1, 2]);
  expect(await second.bus.parking.list({ limit: 1 })).toEqual([]);
  await second.bus.stop();
  await second.store.close();
});
