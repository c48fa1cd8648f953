import { type EventStore, memoryStore, NO_STREAM } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { type ReadStore, sqliteReadStore } from '@vouchsafe/read-store';
import { eventIdOf, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { RiskWindows } from '../application/windows/risk-windows.js';
import { snapshotCollection, type SnapshotPart, WindowSnapshots } from './window-snapshots.js';

const AT = instant(1_760_000_000_000);
const SIZE = { keysPerTable: 1_000, momentsPerTable: 10_000 };

describe('a snapshot of the risk windows', () => {
  let store: EventStore;
  let readStore: ReadStore;
  beforeEach(() => {
    store = memoryStore(simulatedClock(AT));
    readStore = sqliteReadStore({ file: ':memory:', log: silentLog });
  });
  afterEach(() => readStore.close());

  const snapshots = async (size = SIZE, of = store): Promise<WindowSnapshots> =>
    new WindowSnapshots({ collection: await readStore.collection<SnapshotPart>(snapshotCollection), store: of, size, log: silentLog });
  const append = async (n: number, to = store): Promise<void> => {
    for (let i = 0; i < n; i++) {
      const expected = await to.revisionOf('signal-a');
      await to.append({ stream: 'signal-a', expected: expected ?? NO_STREAM, events: [{ id: eventIdOf(`c${expected}`, 0), type: 't', data: {}, occurredAt: AT, correlation: 'c', causation: 'c', principal: 'p' }] });
    }
  };
  const order = (windows: RiskWindows, i: number): void => windows.order({
    channelId: 'chn_a', parties: { buyer: `tok_${i % 1_500}`, ip: `ip_${i % 7}`, device: `dev_${i % 40}` }, lines: [{ productId: `prd_${i % 3}`, quantity: i % 5 }],
    total: { minor: 100n, currency: 'CNY' }, verdict: i % 11 === 0 ? 'deny' : 'allow', at: instant(AT + i * 1_000),
  });

  it('gives back windows that count the same, forget the same and go on the same', async () => {
    await append(3);
    const live = new RiskWindows(SIZE);
    for (let i = 0; i < 5_000; i++) order(live, i); // more buyers than keys: some gave way
    await (await snapshots()).save(live);
    const loaded = new RiskWindows(SIZE);
    expect(await (await snapshots()).load(loaded)).toBe(store.head());
    expect(loaded.save()).toEqual(live.save());
    for (let i = 5_000; i < 9_000; i++) for (const windows of [live, loaded]) order(windows, i);
    expect(loaded.save()).toEqual(live.save());
    expect(loaded.tables.buyer.keys.size).toBe(SIZE.keysPerTable);
  });

  it('is ignored where the windows are of another size, where a part was lost, and where the log has no such place', async () => {
    await append(3);
    const live = new RiskWindows(SIZE);
    order(live, 1);
    await (await snapshots()).save(live);
    const fresh = new RiskWindows(SIZE);
    expect(await (await snapshots({ ...SIZE, keysPerTable: 2_000 })).load(fresh)).toBeUndefined();
    const shorter = memoryStore(simulatedClock(AT));
    await append(1, shorter);
    expect(await (await snapshots(SIZE, shorter)).load(fresh)).toBeUndefined();
    const parts = await readStore.collection<SnapshotPart>(snapshotCollection);
    await parts.write([{ id: 'part-0000', value: { bytes: 'AAAA' }, revisions: { snapshot: 99 } }]);
    expect(await (await snapshots()).load(fresh)).toBeUndefined();
    expect(fresh.save()).toEqual(new RiskWindows(SIZE).save());
  });

  it('replaces the one before', async () => {
    const live = new RiskWindows(SIZE);
    for (let i = 1; i <= 3; i++) {
      await append(1);
      order(live, i);
      await (await snapshots()).save(live);
    }
    const loaded = new RiskWindows(SIZE);
    expect(await (await snapshots()).load(loaded)).toBe(store.head());
    expect(loaded.save()).toEqual(live.save());
  });
});
