import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { createIds, seededRandom, silentLog, simulatedClock } from '@vouchsafe/runtime';
import fc from 'fast-check';
import { localKeyWrap } from './key-wrap.js';
import { comparable, masked } from './personal-values.js';
import { type PersonalKind, subjectOfRef } from './personal-vault.js';
import { type SqlitePersonalVaultOptions, sqlitePersonalVault } from './sqlite-personal-vault.js';

const folder = mkdtempSync(path.join(tmpdir(), 'personal-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
let seed = 100;
const clock = simulatedClock(instant(1_700_000_000_000));
const kek = Buffer.alloc(32, 7);
const vaultAt = (file: string, more: Partial<SqlitePersonalVaultOptions> = {}) => {
  const random = seededRandom(seed++);
  return sqlitePersonalVault({ file, namespace: 'live', keys: localKeyWrap(kek, random), random, ids: createIds(clock, random), clock, log: silentLog, ...more });
};
const fresh = (more: Partial<SqlitePersonalVaultOptions> = {}) => vaultAt(path.join(folder, `v${files++}.sqlite`), more);
const buyer = { channelId: 'chn_1', buyer: 'zhang-san-4711' };
const PHONE = { kind: 'phone', value: '138 0013 8000' } as const;
const IP = { kind: 'ip', value: '203.0.113.77' } as const;

describe('personal data', () => {
  it('is answered as reference, token and mask, and can be revealed', async () => {
    const vault = await fresh();
    const [phone, ip] = await vault.protect([PHONE, IP], buyer);
    expect(phone).toEqual({ kind: 'phone', ref: expect.stringMatching(/^sub_[0-9a-z]{26}\.0$/), token: expect.stringMatching(/^tok_[0-9a-f]{32}$/), masked: '138****8000' });
    expect(ip!.masked).toBe('203.0.*.*');
    expect(await vault.reveal(phone!.ref)).toBe('138 0013 8000');
    expect(await vault.reveal(ip!.ref)).toBe('203.0.113.77');
    expect(await vault.reveal('sub_00000000000000000000000000.0')).toBeUndefined();
    await vault.close();
  });

  it('has the same token wherever it turns up, and a buyer’s reference only within its channel', async () => {
    const vault = await fresh();
    const [a] = await vault.protect([{ kind: 'phone', value: '+86-13800138000' }], buyer);
    const [b] = await vault.protect([PHONE]);
    expect(a!.token).toBe(b!.token);
    expect(subjectOfRef(a!.ref)).not.toBe(subjectOfRef(b!.ref));
    expect(vault.tokenOf(PHONE)).toBe(a!.token);
    const at = (channelId: string) => vault.tokenOf({ kind: 'buyer', value: 'b1' }, channelId);
    expect(at('chn_1')).not.toBe(at('chn_2'));
    await vault.close();
  });

  it('is kept once: a known value costs no write, also after a restart', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    const first = await vaultAt(file);
    const kept = await first.protect([PHONE, IP], buyer);
    expect(await first.protect([PHONE, IP], buyer)).toEqual(kept);
    expect(first.stats()).toEqual({ commits: 1, flushes: 1, remembered: 2 });
    await first.close();
    const second = await vaultAt(file);
    expect(await second.protect([PHONE, IP], buyer)).toEqual(kept);
    expect(await second.reveal(kept[1]!.ref)).toBe(IP.value);
    await second.close();
  });

  it('is flushed before it is answered, many calls by one flush', async () => {
    let release = (): void => {};
    const flushing = new Promise<void>((resolve) => { release = resolve; });
    const vault = await fresh({ flush: () => flushing });
    let answered = 0;
    const calls = Array.from({ length: 50 }, (_, i) => vault.protect([{ kind: 'device', value: `device-${i}` }]).then(() => answered++));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(0);
    release();
    await Promise.all(calls);
    expect(vault.stats()).toMatchObject({ commits: 1, flushes: 1 });
    await vault.close();
  });

  it('is refused after a flush failed, for nobody knows what lies on the disk', async () => {
    const vault = await fresh({ flush: () => Promise.reject(new Error('EIO')) });
    await expect(vault.protect([PHONE])).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' });
    await expect(vault.protect([IP])).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' });
    await vault.close();
  });

  it('stands nowhere in the files in plain, nor do its tokens tell it under another key', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    const vault = await vaultAt(file);
    await vault.protect([PHONE, { kind: 'email', value: 'zhang.san@example.com' }], buyer);
    await vault.keep('credential', 'a-signing-key');
    const bytes = [file, `${file}-wal`].filter((name) => existsSync(name)).map((name) => readFileSync(name, 'latin1')).join('');
    expect(bytes).not.toMatch(/0013|13800138000|zhang|example\.com|a-signing-key/);
    const other = await fresh();
    expect(other.tokenOf(PHONE)).not.toBe(vault.tokenOf(PHONE));
    await vault.close();
    await other.close();
  });

  it('does not open under another key file', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    await (await vaultAt(file)).close();
    await expect(vaultAt(file, { keys: localKeyWrap(Buffer.alloc(32, 8), seededRandom(1)) })).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });

  it('opens under a new key file after a rotation, and under the old one no more', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    const next = localKeyWrap(Buffer.alloc(32, 9), seededRandom(2));
    const vault = await vaultAt(file);
    const [phone] = await vault.protect([PHONE], buyer);
    expect(await vault.rotateKek(next)).toBe(2);
    expect(await vault.rotateKek(next)).toBe(0);
    expect(await vault.protect([PHONE], buyer)).toEqual([phone]);
    await vault.close();
    await expect(vaultAt(file)).rejects.toMatchObject({ code: 'KEY_WRONG' });
    const again = await vaultAt(file, { keys: next });
    expect(await again.reveal(phone!.ref)).toBe(PHONE.value);
    await again.close();
  });

  it('is gone for good once its subject is erased, with everything of that buyer and of nobody else', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    const vault = await vaultAt(file);
    const mine = await vault.protect([PHONE, IP], buyer);
    const other = await vault.protect([IP], { channelId: 'chn_1', buyer: 'li-si' });
    expect(await vault.subjectOf({ kind: 'buyer', value: buyer.buyer }, 'chn_1')).toBe(subjectOfRef(mine[0]!.ref));
    expect(await vault.erase(mine[1]!.ref)).toBe(true);
    expect(await vault.erase(mine[1]!.ref)).toBe(false);
    expect(await Promise.all(mine.map(({ ref }) => vault.reveal(ref)))).toEqual([undefined, undefined]);
    expect(await vault.reveal(other[0]!.ref)).toBe(IP.value);
    const again = await vault.protect([PHONE], buyer);
    expect(again[0]!.token).toBe(mine[0]!.token);
    expect(subjectOfRef(again[0]!.ref)).not.toBe(subjectOfRef(mine[0]!.ref));
    expect(await vault.reveal(mine[0]!.ref)).toBeUndefined();
    await vault.close();
  });

  it('keeps every value of a busy buyer, page after page', async () => {
    const vault = await fresh({ rememberMax: 4 });
    const refs: string[] = [];
    for (let i = 0; i < 100; i++) refs.push((await vault.protect([{ kind: 'ip', value: `10.0.0.${i}` }], buyer))[0]!.ref);
    expect(new Set(refs).size).toBe(100);
    expect(await Promise.all(refs.map((ref) => vault.reveal(ref)))).toEqual(refs.map((_, i) => `10.0.0.${i}`));
    expect(vault.stats().remembered).toBe(4);
    await vault.close();
  });

  it('goes along in a copy', async () => {
    const vault = await fresh();
    const [phone] = await vault.protect([PHONE], buyer);
    const file = path.join(folder, `copy${files++}.sqlite`);
    await vault.copyTo(file);
    await vault.close();
    const copy = await vaultAt(file);
    expect(await copy.reveal(phone!.ref)).toBe(PHONE.value);
    await copy.close();
  });
});

