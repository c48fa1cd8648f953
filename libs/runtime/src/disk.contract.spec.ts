import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { isFault } from '@vouchsafe/kernel';
import type { Disk } from './disk.js';
import { memoryDisk } from './memory-disk.js';
import { nodeDisk } from './node-disk.js';

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};
const bytesOf = async (disk: Disk, name: string): Promise<string> => {
  const file = await disk.open(name, 'read');
  const into = Buffer.alloc(await file.size());
  await file.read(into, 0);
  await file.close();
  return into.toString('latin1');
};
const put = async (disk: Disk, name: string, text: string): Promise<void> => {
  const file = await disk.open(name, 'write');
  await file.write(Buffer.from(text), 0);
  await file.sync();
  await file.close();
};

const describeDiskContract = (name: string, make: () => Promise<Disk>): void => {
  describe(`a disk: ${name}`, () => {
    let disk: Disk;
    beforeEach(async () => {
      disk = await make();
      await disk.makeFolder('');
    });

    it('gives back what was written, at any offset, with zeros in between', async () => {
      const file = await disk.open('a', 'write');
      await file.write(Buffer.from('end'), 5);
      await file.write(Buffer.from('go'), 0);
      await file.sync();
      const into = Buffer.alloc(20, 0xff);
      expect(await file.read(into, 0)).toBe(8);
      expect(into.subarray(0, 8).toString('latin1')).toBe('go\0\0\0end');
      expect(await file.read(into, 8)).toBe(0);
      expect(await file.size()).toBe(8);
      await file.close();
    });

    it('writes through', async () => {
      const file = await disk.open('a', 'write-through');
      await file.write(Buffer.from('straight'), 0);
      await file.write(Buffer.from(' on'), 8);
      await file.close();
      expect(await bytesOf(disk, 'a')).toBe('straight on');
    });

    it('keeps what is there when a file is opened again for writing', async () => {
      await put(disk, 'a', 'first');
      const file = await disk.open('a', 'write');
      await file.write(Buffer.from('F'), 0);
      await file.close();
      expect(await bytesOf(disk, 'a')).toBe('First');
    });

    it('reserves space as zeros, keeps what was there and never shrinks', async () => {
      const file = await disk.open('a', 'write');
      await file.write(Buffer.from('ab'), 0);
      await file.allocate(3_000_000);
      await file.allocate(10);
      expect(await file.size()).toBe(3_000_000);
      const into = Buffer.alloc(3_000_000, 1);
      await file.read(into, 0);
      expect(into.subarray(0, 2).toString()).toBe('ab');
      expect(into.subarray(2).equals(Buffer.alloc(2_999_998))).toBe(true);
      await file.truncate(1);
      expect(await file.size()).toBe(1);
      await file.close();
      expect(await bytesOf(disk, 'a')).toBe('a');
    });

    it('says that a file is not there', async () => {
      expect(await codeOf(disk.open('none', 'read'))).toBe('ENOENT');
      expect(await codeOf(disk.remove('none'))).toBe('ENOENT');
      expect(await codeOf(disk.rename('none', 'other'))).toBe('ENOENT');
      expect(await codeOf(disk.open('folder/none', 'write'))).toBe('ENOENT');
      expect(await disk.exists('none')).toBe(false);
      expect(await disk.list('folder')).toEqual([]);
    });

    it('lists, renames over, and removes', async () => {
      await disk.makeFolder('x/y');
      await disk.makeFolder('x/y');
      await put(disk, 'x/b', 'b');
      await put(disk, 'x/a', 'a');
      expect(await disk.list('x')).toEqual(['a', 'b', 'y']);
      expect(await disk.list('')).toEqual(['x']);
      await disk.rename('x/a', 'x/b');
      await disk.syncFolder('x');
      expect(await disk.list('x')).toEqual(['b', 'y']);
      expect(await bytesOf(disk, 'x/b')).toBe('a');
      await disk.remove('x/b');
      expect(await disk.exists('x/b')).toBe(false);
      expect(await disk.exists('x/y')).toBe(true);
    });

    it('still reads a file that was removed or renamed over while open', async () => {
      await put(disk, 'a', 'old');
      await put(disk, 'b', 'new');
      const file = await disk.open('a', 'read');
      await disk.rename('b', 'a');
      const into = Buffer.alloc(3);
      await file.read(into, 0);
      expect(into.toString()).toBe('old');
      await file.close();
      expect(await bytesOf(disk, 'a')).toBe('new');
    });

    it('lets one holder at a time have the lock', async () => {
      const release = await disk.lock('lock');
      await expect(disk.lock('lock')).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE', retryable: false });
      await release();
      await release();
      const again = await disk.lock('lock');
      await again();
    });

    it('knows how much is free', async () => {
      expect(await disk.freeBytes()).toBeGreaterThan(0);
    });

    it.each(['../a', '/a', 'a/../../b', 'a//b', './a'])('refuses the name %s', async (bad) => {
      await expect(Promise.resolve().then(() => disk.open(bad, 'write'))).rejects.toThrow('relative');
    });
  });
};

const folders: string[] = [];
const temporary = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'disk-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
});

describeDiskContract('in memory', async () => memoryDisk());
describeDiskContract('of this machine', async () => nodeDisk(path.join(temporary(), 'root')));

describe('the lock of a directory between processes', () => {
  const holder = `
    const { DatabaseSync } = require('node:sqlite');
    new DatabaseSync(process.argv[1]).exec('BEGIN EXCLUSIVE');
    process.stdout.write('held'); setInterval(() => {}, 1000);`;

  it('refuses while another process holds it, and is free once that one was killed', async () => {
    const root = temporary();
    const disk = nodeDisk(root);
    const child = spawn(process.execPath, ['-e', holder, path.join(root, 'lock')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      const refusal = await disk.lock('lock').catch((error: unknown) => error);
      expect(isFault(refusal) && refusal.code).toBe('DIRECTORY_IN_USE');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const release = await disk.lock('lock');
    await release();
  });
});
