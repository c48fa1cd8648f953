import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { type Log, silentLog, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import type { PlainRow } from './code-vault.js';
import { fileKeyWrap, rotateKeyFile } from './key-file.js';
import { type KeyWrap, localKeyWrap } from './key-wrap.js';
import { openCodeVault, type SqliteCodeVault } from './sqlite-code-vault.js';

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

describe('sealing and opening', () => {
  it('gives back exactly what was sealed, over a restart and across blocks', async () => {
    const file = aFile();
    const first = await open(file);
    await importAll(first, 'bat_a', codes(0, 200, { number: 'N1' }));
    await first.close();
    const vault = await open(file);
    const opened = await vault.open([{ batchId: 'bat_a', from: 60, to: 131 }]);
    expect(opened).toEqual(codes(60, 131).map(({ code }, i) => ({ batchId: 'bat_a', index: 60 + i, code, number: 'N1' })));
    expect(await vault.verify('bat_a')).toBe(true);
  });
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
  it('cuts a batch into segments of equal expiry, first expiring first', async () => {
    const vault = await open();
    await importAll(vault, 'bat_a', codes(0, 6).map((row, i) => ({ ...row, ...(i % 2 === 0 && { expiresAt: 1000 + (i % 4) }) })));
    expect(await vault.segments('bat_a')).toEqual([{ from: 0, to: 2, expiresAt: 1000 }, { from: 2, to: 3, expiresAt: 1002 }, { from: 3, to: 6 }]);
  });
  it('gives every use of a reusable code its own unit', async () => {
    const vault = await open();
    await importAll(vault, 'bat_a', codes(0, 2), 3);
    expect((await vault.open([{ batchId: 'bat_a', from: 2, to: 4 }])).map(({ index, code }) => [index, code])).toEqual([[2, 'CODE-000000'], [3, 'CODE-000001']]);
    expect(await vault.segments('bat_a')).toEqual([{ from: 0, to: 6 }]);
  });
});

describe('duplicates', () => {
  it('are refused within a file, across batches and across two open imports, by line', async () => {
    const vault = await open();
    await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
    await vault.begin({ batchId: 'bat_b', importId: 'imp_b', uses: 1 });
    expect((await vault.seal('bat_a', [...codes(0, 3), ...codes(1, 2)], { line: 4, refusals: [{ line: 9, reason: 'EMPTY_CODE' }] })).refused).toEqual([{ line: 2, reason: 'DUPLICATE_IN_FILE' }]);
    expect((await vault.seal('bat_b', codes(2, 5), { line: 3, refusals: [] })).refused).toEqual([{ line: 3, reason: 'DUPLICATE' }]);
    expect(await vault.refusals('bat_a', 0, 10)).toEqual([{ line: 2, reason: 'DUPLICATE_IN_FILE' }, { line: 9, reason: 'EMPTY_CODE' }]);
    expect(await vault.batch('bat_b')).toMatchObject({ rows: 2, refused: 1, line: 3 });
  });
  it('of an aborted import block nobody', async () => {
    const vault = await open();
    await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
    await vault.seal('bat_a', codes(0, 3), { line: 3, refusals: [] });
    await vault.abort('bat_a');
    expect((await importAll(vault, 'bat_b', codes(0, 3))).sealed).toBe(3);
    expect(await vault.find('CODE-000001')).toEqual({ batchId: 'bat_b', index: 1, uses: 1 });
  });
  it('are told by number and password together', async () => {
    const vault = await open();
    const rows = [{ line: 1, number: '001', code: '111111' }, { line: 2, number: '002', code: '111111' }, { line: 3, number: '001', code: '111111' }];
    expect((await importAll(vault, 'bat_a', rows)).refused).toEqual([{ line: 3, reason: 'DUPLICATE_IN_FILE' }]);
    expect(await vault.find('002 111111')).toMatchObject({ index: 1 });
  });
  it('are found again after a restart', async () => {
    const file = aFile();
    const first = await open(file);
    await importAll(first, 'bat_a', codes(0, 3_000));
    await first.close();
    const vault = await open(file);
    expect(await importAll(vault, 'bat_b', codes(2_000, 3_001))).toMatchObject({ sealed: 1 });
    expect(await vault.find('CODE-002999')).toEqual({ batchId: 'bat_a', index: 2_999, uses: 1 });
    expect(await vault.find('CODE-003001')).toBeUndefined();
  });
});

describe('voucher ids', () => {
  it('name units and lead back, and to nothing when made up', async () => {
    const vault = await open();
    await importAll(vault, 'bat_a', codes(0, 5));
    const units = [0, 1, 4].map((index) => ({ batchId: 'bat_a', index }));
    const ids = vault.nameUnits(units);
    for (const id of ids) expect(id).toMatch(/^vch_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
    expect(vault.resolveIds(ids)).toEqual(units);
    const other = `vch_0${ids[0]!.slice(5)}`;
    expect(vault.resolveIds([other === ids[0] ? `vch_1${ids[0].slice(5)}` : other, 'vch_1', ids[0]!.toUpperCase()])).toEqual([undefined, undefined, undefined]);
    expect(vault.resolveIds(vault.nameUnits([{ batchId: 'bat_a', index: 5 }]))).toEqual([undefined]);
  });
  it('differ from one vault to another', async () => {
    const [one, two] = [await open(), await open()];
    expect(one.nameUnits([{ batchId: 'bat_a', index: 0 }])).not.toEqual(two.nameUnits([{ batchId: 'bat_a', index: 0 }]));
  });
});

describe('keys', () => {
  it('a vault does not open under another key-encryption key or for another name space', async () => {
    const file = aFile();
    await (await open(file)).close();
    await expect(open(file, localKeyWrap(Buffer.alloc(32, 8), random))).rejects.toMatchObject({ code: 'KEY_WRONG' });
    await expect(open(file, wrap, 'sandbox')).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });
  it('rotation seals all data keys anew; the old key opens nothing any more', async () => {
    const file = aFile();
    const vault = await open(file);
    await importAll(vault, 'bat_a', codes(0, 3));
    const next = localKeyWrap(Buffer.alloc(32, 9), random);
    await vault.rotateKek(next);
    await vault.close();
    await expect(open(file)).rejects.toMatchObject({ code: 'KEY_WRONG' });
    expect(await (await open(file, next)).open([{ batchId: 'bat_a', from: 0, to: 1 }])).toMatchObject([{ code: 'CODE-000000' }]);
  });
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
  it('a new look-up key still finds old codes and their duplicates', async () => {
    const vault = await open();
    await importAll(vault, 'bat_a', codes(0, 100));
    expect(await vault.rotateLookups()).toBe(100);
    expect(await vault.find('CODE-000042')).toMatchObject({ index: 42 });
    expect((await importAll(vault, 'bat_b', codes(40, 101))).sealed).toBe(1);
  });
  it('erasing a batch destroys its key, and the hashes of codes that could be guessed', async () => {
    const vault = await open();
    await importAll(vault, 'bat_a', codes(0, 3));
    await importAll(vault, 'bat_b', [{ line: 1, code: 'Kx7TqP2mVw9ZbL4sRd8Yn3' }]);
    expect(await vault.erase('bat_a')).toEqual({ batchId: 'bat_a', hashesDeleted: 3 });
    expect(await vault.erase('bat_b')).toEqual({ batchId: 'bat_b', hashesDeleted: 0 });
    await expect(vault.open([{ batchId: 'bat_a', from: 0, to: 1 }])).rejects.toMatchObject({ code: 'KEY_ERASED' });
    expect((await importAll(vault, 'bat_c', codes(0, 3))).sealed).toBe(3);
    expect((await importAll(vault, 'bat_d', [{ line: 1, code: 'Kx7TqP2mVw9ZbL4sRd8Yn3' }])).sealed).toBe(0);
  });
  it('the key file is made once, for its owner only, with a warning; inside the data directory it is refused in live', () => {
    const warnings: object[] = [];
    const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) };
    const file = join(folder, 'keys', 'kek');
    const make = (at: string, dataDir: string, namespace: 'live' | 'sandbox' = 'live') => fileKeyWrap({ file: at, dataDir, namespace, random, log });
    expect(make(file, join(folder, 'data')).id).toBe(make(file, join(folder, 'data')).id);
    expect([statSync(file).mode & 0o777, warnings.length]).toEqual([0o600, 1]);
    expect(() => make(join(folder, 'data', 'x', 'kek'), join(folder, 'data'))).toThrow(expect.objectContaining({ code: 'KEY_FILE_INSIDE' }));
    writeFileSync(join(folder, 'open-key'), '00'.repeat(32), { mode: 0o644 });
    expect(() => make(join(folder, 'open-key'), join(folder, 'data'))).toThrow(expect.objectContaining({ code: 'KEY_FILE_OPEN' }));
  });
});