describe('a nonce', () => {
  it('counts once, also across a restart, until its time is over', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    const first = await vaultAt(file);
    const until = instant(clock.now() + 300_000);
    expect(await Promise.all([first.claim('crd_1', 'n', until), first.claim('crd_1', 'n', until), first.claim('crd_2', 'n', until)])).toEqual([true, false, true]);
    await first.close();
    const second = await vaultAt(file);
    expect(await second.claim('crd_1', 'n', until)).toBe(false);
    await clock.advance(300_001);
    expect(await second.claim('crd_1', 'n', instant(clock.now() + 300_000))).toBe(true);
    await second.close();
  });
});

describe('values', () => {
  it.each<[PersonalKind, string, string, string]>([
    ['phone', '+86 138-0013-8000', '13800138000', '138****8000'],
    ['email', ' Zhang.San@Example.COM', 'zhang.san@example.com', 'z***@example.com'],
    ['ip', '2001:DB8:0:0::1', '2001:db8::1', '2001:db8:*'],
    ['ip', '::ffff:203.0.113.7', '203.0.113.7', '203.0.*.*'],
    ['account', 'ab', 'ab', '***'],
    ['account', '13800138000', '13800138000', '138****8000'],
    ['name', '张三', '张三', '张**'],
    ['device', 'fp-0123456789', 'fp-0123456789', 'fp***'],
  ])('%s %p is %p, shown as %p', (kind, value, equal, shown) => {
    expect([comparable(kind, value), masked(kind, value)]).toEqual([equal, shown]);
  });
  it('never tells a whole value in its mask', () => {
    fc.assert(fc.property(fc.constantFrom<PersonalKind>('buyer', 'phone', 'email', 'account', 'device', 'payee', 'clerk'), fc.string({ minLength: 1 }), (kind, value) => {
      const shown = masked(kind, value);
      const plain = comparable(kind, value);
      return shown.includes('***') && (plain === '' || shown !== plain);
    }));
  });
});
