import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { Fault, invariant } from '@vouchsafe/kernel';
import { checkDiskName, type Disk, type DiskFile, type DiskMode } from './disk.js';

/**
 * The directory `root` of this machine. Every call runs in libuv's pool, so a flush never blocks the event loop.
 * `root` is created by `makeFolder('')`. Local file systems only: network file systems lie about flushes and locks.
 */
export const nodeDisk = (root: string): Disk => new NodeDisk(path.resolve(root));

const { O_RDONLY, O_RDWR, O_CREAT, O_DSYNC } = fs.constants;
const FLAGS: Readonly<Record<DiskMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR | O_CREAT,
  'write-through': O_RDWR | O_CREAT | O_DSYNC,
};
const FILL_BYTES = 1 << 20;
/** Flushed this often while zero-filling, so that no heap of dirty pages delays a commit's flush. */
const FILL_SYNC_BYTES = 4 << 20;
const SQLITE_BUSY = 5;

class NodeDisk implements Disk {
  constructor(readonly root: string) {}

  open(name: string, mode: DiskMode): Promise<DiskFile> {
    return new Promise((resolve, reject) => {
      fs.open(this.#path(name), FLAGS[mode], 0o600, (error, fd) => (error ? reject(error) : resolve(new NodeFile(fd))));
    });
  }

  async list(folder: string): Promise<readonly string[]> {
    try {
      return (await fsp.readdir(this.#path(folder))).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async exists(name: string): Promise<boolean> {
    try {
      await fsp.access(this.#path(name));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  remove(name: string): Promise<void> {
    return fsp.unlink(this.#path(name));
  }
  rename(from: string, to: string): Promise<void> {
    return fsp.rename(this.#path(from), this.#path(to));
  }
  async makeFolder(folder: string): Promise<void> {
    const made = this.#path(folder);
    const topmost = await fsp.mkdir(made, { recursive: true, mode: 0o700 });
    if (topmost === undefined) return;
    for (let inside = made; inside.length >= topmost.length; inside = path.dirname(inside))
      await syncFolder(path.dirname(inside));
  }

  syncFolder(folder: string): Promise<void> {
    return syncFolder(this.#path(folder));
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await fsp.statfs(this.root);
    return bavail * bsize;
  }

  /**
   * Node has no flock, so the operating system's lock is taken through SQLite: an exclusive transaction on an empty
   * file is an fcntl lock. The kernel releases it when the process ends, however it ends, and it holds between
   * containers that share a volume, where a pid file does not. Nobody else may open and close that file in this
   * process, for POSIX drops the lock then.
   */
  async lock(name: string): Promise<() => Promise<void>> {
    await fsp.access(this.root, fs.constants.W_OK); // says why, where SQLite would not
    const { DatabaseSync } = await import('node:sqlite'); // only whoever locks needs it
    const held = new DatabaseSync(this.#path(name), { timeout: 0 });
    try {
      held.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      held.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      throw new Fault('DIRECTORY_IN_USE', `${this.root} is in use by another process; stop that one first`, false, {
        cause: error,
      });
    }
    return async () => {
      if (held.isOpen) held.close();
    };
  }

  #path(name: string): string {
    checkDiskName(name);
    return path.join(this.root, name);
  }
}

class NodeFile implements DiskFile {
  #open = true;
  constructor(readonly fd: number) {}

  async read(into: Uint8Array, offset: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const read = await this.#readOnce(into, done, offset + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  #readOnce(into: Uint8Array, at: number, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.fd, into, at, into.length - at, offset, (error, read) => (error ? reject(error) : resolve(read)));
    });
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) done += await this.#writeOnce(bytes, done, offset + done);
  }

  #writeOnce(bytes: Uint8Array, at: number, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.fd, bytes, at, bytes.length - at, offset, (error, written) =>
        error ? reject(error) : resolve(written),
      );
    });
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.fd, (error) => (error ? reject(error) : resolve()));
    });
  }

  async allocate(size: number): Promise<void> {
    const zeros = Buffer.alloc(Math.min(FILL_BYTES, size));
    let unsynced = 0;
    for (let at = await this.size(); at < size; ) {
      const part = zeros.subarray(0, Math.min(zeros.length, size - at));
      await this.write(part, at);
      at += part.length;
      unsynced += part.length;
      if (unsynced >= FILL_SYNC_BYTES) {
        await this.sync();
        unsynced = 0;
      }
    }
    await this.sync();
  }

  truncate(size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.ftruncate(this.fd, size, (error) => (error ? reject(error) : resolve()));
    });
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.fd, (error, stat) => (error ? reject(error) : resolve(stat.size)));
    });
  }

  close(): Promise<void> {
    invariant(this.#open, 'a file is closed once');
    this.#open = false;
    return new Promise((resolve, reject) => {
      fs.close(this.fd, (error) => (error ? reject(error) : resolve()));
    });
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await fsp.open(folder, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
