import { instant } from '@vouchsafe/kernel';
import { type Clock, type Namespace, type Random, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import type { MaintainedCodeVault, PlainRow } from '../code-vault.js';
import { type KeyWrap, localKeyWrap } from '../key-wrap.js';

export type OpenVault = { readonly wrap: KeyWrap; readonly namespace: Namespace; readonly random: Random; readonly clock: Clock };
/** Where a vault lies, empty at first. `open` is a process's start on it; the suite has one open at a time. */
export type VaultGround = { open(options: OpenVault): Promise<MaintainedCodeVault>; close(): Promise<void> };

const random = systemRandom();
const clock = simulatedClock(instant(1_790_000_000_000));
const wrap = localKeyWrap(Buffer.alloc(32, 7), random);

/** What every adapter of the {@link CodeVault} port must keep. */
export const describeCodeVaultContract = (name: string, makeGround: () => Promise<VaultGround>): void => {
  const grounds: VaultGround[] = [];
  const aGround = async (): Promise<VaultGround> => {
    const ground = await makeGround();
    grounds.push(ground);
    return ground;
  };
  const open = async (at?: VaultGround, key: KeyWrap = wrap, namespace: Namespace = 'live'): Promise<MaintainedCodeVault> =>
    (at ?? (await aGround())).open({ wrap: key, namespace, random, clock });
  afterAll(async () => {
    for (const ground of grounds) await ground.close();
  });

  describe(`code vault contract: ${name}`, () => {
    describe('sealing and opening', () => {
      it('gives back exactly what was sealed, over a restart and across blocks', async () => {
        const ground = await aGround();
        const first = await open(ground);
        await importAll(first, 'bat_a', codes(0, 200, { number: 'N1' }));
        await first.close();
        const vault = await open(ground);
        const opened = await vault.open([{ batchId: 'bat_a', from: 60, to: 131 }]);
        expect(opened).toEqual(codes(60, 131).map(({ code }, i) => ({ batchId: 'bat_a', index: 60 + i, code, number: 'N1' })));
        expect(await vault.verify('bat_a')).toBe(true);
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
        const ground = await aGround();
        const first = await open(ground);
        await importAll(first, 'bat_a', codes(0, 3_000));
        await first.close();
        const vault = await open(ground);
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
        expect(await vault.resolveIds(ids)).toEqual(units);
        const other = `vch_0${ids[0]!.slice(5)}`;
        expect(await vault.resolveIds([other === ids[0] ? `vch_1${ids[0].slice(5)}` : other, 'vch_1', ids[0]!.toUpperCase()])).toEqual([undefined, undefined, undefined]);
        expect(await vault.resolveIds(vault.nameUnits([{ batchId: 'bat_a', index: 5 }]))).toEqual([undefined]);
      });
      it('differ from one vault to another', async () => {
        const [one, two] = [await open(), await open()];
        expect(one.nameUnits([{ batchId: 'bat_a', index: 0 }])).not.toEqual(two.nameUnits([{ batchId: 'bat_a', index: 0 }]));
      });
    });

    describe('keys', () => {
      it('a vault does not open under another key-encryption key or for another name space', async () => {
        const ground = await aGround();
        await (await open(ground)).close();
        await expect(open(ground, localKeyWrap(Buffer.alloc(32, 8), random))).rejects.toMatchObject({ code: 'KEY_WRONG' });
        await expect(open(ground, wrap, 'sandbox')).rejects.toMatchObject({ code: 'KEY_WRONG' });
      });
      it('rotation seals all data keys anew; the old key opens nothing any more', async () => {
        const ground = await aGround();
        const vault = await open(ground);
        await importAll(vault, 'bat_a', codes(0, 3));
        const next = localKeyWrap(Buffer.alloc(32, 9), random);
        await vault.rotateKek(next);
        await vault.close();
        await expect(open(ground)).rejects.toMatchObject({ code: 'KEY_WRONG' });
        expect(await (await open(ground, next)).open([{ batchId: 'bat_a', from: 0, to: 1 }])).toMatchObject([{ code: 'CODE-000000' }]);
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
    });

    describe('a batch', () => {
      it('goes on behind the last line, over restarts, and says what it holds', async () => {
        const ground = await aGround();
        const first = await open(ground);
        await first.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
        await first.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
        await first.seal('bat_a', codes(0, 70), { line: 70, refusals: [{ line: 7, reason: 'EMPTY_CODE' }] });
        const before = (await first.batch('bat_a'))!;
        await first.close();
        const vault = await open(ground);
        expect(await vault.batch('bat_a')).toEqual(before);
        expect(before).toMatchObject({ status: 'open', rows: 70, refused: 1, line: 70, uses: 1, importId: 'imp_a' });
        await vault.seal('bat_a', codes(60, 130), { line: 130, refusals: [] });
        await vault.seal('bat_a', [], { line: 140, refusals: [] });
        const after = (await vault.batch('bat_a'))!;
        expect(after).toMatchObject({ rows: 130, refused: 11, line: 140 });
        expect(after.hash).not.toBe(before.hash);
        expect((await vault.open([{ batchId: 'bat_a', from: 68, to: 72 }])).map(({ code }) => code)).toEqual(codes(68, 72).map(({ code }) => code));
        expect(await vault.verify('bat_a')).toBe(true);
        expect(await vault.batches()).toEqual([after]);
        await expect(vault.begin({ batchId: 'bat_a', importId: 'imp_b', uses: 1 })).rejects.toThrow('one import');
      });
      it('is closed for ever once complete', async () => {
        const vault = await open();
        await importAll(vault, 'bat_a', codes(0, 3));
        await vault.complete('bat_a');
        await expect(vault.seal('bat_a', codes(3, 4), { line: 4, refusals: [] })).rejects.toThrow('open batch');
        await expect(vault.abort('bat_a')).rejects.toThrow('complete batch');
        expect(await vault.batch('bat_a')).toMatchObject({ status: 'complete', rows: 3 });
      });
      it('that was given up is not sealed into, completed or opened', async () => {
        const vault = await open();
        await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
        await vault.seal('bat_a', codes(0, 3), { line: 3, refusals: [] });
        await vault.abort('bat_a');
        await vault.abort('bat_a');
        await vault.abort('bat_never');
        await expect(vault.seal('bat_a', codes(3, 4), { line: 4, refusals: [] })).rejects.toThrow('open batch');
        await expect(vault.complete('bat_a')).rejects.toThrow('aborted batch');
        await expect(vault.open([{ batchId: 'bat_a', from: 0, to: 1 }])).rejects.toMatchObject({ name: 'Fault' });
        expect(await vault.find('CODE-000001')).toBeUndefined();
      });
      it('this vault does not have is told as such', async () => {
        const vault = await open();
        expect(await vault.batch('bat_x')).toBeUndefined();
        await expect(vault.open([{ batchId: 'bat_x', from: 0, to: 1 }])).rejects.toMatchObject({ code: 'BATCH_NOT_IN_VAULT' });
        await importAll(vault, 'bat_a', codes(0, 3));
        await expect(vault.open([{ batchId: 'bat_a', from: 0, to: 4 }])).rejects.toMatchObject({ code: 'BATCH_NOT_IN_VAULT' });
      });
      it('is found by its codes only while it is on sale', async () => {
        const vault = await open();
        await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1, own: true });
        await vault.seal('bat_a', [{ line: 1, code: 'AB12-CD34' }], { line: 1, refusals: [] });
        expect(await vault.find('AB12-CD34')).toBeUndefined();
        await vault.complete('bat_a');
        for (const typed of ['AB12-CD34', 'ab12cd34', ' ab12 cd34 ']) expect(await vault.find(typed)).toEqual({ batchId: 'bat_a', index: 0, uses: 1 });
      });
    });

    describe('after a restore', () => {
      it('hashes of the journal block, also those that only an aborted import had left', async () => {
        const [source, vault] = [await open(), await open()];
        const [key] = await source.lookupKeys();
        expect(await vault.adoptLookupKey({ ...key!, version: 2 })).toBe(true);
        const sealed = await importAll(source, 'bat_a', codes(0, 5));
        expect(await source.hashesOf('bat_a', 1, 3)).toEqual({ hashes: sealed.hashes.subarray(16, 48), hashVersion: 1 });
        await vault.begin({ batchId: 'bat_b', importId: 'imp_b', uses: 1 });
        await vault.seal('bat_b', codes(0, 1), { line: 1, refusals: [] });
        await vault.abort('bat_b');
        expect(await vault.adoptHashes(sealed.hashes, 2)).toBe(5);
        expect(await vault.adoptHashes(sealed.hashes, 2)).toBe(0);
        expect(await vault.adoptHashes(sealed.hashes, 9)).toBeUndefined();
        expect(await importAll(vault, 'bat_c', codes(0, 6))).toMatchObject({ sealed: 1 });
        expect(await vault.find('CODE-000001')).toBeUndefined();
      });
      it('a look-up key of another key-encryption key is told apart', async () => {
        const [source, vault] = [await open(await aGround(), localKeyWrap(Buffer.alloc(32, 8), random)), await open()];
        const [key] = await source.lookupKeys();
        expect(await vault.adoptLookupKey({ ...key!, version: 2 })).toBe(false);
      });
    });
    describe('keys of uploads', () => {
      it('are each their own, and gone once retired', async () => {
        const ground = await aGround();
        const first = await open(ground);
        const [one, two] = [await first.spoolKeys.create('imp_1'), await first.spoolKeys.create('imp_1')];
        expect(one.id).not.toBe(two.id);
        await first.close();
        const vault = await open(ground);
        expect((await vault.spoolKeys.get(two.id)).equals(two.key)).toBe(true);
        await vault.spoolKeys.retire(two.id);
        await expect(vault.spoolKeys.get(two.id)).rejects.toMatchObject({ code: 'KEY_ERASED' });
      });
    });
  });
};

const codes = (from: number, to: number, more: Partial<PlainRow> = {}): PlainRow[] =>
  Array.from({ length: to - from }, (_, i) => ({ line: from + i + 1, code: `CODE-${String(from + i).padStart(6, '0')}`, ...more }));
const importAll = async (vault: MaintainedCodeVault, batchId: string, rows: readonly PlainRow[], uses = 1) => {
  await vault.begin({ batchId, importId: batchId.replace('bat', 'imp'), uses });
  const result = await vault.seal(batchId, rows, { line: rows.length, refusals: [] });
  await vault.complete(batchId);
  return result;
};
