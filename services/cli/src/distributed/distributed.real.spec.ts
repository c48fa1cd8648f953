import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDeployment } from '@vouchsafe/backup';
import { openEmbeddedStore } from '@vouchsafe/event-store';
import { anAppend } from '@vouchsafe/event-store/testing';
import { instant } from '@vouchsafe/kernel';
import { type JournalEntry, openJournal } from '@vouchsafe/journal';
import { mongoReadStore } from '@vouchsafe/read-store-mongo';
import { clockTimers, createIds, nodeDisk, silentLog, simulatedClock, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { localKeyWrap } from '@vouchsafe/vault';
import { mongoPersonalVault } from '@vouchsafe/vault-mongo';
import { allEvents } from '../audit/open-log.js';
import { backupDistributed } from './backup.js';
import { entriesOf } from './journals.js';
import type { DistributedPlaces } from './manifest.js';
import { restoreDistributed } from './restore.js';

const AT = instant(1_795_000_000_000);
const disclosed = (disclosureId: string): JournalEntry => ({ type: 'Disclosed', disclosureId, orderId: 'ord_1', lineId: '1', principal: 'pri_x', ranges: [{ batchId: 'bat_1', from: 0, to: 1 }] });

describeReal(['MongoDB'], 'a backup of the distributed form', () => {
  let servers: MongoServers;
  let root: string;
  let next = 0;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
  });
  afterAll(() => servers?.stop());
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'distributed-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const ids = createIds(systemClock(), systemRandom());
  const within = (...parts: string[]): string => path.join(root, ...parts);
  const place = (database: string, name: string) => ({ uri: servers.uri, database: `${database}_sandbox_${name}`, clock: systemClock(), random: systemRandom(), log: silentLog });
  const places = (name: string): DistributedPlaces => ({
    eventStore: within(name, 'events'), mongo: servers.uri, database: `b${process.pid}_${++next}`, data: within(name, 'data'), journal: within(name, 'journal'), namespace: 'sandbox',
  });
  const openLog = (folder: string) => openEmbeddedStore({ disk: nodeDisk(folder), clock: systemClock(), log: silentLog, onFatal: (fault) => { throw fault; } });
  const personal = (database: string) =>
    mongoPersonalVault({ place: { ...place(database, 'access_vault'), indexes: 'apply' }, namespace: 'sandbox', keys: localKeyWrap(Buffer.alloc(32, 3), systemRandom()), random: systemRandom(), ids, clock: systemClock() });
  /** A replica that has run once, and what its journal says, each entry at its second. */
  const replica = async ({ data, journal }: DistributedPlaces, name: string, entries: Readonly<Record<number, JournalEntry>>): Promise<void> => {
    const clock = simulatedClock(AT);
    const deployment = await openDeployment({ data: path.join(data, name), marker: path.join(journal, name), ids, log: silentLog });
    await deployment.attach({ head: () => -1 as never, durable: async () => {}, epoch: 1 }, clockTimers(clock));
    await deployment.close();
    const kept = await openJournal({ disk: nodeDisk(path.join(journal, name)), namespace: 'sandbox', deploymentId: deployment.id, epoch: deployment.epoch, clock, log: silentLog });
    for (const [second, entry] of Object.entries(entries)) {
      await clock.advance(AT + Number(second) * 1_000 - clock.now());
      kept.record(entry);
    }
    await kept.close();
  };
  const lived = async (): Promise<DistributedPlaces> => {
    const old = places('old');
    mkdirSync(old.eventStore, { recursive: true });
    const store = await openLog(old.eventStore);
    await store.append(anAppend('order-1', -1, 'a', 3));
    await store.durable(store.head());
    await replica(old, 'inventory', { 1: disclosed('first'), 3: disclosed('third') });
    await replica(old, 'inventory-2', { 2: disclosed('second') });
    mkdirSync(path.join(old.data, 'inventory', 'spool'));
    writeFileSync(path.join(old.data, 'inventory', 'spool', 'imp_1'), 'sealed');
    await (await personal(old.database)).close();
    await backupDistributed(old, within('backup'));
    await store.close();
    return old;
  };

  it('is put into new places: the log, vaults, uploads under way; every replica raised, and one journal of all that survived', async () => {
    const old = await lived();
    const fresh = places('fresh');
    const { epoch, entries } = await restoreDistributed(fresh, within('backup'), old.journal);
    expect([epoch, entries]).toEqual([2, 3]);
    const store = await openLog(fresh.eventStore);
    const events = [];
    for await (const event of allEvents(store)) events.push(event.stream);
    await store.close();
    expect(events).toEqual(['order-1', 'order-1', 'order-1']);
    expect(readFileSync(path.join(fresh.data, 'inventory', 'spool', 'imp_1'), 'utf8')).toBe('sealed');
    await (await personal(fresh.database)).close(); // opens with the old key: the copy is there
    for (const name of ['inventory', 'inventory-2', 'redemption']) {
      expect(JSON.parse(readFileSync(path.join(fresh.data, name, 'deployment.json'), 'utf8'))).toMatchObject({ epoch: 2, raised: true });
      const known = [];
      for await (const { entry } of entriesOf([path.join(fresh.journal, name)])) if (entry.type === 'Disclosed') known.push(entry.disclosureId);
      expect(known).toEqual(['first', 'second', 'third']);
    }
  });

  it('is refused where something is already, and where a file of it was changed', async () => {
    await lived();
    const fresh = places('fresh');
    await restoreDistributed(fresh, within('backup'));
    await expect(restoreDistributed(fresh, within('backup'))).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    await expect(restoreDistributed({ ...places('other'), database: fresh.database }, within('backup'))).rejects.toMatchObject({ code: 'COPY_TARGET_NOT_EMPTY' });
    await expect(backupDistributed(places('none'), within('backup'))).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    appendFileSync(within('backup', 'vaults', 'access.ndjson'), ' ');
    await expect(restoreDistributed(places('third'), within('backup'))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  it('is refused beside views of the log that is no more', async () => {
    await lived();
    const fresh = places('fresh');
    const views = mongoReadStore({ ...place(fresh.database, 'order'), indexes: 'apply' });
    await views.collection({ name: 'orders', indexes: [] });
    await views.close();
    await expect(restoreDistributed(fresh, within('backup'))).rejects.toMatchObject({ code: 'COPY_TARGET_NOT_EMPTY', message: expect.stringContaining('views') as string });
  });
});
