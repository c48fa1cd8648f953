import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { clockTimers, silentLog, systemClock } from '@vouchsafe/runtime';
import { newSigningKey, type RpcKeys, trustedKeysText, watchKeys } from './index.js';
import { keyIdOf } from './token.js';

const LOOK_MS = 10;
let folder: string;
let keys: RpcKeys | undefined;
beforeEach(() => void (folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-keys-'))));
afterEach(async () => {
  await keys?.stop();
  rmSync(folder, { recursive: true });
});
const files = () => ({ signingKeyFile: path.join(folder, 'order.pem'), trustedKeysFile: path.join(folder, 'trusted.json') });
const write = (pem: string, trusted: string): void => {
  writeFileSync(files().signingKeyFile, pem);
  writeFileSync(files().trustedKeysFile, trusted);
};
const looked = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS * 10));

it('follows the files: a new key signs, another one is trusted; what cannot be used changes nothing', async () => {
  const [first, second] = [newSigningKey(), newSigningKey()];
  write(first.pem, trustedKeysText([{ issuer: 'order', key: first.publicKey }]));
  keys = await watchKeys(files(), clockTimers(systemClock()), silentLog, LOOK_MS);
  expect(keys.trusted().get(keyIdOf(first.publicKey))).toMatchObject({ issuer: 'order' });
  write('no key', 'no JSON');
  await looked();
  expect(keys.signing().equals(first.privateKey)).toBe(true);
  write(second.pem, trustedKeysText([{ issuer: 'order', key: first.publicKey }, { issuer: 'order', key: second.publicKey }]));
  await looked();
  expect(keys.signing().equals(second.privateKey)).toBe(true);
  expect([...keys.trusted().keys()]).toEqual([first, second].map(({ publicKey }) => keyIdOf(publicKey)));
});

it.each([
  ['a private key of another kind', generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), '{"keys":[]}'],
  ['no list of keys', newSigningKey().pem, '{}'],
  ['an entry without an issuer', newSigningKey().pem, '{"keys":[{"publicKey":"AAAA"}]}'],
])('is told at the start: %s', async (_what, pem, trusted) => {
  write(pem, trusted);
  const told = await watchKeys(files(), clockTimers(systemClock()), silentLog).catch((error: unknown) => error);
  expect(told).toMatchObject({ name: 'Fault', code: 'KEY_FILES_UNUSABLE' });
  expect(String(told)).not.toContain('PRIVATE');
});
