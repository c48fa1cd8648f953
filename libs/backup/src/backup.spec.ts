import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LogCut, Position } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { silentLog, simulatedClock } from '@vouchsafe/runtime';
import { backup } from './backup.js';
import { readManifest, restore, verifyBackup } from './restore.js';

const clock = simulatedClock(instant(1_790_000_000_000));
let root: string;
const at = (...parts: string[]): string => path.join(root, ...parts);
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'backup-'));
  for (const folder of ['data/log', 'data/spool']) mkdirSync(at(folder), { recursive: true });
  writeFileSync(at('data', 'log', '0.seg'), 'events-and-a-tail-that-comes-later');
  writeFileSync(at('data', 'spool', 'bat_a'), 'sealed');
  const db = new DatabaseSync(at('data', 'codes.sqlite'));
  db.exec(`PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (42)`);
  db.close();
});
afterEach(() => rmSync(root, { recursive: true }));
const cut: LogCut = { position: 7 as Position, hash: 'ab', epoch: 3, files: [{ name: 'log/0.seg', length: 6 }] };
const take = (target = 'copy') => backup({ data: at('data'), target: at(target), namespace: 'live', deployment: { id: 'dpl_1', epoch: 1 }, log: { cut: async () => cut }, clock });

it('copies the log up to its cut, uploads and vaults, and says what it holds', async () => {
  const manifest = await take();
  expect(readFileSync(at('copy', 'log', '0.seg'), 'utf8')).toBe('events');
  expect(readManifest(at('copy'))).toEqual(manifest);
  expect([manifest.log.position, manifest.files.map(({ name }) => name)]).toEqual([7, ['spool/bat_a', 'codes.sqlite']]);
  const db = new DatabaseSync(at('copy', 'codes.sqlite'));
  expect(db.prepare('SELECT x FROM t').get()).toEqual({ x: 42 });
  db.close();
});
it('restores into a new directory only, with a higher epoch', async () => {
  await take();
  await restore({ from: at('copy'), data: at('data2'), log: silentLog });
  expect(JSON.parse(readFileSync(at('data2', 'deployment.json'), 'utf8'))).toMatchObject({ id: 'dpl_1', epoch: 2, bootEpoch: 3, raised: true });
  await expect(restore({ from: at('copy'), data: at('data2'), log: silentLog })).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
});
it('refuses a backup that was changed, or that never became whole', async () => {
  await take();
  writeFileSync(at('copy', 'spool', 'bat_a'), 'SEALED');
  expect(await verifyBackup(at('copy'))).toEqual(['spool/bat_a']);
  await expect(restore({ from: at('copy'), data: at('data2'), log: silentLog })).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  rmSync(at('copy', 'manifest.json'));
  await expect(restore({ from: at('copy'), data: at('data2'), log: silentLog })).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  await expect(take()).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
});
it('fails rather than copy a log that is shorter than its cut', async () => {
  writeFileSync(at('data', 'log', '0.seg'), 'eve');
  await expect(take()).rejects.toMatchObject({ code: 'BACKUP_INCOMPLETE' });
});
