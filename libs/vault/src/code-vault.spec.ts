import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { type Log, silentLog, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import type { PlainRow } from './code-vault.js';
import { fileKeyWrap, rotateKeyFile } from './key-file.js';
import { type KeyWrap, localKeyWrap } from './key-wrap.js';
import { openCodeVault, type SqliteCodeVault } from './sqlite-code-vault.js';
import { describeCodeVaultContract } from './testing/code-vault-contract.js';

const random = systemRandom();
const clock = simulatedClock(instant(1_790_000_000_000));
const wrap = localKeyWrap(Buffer.alloc(32, 7), random);
const folder = mkdtempSync(join(tmpdir(), 'vault-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const aFile = (): string => join(folder, `v${++files}.db`);
const open = (file = aFile(), key: KeyWrap = wrap, namespace: 'live' | 'sandbox' = 'live'): Promise<SqliteCodeVault> =>
  openCodeVault({ file, namespace, wrap: key, random, clock, log: silentLog });
const codes = (from: number, to: number, more: Partial<PlainRow> = {}): PlainRow[] =>
  Array.from({ length: to - from }, (_, i) => ({ line: from + i + 1, code: `CODE-${String(from + i).padStart(6, '0')}`, ...more }));
const importAll = async (vault: SqliteCodeVault, batchId: string, rows: readonly PlainRow[], uses = 1) => {
  await vault.begin({ batchId, importId: batchId.replace('bat', 'imp'), uses });
  const result = await vault.seal(batchId, rows, { line: rows.length, refusals: [] });
  await vault.complete(batchId);
  return result;
};

describeCodeVaultContract('SQLite', async () => {
  const file = aFile();
  return { open: (options) => openCodeVault({ file, log: silentLog, ...options }), close: async () => {} };
});

describe('the code vault in a file', () => {
  it('keeps no code in the clear in its files', async () => {
    const file = aFile();
    const vault = await open(file);
    await importAll(vault, 'bat_a', codes(0, 100));
    await vault.close();
    expect(readFileSync(file).includes('CODE-')).toBe(false);
  });
  it('notices a block that was moved to another place or changed', async () => {
    const file = aFile();
    const vault = await open(file);
    await importAll(vault, 'bat_a', codes(0, 128));
    vault.db.exec(`UPDATE blocks SET place = 1 WHERE place = 4294967296; UPDATE blocks SET place = 4294967296 WHERE place = 4294967296 + 64; UPDATE blocks SET place = 4294967296 + 64 WHERE place = 1`);
    await expect(vault.open([{ batchId: 'bat_a', from: 0, to: 1 }])).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(await vault.verify('bat_a')).toBe(false);
  });
  it('never uses an initialisation vector twice under a key, also after a restart', async () => {
    const file = aFile();
    for (let start = 0; start < 3; start++) {
      const vault = await open(file);
      await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
      await vault.seal('bat_a', codes(start * 200, start * 200 + 200), { line: 0, refusals: [] });
      await vault.close();
    }
    const vault = await open(file);
    const blocks = vault.db.prepare('SELECT key, hex(substr(body, 1, 12)) iv FROM blocks').all() as { key: number; iv: string }[];
    expect(new Set(blocks.map(({ key, iv }) => `${key}/${iv}`)).size).toBe(blocks.length);
    expect(new Set(blocks.map(({ key }) => key)).size).toBe(3);
  });
});

describe('key files', () => {
  it('the key file is rotated for all vaults under it, also after an interruption', async () => {
    const key = join(folder, 'rotating', 'kek');
    const keys = () => fileKeyWrap({ file: key, dataDir: join(folder, 'data'), namespace: 'live', random, log: silentLog });
    const [a, b] = [aFile(), aFile()];
    const first = keys();
    const [one, two] = [await open(a, first), await open(b, first)];
    for (const vault of [one, two]) await importAll(vault, 'bat_a', codes(0, 3));
    const failing = { rotateKek: () => Promise.reject(new Error('power cut')) };
    await expect(rotateKeyFile({ file: key, random, log: silentLog, vaults: [one, failing] })).rejects.toThrow('power cut');
    const between = keys();
    const again = [await open(a, between), await open(b, between)];
    await rotateKeyFile({ file: key, random, log: silentLog, vaults: again });
    for (const file of [a, b]) {
      expect(await (await open(file, keys())).open([{ batchId: 'bat_a', from: 1, to: 2 }])).toMatchObject([{ code: 'CODE-000001' }]);
      await expect(open(file, first)).rejects.toMatchObject({ code: 'KEY_WRONG' });
    }
  });
  it('the key file is made once, for its owner only, and told of; inside the data directory it is refused in live', () => {
    const warnings: object[] = [];
    const log: Log = { ...silentLog, info: (fields) => warnings.push(fields) };
    const file = join(folder, 'keys', 'kek');
    const make = (at: string, dataDir: string, namespace: 'live' | 'sandbox' = 'live') => fileKeyWrap({ file: at, dataDir, namespace, random, log });
    expect(make(file, join(folder, 'data')).id).toBe(make(file, join(folder, 'data')).id);
    expect([statSync(file).mode & 0o777, warnings.length]).toEqual([0o600, 1]);
    expect(() => make(join(folder, 'data', 'x', 'kek'), join(folder, 'data'))).toThrow(expect.objectContaining({ code: 'KEY_FILE_INSIDE' }));
    writeFileSync(join(folder, 'open-key'), '00'.repeat(32), { mode: 0o644 });
    expect(() => make(join(folder, 'open-key'), join(folder, 'data'))).toThrow(expect.objectContaining({ code: 'KEY_FILE_OPEN' }));
  });
});
