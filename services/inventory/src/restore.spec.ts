import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backup, type Deployment, openDeployment, restore, verifyBackup } from '@vouchsafe/backup';
import { type EmbeddedStore, openEmbeddedStore } from '@vouchsafe/event-store';
import { openJournal } from '@vouchsafe/journal';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { clockTimers, createIds, nodeDisk, silentLog, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import { TEST_START } from '@vouchsafe/testing';
import { localKeyWrap, openCodeVault } from '@vouchsafe/vault';
import { codes, commit, importFile, inventoryRig, openSecrets, PRODUCT, reserve, type Rig } from './testing/rig.js';

const { getStock, releasePoolHold, eraseBatch, startImport, listBatches } = InventoryService.method;
const random = systemRandom();
const log = silentLog;
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'restore-'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Running = { readonly rig: Rig; readonly store: EmbeddedStore; readonly deployment: Deployment; stop(): Promise<void> };
/** The service on real files, as the composition would start it. */
const start = async (name: string): Promise<Running> => {
  const data = path.join(root, name);
  const clock = simulatedClock(TEST_START);
  for (const folder of [data, path.join(data, 'spool'), path.join(root, 'journal')]) mkdirSync(folder, { recursive: true });
  const deployment = await openDeployment({ data, marker: path.join(root, 'journal'), ids: createIds(clock, random), log });
  const store = await openEmbeddedStore({ disk: nodeDisk(data), clock, log, onFatal: () => {}, options: { minimumEpoch: deployment.minimumBootEpoch } });
  await deployment.attach(store, clockTimers(clock));
  const vault = await openCodeVault({ file: path.join(data, 'codes.sqlite'), namespace: 'live', wrap: localKeyWrap(Buffer.alloc(32, 3), random), random, clock, log });
  const journal = await openJournal({ disk: nodeDisk(path.join(root, 'journal')), namespace: 'live', deploymentId: deployment.id, epoch: deployment.epoch, clock, log });
  const rig = await inventoryRig({ store, vault, journal, spool: nodeDisk(path.join(data, 'spool')), raised: deployment.raised, epoch: deployment.epoch, seed: deployment.epoch });
  await rig.inventory.start();
  deployment.secured();
  const stop = async (): Promise<void> => {
    await rig.inventory.stop();
    await deployment.close();
    await journal.close();
    await vault.close();
    await rig.close();
  };
  return { rig, store, deployment, stop };
};

/** Sells `n` units in one order and discloses them; the codes that left. */
const sell = async ({ rig }: Running, order: string, n: number): Promise<readonly string[]> => {
  await reserve(rig, order, n);
  const committed = await commit(rig, order);
  if (!committed.ok) throw new Error(committed.code);
  rig.disclosed.add(`dsc_${order}`);
  return (await openSecrets(rig, `dsc_${order}`, committed.result.ranges.map(({ batchId, from, to }) => ({ batchId, from, to })))).secrets.map(({ code }) => code);
};
const free = async ({ rig }: Running): Promise<number> => Number((await rig.rpc.call(getStock, { productId: PRODUCT }, rig.context)).free);

it('a restored backup sells nothing again that was sold after it', async () => {
  const before = await start('data');
  await importFile(before.rig, codes(0, 100));
  const old = await sell(before, 'a', 10);
  const doomed = await importFile(before.rig, codes(500, 503), { validUntil: undefined });
  const manifest = await backup({
    data: path.join(root, 'data'), target: path.join(root, 'backup'), namespace: 'live', deployment: before.deployment, log: before.store, clock: before.rig.clock,
  });
  expect([manifest.epoch, await verifyBackup(path.join(root, 'backup'))]).toEqual([1, []]);

  // after the backup: import, sell, disclose, erase
  const lost = await sell(before, 'b', 20);
  await importFile(before.rig, codes(1_000, 1_050));
  await before.rig.rpc.call(eraseBatch, { batchId: doomed, reason: 'contract ended', requestId: 'e1' }, before.rig.context);
  const keysBefore = ivsOf(path.join(root, 'data', 'codes.sqlite'));
  await before.stop();

  await restore({ from: path.join(root, 'backup'), data: path.join(root, 'data2'), marker: path.join(root, 'journal'), log });
  const after = await start('data2');
  expect(after.deployment.epoch).toBe(2);

  // held until released
  expect(await reserve(after.rig, 'c', 1)).toMatchObject({ ok: false, code: 'POOL_HELD' });
  // the erased key is gone again
  await expect(after.rig.vault.open([{ batchId: doomed, from: 0, to: 1 }])).rejects.toMatchObject({ code: 'KEY_ERASED' });
  const released = await after.rig.rpc.call(releasePoolHold, { productId: PRODUCT }, after.rig.context);
  expect([Number(released.withdrawn), released.stock!.held]).toEqual([20, false]);
  expect(await free(after)).toBe(70);

  // do it all again: no code twice
  const again = [...(await sell(after, 'd', 70))];
  expect(again.filter((code) => lost.includes(code) || old.includes(code))).toEqual([]);
  expect(await reserve(after.rig, 'e', 1)).toMatchObject({ ok: false, code: 'OUT_OF_STOCK' });
  // what was imported after the backup counts as imported
  await expect(importFile(after.rig, codes(1_000, 1_050))).rejects.toMatchObject({ code: 'IMPORT_EMPTY' });
  await importFile(after.rig, codes(2_000, 2_050));
  const keysAfter = ivsOf(path.join(root, 'data2', 'codes.sqlite'));
  const restored = new Set(ivsOf(path.join(root, 'backup', 'codes.sqlite')));
  expect(keysAfter.filter((iv) => !restored.has(iv) && keysBefore.includes(iv))).toEqual([]);
  await after.stop();

  // an ordinary start afterwards holds nothing again
  const later = await start('data2');
  expect(await reserve(later.rig, 'f', 1)).toMatchObject({ ok: true });
  await later.stop();
}, 60_000);

it('a copied directory is held too, and may be released in part', async () => {
  const before = await start('data');
  await importFile(before.rig, codes(0, 10));
  const copy = await backup({ data: path.join(root, 'data'), target: path.join(root, 'copy'), namespace: 'live', deployment: before.deployment, log: before.store, clock: before.rig.clock, databases: ['codes.sqlite'] });
  expect(copy.deploymentId).toBe(before.deployment.id);
  await before.stop();
  rmSync(path.join(root, 'journal', 'deployment.json')); // the marker did not come along
  const after = await start('data');
  expect(after.deployment.epoch).toBe(2);
  expect(await reserve(after.rig, 1, 1)).toMatchObject({ ok: false, code: 'POOL_HELD' });
  const { batches } = await after.rig.rpc.call(listBatches, {}, after.rig.context);
  await after.rig.rpc.call(releasePoolHold, { productId: PRODUCT, writeOff: [{ batchId: batches[0]!.batchId, from: 0n, to: 4n }] }, after.rig.context);
  expect(await free(after)).toBe(6);
  await after.stop();
});

it('a vault that is older than the log is refused', async () => {
  const running = await start('data');
  await importFile(running.rig, codes(0, 10));
  await running.stop();
  const db = new DatabaseSync(path.join(root, 'data', 'codes.sqlite'));
  db.exec('DELETE FROM batches');
  db.close();
  await expect(start('data')).rejects.toMatchObject({ code: 'VAULT_BEHIND' });
});

it('an import that was being sealed when the backup was taken goes on from it', async () => {
  const before = await start('data');
  const { importId } = await before.rig.rpc.call(startImport, { productId: PRODUCT }, before.rig.context);
  await before.rig.rpc.upload(InventoryService.method.importCodes, (async function* () {
    yield { importId, offset: 0n, content: Buffer.from(codes(0, 30)), last: false };
  })(), before.rig.context);
  await backup({ data: path.join(root, 'data'), target: path.join(root, 'backup'), namespace: 'live', deployment: before.deployment, log: before.store, clock: before.rig.clock });
  await before.stop();
  await restore({ from: path.join(root, 'backup'), data: path.join(root, 'data2'), marker: path.join(root, 'journal'), log });
  const after = await start('data2');
  await after.rig.rpc.call(InventoryService.method.completeImport, { importId, contentBytes: 330n }, after.rig.context);
  expect(await free(after)).toBe(30);
  await after.stop();
});

/** Every (key, IV) under which a block was sealed; keys by their wrapped form, since numbers repeat between copies. */
const ivsOf = (file: string): string[] => {
  const db = new DatabaseSync(file);
  const rows = db
    .prepare(`SELECT hex(keys.wrapped) AS key, hex(substr(blocks.body, 1, 12)) AS iv FROM blocks JOIN keys ON keys.id = blocks.key WHERE keys.wrapped IS NOT NULL`)
    .all() as { key: string; iv: string }[];
  db.close();
  return rows.map(({ key, iv }) => `${key}/${iv}`);
};
