import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedStore, openEmbeddedStore } from '@vouchsafe/event-store';
import { createIds, nodeDisk, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { fileKeyWrap, openCodeVault, sqlitePersonalVault } from '@vouchsafe/vault';
import { reconcile, rotateKey, rotateLookups, type VaultPlaces } from './vault.js';

const [clock, random, log] = [systemClock(), systemRandom(), silentLog];
let root: string;
let places: VaultPlaces;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'vault-command-'));
  places = { data: path.join(root, 'data'), keys: path.join(root, 'keys'), namespace: 'sandbox' };
  mkdirSync(folder(), { recursive: true });
  await (await openLog()).close();
  const vault = await openVault();
  await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
  await vault.seal('bat_a', [{ line: 1, code: 'CODE-1' }, { line: 2, code: 'CODE-2' }], { line: 2, refusals: [] });
  await vault.close();
  await (await sqlitePersonalVault({ file: path.join(folder(), 'personal.sqlite'), namespace: 'sandbox', keys: wrap(), random, ids: createIds(clock, random), clock, log })).close();
});
afterEach(() => rmSync(root, { recursive: true }));
const folder = (): string => path.join(places.data, 'sandbox');
const wrap = () => fileKeyWrap({ file: path.join(places.keys, 'sandbox.key'), dataDir: folder(), namespace: 'sandbox', random, log });
const openVault = (key = wrap()) => openCodeVault({ file: path.join(folder(), 'codes.sqlite'), namespace: 'sandbox', wrap: key, random, clock, log });
const openLog = (): Promise<EmbeddedStore> => openEmbeddedStore({ disk: nodeDisk(folder()), clock, log, onFatal: () => {} });

it('rotates the key of a stopped platform: everything opens under the new one, nothing under the old', async () => {
  const old = wrap();
  expect((await rotateKey(places, log)).sealed).toBeGreaterThan(2);
  await expect(openVault(old)).rejects.toMatchObject({ code: 'KEY_WRONG' });
  const vault = await openVault();
  expect(await vault.open([{ batchId: 'bat_a', from: 1, to: 2 }])).toMatchObject([{ code: 'CODE-2' }]);
  await vault.close();
});
it('hashes codes under a new look-up key', async () => {
  expect(await rotateLookups(places, log)).toEqual({ hashed: 2 });
});
it('gives up what the log never knew, so that it can be imported again', async () => {
  expect(await reconcile(places, log)).toEqual({ checked: 1, abandoned: ['bat_a'], damaged: [] });
  const vault = await openVault();
  await vault.begin({ batchId: 'bat_b', importId: 'imp_b', uses: 1 });
  expect((await vault.seal('bat_b', [{ line: 1, code: 'CODE-1' }], { line: 1, refusals: [] })).sealed).toBe(1);
  await vault.close();
});
it('touches nothing beside a running platform', async () => {
  const running = await openLog();
  await expect(rotateKey(places, log)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
  await running.close();
});
