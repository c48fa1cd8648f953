import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { createIds, seededRandom, silentLog, simulatedClock } from '@vouchsafe/runtime';
import fc from 'fast-check';
import { localKeyWrap } from './key-wrap.js';
import { comparable, masked } from './personal-values.js';
import type { PersonalKind } from './personal-vault.js';
import { type SqlitePersonalVaultOptions, sqlitePersonalVault } from './sqlite-personal-vault.js';
import { describePersonalVaultContract } from './testing/personal-vault-contract.js';

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

describePersonalVaultContract('SQLite', async () => {
  const file = path.join(folder, `v${files++}.sqlite`);
  return {
    open: (options) => sqlitePersonalVault({ file, log: silentLog, ...options }),
    openCopy: (copy, options) => sqlitePersonalVault({ file: copy, log: silentLog, ...options }),
    close: async () => {},
  };
});

const compiled = path.join(__dirname, '..', 'dist', 'thread', 'personal-worker.js');
const apart = existsSync(compiled); // the thread is there only where it is compiled: `npm run compile`
if (apart) {
  describePersonalVaultContract('SQLite, written in a thread of its own', async () => {
    const file = path.join(folder, `v${files++}.sqlite`);
    return {
      open: (options) => sqlitePersonalVault({ file, log: silentLog, thread: compiled, ...options }),
      openCopy: (copy, options) => sqlitePersonalVault({ file: copy, log: silentLog, thread: compiled, ...options }),
      close: async () => {},
    };
  });
}

(apart ? describe : describe.skip)('the thread of the personal vault', () => {
  it('writes what many ask for at once, and counts it', async () => {
    const vault = await fresh({ thread: compiled });
    const asked = Array.from({ length: 2_000 }, (_, i) => ({ kind: 'device', value: `device-${i % 1_500}` }) as const);
    const kept = await Promise.all(asked.map((value) => vault.protect([value])));
    expect(new Set(kept.map(([value]) => value!.ref)).size).toBe(1_500);
    expect(await vault.reveal(kept[1_999]![0]!.ref)).toBe('device-499');
    const { commits, flushes, remembered } = vault.stats();
    expect(commits).toBeGreaterThan(0);
    expect(commits).toBeLessThan(500);
    expect([flushes, remembered]).toEqual([commits, 1_500]);
    await vault.close();
    await expect(vault.protect([PHONE])).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' });
  });

  it('that dies fails what it had not answered, and the vault stays closed', async () => {
    const script = path.join(folder, 'dying.cjs');
    writeFileSync(script, `require('node:worker_threads').parentPort.on('message', () => process.exit(1));`);
    const vault = await fresh({ thread: script });
    const refused = await Promise.allSettled([vault.protect([PHONE]), vault.keep('credential', 'k')]);
    expect(refused.map((one) => one.status === 'rejected' && (one.reason as unknown))).toEqual([expect.objectContaining({ code: 'VAULT_UNAVAILABLE' }), expect.objectContaining({ code: 'VAULT_UNAVAILABLE' })]);
    await expect(vault.protect([IP])).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' });
    expect(await vault.reveal('sub_none.0')).toBeUndefined();
    await vault.close();
  });
});

describe('personal data in a file', () => {

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
