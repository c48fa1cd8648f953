import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { placesOf, type PlatformConfig } from '@vouchsafe/all-in-one';
import { openEmbeddedStore } from '@vouchsafe/event-store';
import { nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { allEvents, openLog } from '../audit/open-log.js';
import { EXIT } from '../speech.js';
import { type Bootstrapped, bootstrapKey } from './keys.js';
import { configOf } from './up.js';

let root: string;
beforeEach(() => { root = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-keys-')); });
afterEach(() => rmSync(root, { recursive: true }));

const at = (...parts: readonly string[]): string => path.join(root, ...parts);
const config = (): PlatformConfig => configOf({}, { VOUCHSAFE_DATA: at('data'), VOUCHSAFE_KEYS: at('keys'), VOUCHSAFE_JOURNAL: at('journal') });
const bootstrap = (again = false, file = at('admin.env')): Promise<Bootstrapped> => bootstrapKey(config(), { namespace: 'live', again, file }, silentLog);
const types = async (): Promise<readonly string[]> => {
  const store = await openLog(at('data'), 'live');
  const all: string[] = [];
  for await (const { type } of allEvents(store)) all.push(type);
  await store.close();
  return all;
};

it('puts the first administrator\'s key into a file that only its owner reads, and tells everything but the key', async () => {
  const told = await bootstrap();
  const text = readFileSync(at('admin.env'), 'utf8');
  expect(text).toMatch(/^export VOUCHSAFE_ADMIN_KEY=vs_live_\S+\n$/);
  expect(statSync(at('admin.env')).mode & 0o777).toBe(0o600);
  expect(JSON.stringify(told)).not.toContain(text.trim().split('_').at(-1));
  expect(readdirSync(root).sort()).toEqual(['admin.env', 'data', 'journal', 'keys']);
});

it('makes it once; another one only where that is asked for, and the log tells of it', async () => {
  await bootstrap();
  const first = readFileSync(at('admin.env'), 'utf8');
  const before = await types();
  await expect(bootstrap(false, at('other.env'))).rejects.toMatchObject({ exit: EXIT.refused });
  expect([existsSync(at('other.env')), existsSync(at('other.env.new')), await types()]).toEqual([false, false, before]);
  await bootstrap(true);
  expect(readFileSync(at('admin.env'), 'utf8')).not.toBe(first);
  expect((await types()).length).toBeGreaterThan(before.length);
});

it('makes no key where its file cannot be, and writes over nothing but such a key', async () => {
  writeFileSync(at('notes.txt'), 'mine');
  for (const again of [false, true]) await expect(bootstrap(again, at('notes.txt'))).rejects.toMatchObject({ exit: EXIT.config });
  await expect(bootstrap(false, at('notes.txt', 'admin.env'))).rejects.toMatchObject({ exit: EXIT.config });
  expect(readFileSync(at('notes.txt'), 'utf8')).toBe('mine');
  expect(existsSync(at('data'))).toBe(false);
});

it('makes none beside a running platform', async () => {
  await bootstrap();
  const running = await openEmbeddedStore({ disk: nodeDisk(placesOf(config(), 'live').data), clock: systemClock(), log: silentLog, onFatal: () => {} });
  await expect(bootstrap(true)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
  expect(existsSync(at('admin.env.new'))).toBe(false);
  await running.close();
});
