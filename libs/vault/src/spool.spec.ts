import { instant } from '@vouchsafe/kernel';
import { memoryDisk, silentLog, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import { localKeyWrap } from './key-wrap.js';
import { openSpool, type Spool } from './spool.js';
import { openCodeVault } from './sqlite-code-vault.js';

const random = systemRandom();
const aVault = () => openCodeVault({
  file: ':memory:', namespace: 'live', wrap: localKeyWrap(Buffer.alloc(32, 1), random), random, clock: simulatedClock(instant(1_790_000_000_000)), log: silentLog,
});
const contentOf = async (spool: Spool): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of spool.read('imp_1')) parts.push(part);
  return Buffer.concat(parts).toString();
};

it('takes an upload in pieces, goes on after a crash at any byte, and says where', async () => {
  const { spoolKeys } = await aVault();
  const disk = memoryDisk();
  const first = openSpool(disk, spoolKeys);
  expect(await first.append('imp_1', 0, Buffer.from('hello '))).toBe(6);
  expect(await first.append('imp_1', 6, Buffer.from('world'))).toBe(11);
  await first.close();
  const file = await disk.open('imp_1', 'write');
  const whole = await file.size();
  for (let cut = whole; cut >= 0; cut--) {
    await file.truncate(cut); // the crash
    const spool = openSpool(disk, spoolKeys);
    const size = await spool.size('imp_1');
    expect([0, 6, 11]).toContain(size);
    expect(await contentOf(spool)).toBe('hello world'.slice(0, size));
    expect(await spool.append('imp_1', size, Buffer.from('!'))).toBe(size + 1);
    await spool.close();
    if (cut > 0) await restore(disk, spoolKeys);
  }
  async function restore(at: typeof disk, keys: typeof spoolKeys): Promise<void> {
    await at.remove('imp_1');
    const spool = openSpool(at, keys);
    await spool.append('imp_1', 0, Buffer.from('hello '));
    await spool.append('imp_1', 6, Buffer.from('world'));
    await spool.close();
  }
});
it('refuses a chunk for another place', async () => {
  const { spoolKeys } = await aVault();
  const spool = openSpool(memoryDisk(), spoolKeys);
  await expect(spool.append('imp_1', 3, Buffer.from('x'))).rejects.toMatchObject({ code: 'OFFSET_WRONG' });
});
it('keeps nothing in the clear, and nothing readable once removed', async () => {
  const { spoolKeys } = await aVault();
  const disk = memoryDisk();
  const spool = openSpool(disk, spoolKeys);
  await spool.append('imp_1', 0, Buffer.from('SECRET-CODE-1'));
  const file = await disk.open('imp_1', 'read');
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  expect(bytes.includes('SECRET')).toBe(false);
  await spool.remove('imp_1');
  expect(await spool.size('imp_1')).toBe(0);
  await expect(spoolKeys.get(bytes.readUInt32BE(0))).rejects.toMatchObject({ code: 'KEY_ERASED' });
});
it('takes nothing of a chunk there is no space for, and goes on when there is', async () => {
  const { spoolKeys } = await aVault();
  const disk = memoryDisk();
  const spool = openSpool(disk, spoolKeys);
  await spool.append('imp_1', 0, Buffer.from('hello '));
  disk.setCapacity(120);
  await expect(spool.append('imp_1', 6, Buffer.alloc(1_000))).rejects.toMatchObject({ code: 'SPOOL_FULL', retryable: true });
  disk.setCapacity(1_000_000);
  expect(await spool.size('imp_1')).toBe(6);
  expect(await spool.append('imp_1', 6, Buffer.from('world'))).toBe(11);
  expect(await contentOf(spool)).toBe('hello world');
});
