import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { fileKeyWrap, secretKeyWrap } from './key-file.js';
import type { KeyWrap } from './key-wrap.js';
import { openCodeVault } from './sqlite-code-vault.js';
import { describeKeyWrapContract } from './testing/key-wrap-contract.js';
import { startTransitStandIn, type TransitStandIn } from './testing/transit-stand-in.js';
import { type TransitOptions, transitKeyWrap } from './transit-key-wrap.js';

const random = systemRandom();
const clock = systemClock();
const folder = mkdtempSync(path.join(tmpdir(), 'key-wrap-'));
let standIn: TransitStandIn;
beforeAll(async () => {
  standIn = await startTransitStandIn();
});
afterAll(async () => {
  await standIn.stop();
  rmSync(folder, { recursive: true });
});
let made = 0;
const transit = (key: string, more: Partial<TransitOptions> = {}): Promise<KeyWrap> =>
  transitKeyWrap({ address: standIn.address, mount: 'transit', key, token: async () => standIn.token, clock, random, log: silentLog, ...more });
const aKey = (): string => {
  const name = `kek-${++made}`;
  standIn.makeKey(name);
  return name;
};

describeKeyWrapContract('secret of the environment', async () => {
  const at = async (): Promise<KeyWrap> => secretKeyWrap('0a'.repeat(32), random);
  return { wrap: await at(), again: at, other: async () => secretKeyWrap('0b'.repeat(32), random) };
});
describeKeyWrapContract('key file', async () => {
  const at = (file: string): KeyWrap => fileKeyWrap({ file: path.join(folder, file), dataDir: path.join(folder, 'data'), namespace: 'live', random, log: silentLog });
  const file = `kek-${++made}`;
  return { wrap: at(file), again: async () => at(file), other: async () => at(`other-${++made}`) };
});
describeKeyWrapContract('transit API (stand-in of ours)', async () => {
  const key = aKey();
  return { wrap: await transit(key), again: () => transit(key), other: () => transit(aKey()) };
});

describe('a key in a KMS', () => {
  it('seals a vault; a new version is taken over without the data keys coming out', async () => {
    const key = aKey();
    const file = path.join(folder, 'codes.db');
    const open = (wrap: KeyWrap) => openCodeVault({ file, namespace: 'live', wrap, random, clock, log: silentLog });
    const before = await transit(key);
    const vault = await open(before);
    await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
    await vault.seal('bat_a', [{ line: 1, code: 'CODE-1' }], { line: 1, refusals: [] });
    standIn.rotate(key);
    const next = await transit(key);
    expect([before.id, next.id]).toEqual([`transit/transit/${key}/v1`, `transit/transit/${key}/v2`]);
    const asked = standIn.asked.length;
    expect(await vault.rotateKek(next)).toBe(3);
    expect(new Set(standIn.asked.slice(asked))).toEqual(new Set(['rewrap']));
    await vault.close();
    standIn.setMinDecryptionVersion(key, 2);
    const again = await open(await transit(key));
    expect(await again.open([{ batchId: 'bat_a', from: 0, to: 1 }])).toMatchObject([{ code: 'CODE-1' }]);
    await again.close();
  });

  it('takes over a vault from a key file, and gives it back', async () => {
    const file = path.join(folder, 'moving.db');
    const local = secretKeyWrap('0c'.repeat(32), random);
    const vault = await openCodeVault({ file, namespace: 'live', wrap: local, random, clock, log: silentLog });
    const kms = await transit(aKey());
    expect(await vault.rotateKek(kms)).toBe(2);
    await vault.close();
    await expect(openCodeVault({ file, namespace: 'live', wrap: local, random, clock, log: silentLog })).rejects.toMatchObject({ code: 'KEY_WRONG' });
    const moved = await openCodeVault({ file, namespace: 'live', wrap: kms, random, clock, log: silentLog });
    expect(await moved.rotateKek(local)).toBe(2);
    await moved.close();
  });

  it('is waited for while the KMS is sealed, standing by or cut off, and no longer', async () => {
    const wrap = await transit(aKey());
    for (const how of [503, 429, 473, 'cut off'] as const) {
      standIn.fail(2, how);
      await expect(wrap.wrap(Buffer.alloc(32), 'a')).resolves.toBeDefined();
    }
    standIn.fail(5, 503);
    await expect(wrap.wrap(Buffer.alloc(32), 'a')).rejects.toMatchObject({ code: 'KMS_UNAVAILABLE', retryable: true });
  });

  it('is refused with the reason where the token, the key or the way is wrong', async () => {
    const key = aKey();
    const refused = (code: string) => ({ name: 'Fault', code, retryable: false });
    const error = await transit(key, { token: async () => 'a-wrong-token' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject(refused('KMS_FORBIDDEN'));
    expect(String(error)).not.toContain('a-wrong-token');
    await expect(transit('absent')).rejects.toMatchObject(refused('KMS_KEY_UNFIT'));
    standIn.makeKey('convergent', 'rsa-2048');
    await expect(transit('convergent')).rejects.toMatchObject(refused('KMS_KEY_UNFIT'));
    await expect(transit(key, { address: 'http://kms.example.com:8200' })).rejects.toMatchObject(refused('KMS_INSECURE'));
    await expect(transit(key, { mount: 'elsewhere' })).rejects.toMatchObject(refused('KMS_KEY_UNFIT'));
  });

  it('is not told what it is for, nor whose', async () => {
    const from = standIn.received.length;
    await (await transit(aKey())).wrap(Buffer.alloc(32), 'personal/live/tokens');
    expect(standIn.received.slice(from).join()).not.toMatch(/personal|tokens/);
  });
});
