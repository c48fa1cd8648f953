import type { Disk } from './disk.js';
import { memoryDisk } from './memory-disk.js';

const LOSE_ALL = () => 0;
const KEEP_ALL = () => 0.6; // folder entries and, torn at 0.6 of their length, writes
const hangs = async (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    work.then(
      () => false,
      () => false,
    ),
    new Promise<boolean>((resolve) => setImmediate(resolve, true)),
  ]);
const synced = async (disk: Disk, name: string, text: string) => {
  const file = await disk.open(name, 'write');
  await file.write(Buffer.from(text), 0);
  await file.sync();
  await disk.syncFolder('');
  return file;
};
const textOf = (disk: { contents(): ReadonlyMap<string, Buffer> }, name: string) =>
  disk.contents().get(name)?.toString('latin1');

describe('a power cut', () => {
  it('loses what was not synced and keeps what was', async () => {
    const disk = memoryDisk();
    const file = await synced(disk, 'a', 'safe');
    await file.write(Buffer.from('lost'), 4);
    expect(textOf(disk, 'a')).toBe('safelost');
    expect(textOf(disk.crash(LOSE_ALL), 'a')).toBe('safe');
  });

  it('keeps what was written through', async () => {
    const disk = memoryDisk();
    await synced(disk, 'a', 'safe');
    const file = await disk.open('a', 'write-through');
    await file.write(Buffer.from('too'), 4);
    expect(textOf(disk.crash(LOSE_ALL), 'a')).toBe('safetoo');
  });

  it('may keep a part of an unsynced write', async () => {
    const disk = memoryDisk();
    const file = await synced(disk, 'a', 'safe');
    await file.write(Buffer.from('0123456789'), 4);
    expect(textOf(disk.crash(KEEP_ALL), 'a')).toBe('safe012345');
  });

  it('loses a file whose folder entry was not synced', async () => {
    const disk = memoryDisk();
    const file = await disk.open('a', 'write');
    await file.write(Buffer.from('x'), 0);
    await file.sync();
    expect(textOf(disk.crash(LOSE_ALL), 'a')).toBeUndefined();
  });

  it('undoes a rename and a removal that were not synced', async () => {
    const disk = memoryDisk();
    await synced(disk, 'a', 'a');
    await synced(disk, 'b', 'b');
    await disk.rename('a', 'c');
    await disk.remove('b');
    expect([...disk.crash(LOSE_ALL).contents().keys()]).toEqual(['a', 'b']);
  });

  it('ends the old life: no call of it, and no open file, settles or takes effect', async () => {
    const disk = memoryDisk();
    const file = await synced(disk, 'a', 'x');
    const next = disk.crash(LOSE_ALL);
    expect(await hangs(file.write(Buffer.from('y'), 0))).toBe(true);
    expect(await hangs(disk.open('b', 'write'))).toBe(true);
    expect([...next.contents()]).toEqual([['a', Buffer.from('x')]]);
  });

  it('frees the lock', async () => {
    const disk = memoryDisk();
    await disk.lock('lock');
    await (await disk.crash(LOSE_ALL).lock('lock'))();
  });
});

describe('a killed process', () => {
  it('leaves what it wrote, which a power cut may still take', async () => {
    const disk = memoryDisk();
    const file = await synced(disk, 'a', 'safe');
    await file.write(Buffer.from('more'), 4);
    const next = disk.kill();
    expect(await hangs(file.sync())).toBe(true);
    expect(textOf(next, 'a')).toBe('safemore');
    expect(textOf(next.crash(LOSE_ALL), 'a')).toBe('safe');
  });
});

describe('injected faults', () => {
  it('fails as often as it was told to', async () => {
    const disk = memoryDisk();
    const file = await synced(disk, 'a', 'x');
    disk.failNext('sync', 'EIO', 2);
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.sync();
  });

  it('is full at its capacity, having written what fitted, and has room again once told so', async () => {
    const disk = memoryDisk({ capacityBytes: 6 });
    const file = await disk.open('a', 'write');
    await file.write(Buffer.from('1234'), 0);
    await expect(file.write(Buffer.from('5678'), 4)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(textOf(disk, 'a')).toBe('123456');
    expect(await disk.freeBytes()).toBe(0);
    await file.write(Buffer.from('over'), 1); // what is reserved can be written
    await expect(file.allocate(8)).rejects.toMatchObject({ code: 'ENOSPC' });
    disk.setCapacity(8);
    await file.allocate(8);
  });

  it('shows each operation to the hook before it takes effect', async () => {
    const seen: string[] = [];
    const disk = memoryDisk({ before: ({ kind, name }) => void seen.push(`${kind} ${name}`) });
    await synced(disk, 'a', 'x');
    expect(seen).toEqual(['open a', 'write a', 'sync a', 'syncFolder ']);
    expect(disk.counts.sync).toBe(1);
  });
});
