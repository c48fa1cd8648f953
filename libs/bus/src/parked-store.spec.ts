import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, instant } from '@vouchsafe/kernel';
import { simulatedClock } from '@vouchsafe/runtime';
import { inProcessBus } from './in-process-bus.js';
import { memoryParkedStore, type ParkedStore } from './parked-store.js';
import type { ParkedMessage } from './port.js';
import { sqliteParkedStore } from './sqlite-parked-store.js';
import { anEvent } from './testing/bus-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-parked-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const parked = (id: string, target: string, more: Partial<ParkedMessage> = {}): ParkedMessage => ({
  id, group: 'ledger', target, message: { id, 券: true }, error: 'why', attempts: 5, parkedAt: instant(1), ...more,
});

describe.each([
  ['memory', memoryParkedStore],
  ['SQLite', () => sqliteParkedStore(join(folder, `${files++}.db`))],
] as const)('parked messages in %s', (_name, make: () => ParkedStore) => {
  it('keep their order, also when one is parked again', async () => {
    const store = make();
    await store.put(parked('a', 's'));
    await store.put(parked('b', 's', { behind: true }));
    await store.put(parked('c', 't', { group: 'risk', retryAt: instant(9) }));
    await store.put(parked('a', 's', { attempts: 6 }));
    expect((await store.list({ limit: 10 })).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(await store.list({ group: 'ledger', target: 's', limit: 1 })).toEqual([parked('a', 's', { attempts: 6 })]);
    expect((await store.heads()).map(({ id }) => id)).toEqual(['a', 'c']);
    expect(await store.count()).toEqual({ messages: 3, halted: 2 });
    await store.remove('a');
    await store.remove('a');
    await store.put(parked('b', 's'));
    expect((await store.heads()).map(({ id }) => id)).toEqual(['b', 'c']);
    expect([await store.get('a'), await store.get('c')]).toEqual([undefined, parked('c', 't', { group: 'risk', retryAt: instant(9) })]);
    await store.close();
  });
});

it('can be looked at beside the process that keeps them, and changed by nobody who only looks', async () => {
  const file = join(folder, `${files++}.db`);
  const kept = sqliteParkedStore(file);
  await kept.put(parked('a', 's'));
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
