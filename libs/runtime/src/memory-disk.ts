import { Fault } from '@vouchsafe/kernel';
import { checkDiskName, type Disk, type DiskFile, type DiskMode } from './disk.js';
import { MemoryInode } from './memory-inode.js';

/** One call to a memory disk, as its hook sees it before it takes effect. */
export type DiskOperation = {
  readonly kind: 'open' | 'read' | 'write' | 'sync' | 'allocate' | 'truncate' | 'rename' | 'remove' | 'syncFolder';
  readonly name: string;
};

export type MemoryDiskOptions = {
  /**
   * Called before each operation takes effect: may delay it, fail it (by rejecting), or hang it for ever. The place for
   * a simulation's latency and for kills at the n-th operation.
   */
  readonly before?: (operation: DiskOperation) => void | Promise<void>;
  /** Bytes that all files may take; `ENOSPC` beyond. */
  readonly capacityBytes?: number;
};

/** A disk in memory that keeps apart what was written and what was synced. For tests and simulation. */
export interface MemoryDisk extends Disk {
  /**
   * A power cut. Every unsynced write is kept, lost or torn, every unsynced folder entry kept or lost, as `random`
   * (a number in [0, 1)) decides. Gives the disk that is found afterwards; this one is dead: none of its calls, open
   * files included, settles or takes effect any more. What is locked is free again.
   */
  crash(random: () => number): MemoryDisk;
  /**
   * kill -9: as {@link MemoryDisk.crash}, but the operating system lives on and so does all that was written; what was
   * not synced may still be lost by a later power cut.
   */
  kill(): MemoryDisk;
  /** Bytes that all files may take from now on. */
  setCapacity(bytes: number): void;
  /** The next `times` operations of `kind` reject with `code`; a failed sync leaves unsynced what was. */
  failNext(kind: DiskOperation['kind'], code: string, times?: number): void;
  /** Number of calls that took effect since this disk was made or crashed. */
  readonly counts: Readonly<Record<DiskOperation['kind'], number>>;
  /** All files with a copy of their bytes, by name in order. */
  contents(): ReadonlyMap<string, Buffer>;
  /** Damages the medium: replaces a file's bytes, durably (creates the file if there is none). */
  damage(name: string, bytes: Uint8Array): void;
}

export const memoryDisk = (options: MemoryDiskOptions = {}): MemoryDisk =>
  new MemoryDiskLife(options, { names: new Map(), durableNames: new Map(), unsyncedNames: [], folders: new Set(['']) });

type Names = Map<string, MemoryInode>;
/** What outlives a process: the files as they are, and as they would be after a power cut. */
type Medium = {
  readonly names: Names;
  readonly durableNames: Names;
  unsyncedNames: NameChange[];
  readonly folders: Set<string>;
};
/** A change of folder entries not made durable by `syncFolder` yet; `undefined` takes the name away. */
type NameChange = {
  readonly folder: string;
  readonly entries: readonly (readonly [name: string, inode: MemoryInode | undefined])[];
};

class MemoryDiskLife implements MemoryDisk {
  readonly #medium: Medium;
  readonly #locks = new Set<string>();
  readonly #failures: { kind: DiskOperation['kind']; code: string }[] = [];
  readonly counts = {
    open: 0,
    read: 0,
    write: 0,
    sync: 0,
    allocate: 0,
    truncate: 0,
    rename: 0,
    remove: 0,
    syncFolder: 0,
  };
  #capacityBytes: number;
  #dead = false;

  constructor(
    readonly options: MemoryDiskOptions,
    medium: Medium,
  ) {
    this.#medium = medium;
    this.#capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
  }

  open(name: string, mode: DiskMode): Promise<DiskFile> {
    return this.pass({ kind: 'open', name }, () => {
      let inode = this.#medium.names.get(name);
      if (!inode) {
        if (mode === 'read') throw errno('ENOENT', name);
        inode = new MemoryInode();
        this.#change(folderOf(name), [[name, inode]]);
      }
      return new MemoryFile(this, name, inode, mode);
    });
  }

  async list(folder: string): Promise<readonly string[]> {
    if (this.#dead) await forEver();
    const prefix = folder === '' ? '' : `${folder}/`;
    const inside = [...this.#medium.names.keys(), ...this.#medium.folders].filter(
      (name) => name !== '' && name.startsWith(prefix),
    );
    return [...new Set(inside.map((name) => name.slice(prefix.length).split('/')[0]!))]
      .filter((name) => name !== '')
      .sort();
  }
  async exists(name: string): Promise<boolean> {
    if (this.#dead) await forEver();
    return this.#medium.names.has(name) || this.#medium.folders.has(name);
  }
  remove(name: string): Promise<void> {
    return this.pass({ kind: 'remove', name }, () => {
      if (!this.#medium.names.has(name)) throw errno('ENOENT', name);
      this.#change(folderOf(name), [[name, undefined]]);
    });
  }
  rename(from: string, to: string): Promise<void> {
    return this.pass({ kind: 'rename', name: to }, () => {
      const inode = this.#medium.names.get(from);
      if (!inode) throw errno('ENOENT', from);
      this.#change(folderOf(to), [
        [from, undefined],
        [to, inode],
      ]);
    });
  }
  async makeFolder(folder: string): Promise<void> {
    if (this.#dead) await forEver();
    checkDiskName(folder);
    this.#makeFolder(folder);
  }
  #makeFolder(folder: string): void {
    const parts = folder.split('/');
    parts.forEach((_, i) => this.#medium.folders.add(parts.slice(0, i + 1).join('/')));
  }
  syncFolder(folder: string): Promise<void> {
    return this.pass({ kind: 'syncFolder', name: folder }, () => {
      const { durableNames, unsyncedNames } = this.#medium;
      for (const change of unsyncedNames) if (change.folder === folder) enter(durableNames, change);
      this.#medium.unsyncedNames = unsyncedNames.filter((change) => change.folder !== folder);
    });
  }
  async freeBytes(): Promise<number> {
    if (this.#dead) await forEver();
    return Math.max(0, this.#capacityBytes - this.used());
  }

  async lock(name: string): Promise<() => Promise<void>> {
    if (this.#dead) await forEver();
    if (this.#locks.has(name))
      throw new Fault('DIRECTORY_IN_USE', 'the directory is in use by another process; stop that one first', false);
    this.#locks.add(name);
    return async () => {
      this.#locks.delete(name);
    };
  }

  crash(random: () => number): MemoryDisk {
    const { durableNames, unsyncedNames, folders } = this.#medium;
    const lost = new Set<string>();
    for (const change of unsyncedNames) {
      // A journal keeps a folder's changes in order: once one is lost, all later ones of that folder are.
      if (lost.has(change.folder) || random() < 0.5) lost.add(change.folder);
      else enter(durableNames, change);
    }
    const names: Names = new Map();
    for (const [name, inode] of durableNames) names.set(name, inode.afterCrash(random));
    return this.#nextLife({ names, durableNames: new Map(names), unsyncedNames: [], folders });
  }

  kill(): MemoryDisk {
    return this.#nextLife(this.#medium);
  }

  #nextLife(medium: Medium): MemoryDisk {
    this.#dead = true;
    return new MemoryDiskLife({ ...this.options, capacityBytes: this.#capacityBytes }, medium);
  }

  setCapacity(bytes: number): void {
    this.#capacityBytes = bytes;
  }
  failNext(kind: DiskOperation['kind'], code: string, times = 1): void {
    for (let i = 0; i < times; i++) this.#failures.push({ kind, code });
  }
  contents(): ReadonlyMap<string, Buffer> {
    const names = [...this.#medium.names.keys()].sort();
    return new Map(names.map((name) => [name, Buffer.from(this.#medium.names.get(name)!.bytes)]));
  }
  damage(name: string, bytes: Uint8Array): void {
    const inode = this.#medium.names.get(name) ?? new MemoryInode();
    inode.replace(bytes);
    this.#makeFolder(folderOf(name));
    this.#medium.names.set(name, inode);
    this.#medium.durableNames.set(name, inode);
  }

  used(): number {
    let sum = 0;
    for (const inode of this.#medium.names.values()) sum += inode.size;
    return sum;
  }
  /** How far a file of `size` may grow towards `wanted`. */
  room(size: number, wanted: number): number {
    return wanted <= size ? wanted : Math.min(wanted, Math.max(size, size + this.#capacityBytes - this.used()));
  }

  /** Lets an operation through: the hook first, then injected failures, then its effect. Never settles in a dead life. */
  async pass<T>(operation: DiskOperation, effect: () => T): Promise<T> {
    checkDiskName(operation.name);
    if (this.#dead) await forEver();
    await this.options.before?.(operation);
    if (this.#dead) await forEver();
    const failing = this.#failures.findIndex(({ kind }) => kind === operation.kind);
    if (failing >= 0) throw errno(this.#failures.splice(failing, 1)[0]!.code, operation.name);
    this.counts[operation.kind]++;
    return effect(); // no await since the last look at whether this life goes on
  }

  #change(folder: string, entries: NameChange['entries']): void {
    if (!this.#medium.folders.has(folder)) throw errno('ENOENT', folder);
    const change = { folder, entries };
    enter(this.#medium.names, change);
    this.#medium.unsyncedNames.push(change);
  }
}

/** What a dead process waits for. */
const forEver = (): Promise<never> => new Promise(() => {});

const enter = (names: Names, { entries }: NameChange): void => {
  for (const [name, inode] of entries) {
    if (inode) names.set(name, inode);
    else names.delete(name);
  }
};

class MemoryFile implements DiskFile {
  constructor(
    readonly disk: MemoryDiskLife,
    readonly name: string,
    readonly inode: MemoryInode,
    readonly mode: DiskMode,
  ) {}

  read(into: Uint8Array, offset: number): Promise<number> {
    return this.disk.pass({ kind: 'read', name: this.name }, () => this.inode.read(into, offset));
  }
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.disk.pass({ kind: 'write', name: this.name }, () => {
      this.#writable();
      const fits = this.disk.room(this.inode.size, offset + bytes.length) - offset;
      if (fits > 0) this.inode.write(bytes.subarray(0, fits), offset);
      if (fits < bytes.length) throw errno('ENOSPC', this.name);
    });
    if (this.mode === 'write-through') await this.sync();
  }
  sync(): Promise<void> {
    return this.disk.pass({ kind: 'sync', name: this.name }, () => this.inode.sync());
  }
  async allocate(size: number): Promise<void> {
    await this.disk.pass({ kind: 'allocate', name: this.name }, () => {
      this.#writable();
      const reachable = this.disk.room(this.inode.size, size);
      if (reachable > this.inode.size) this.inode.resize(reachable);
      if (reachable < size) throw errno('ENOSPC', this.name);
    });
    await this.sync();
  }
  truncate(size: number): Promise<void> {
    return this.disk.pass({ kind: 'truncate', name: this.name }, () => {
      this.#writable();
      this.inode.resize(size);
    });
  }
  size(): Promise<number> {
    return this.disk.pass({ kind: 'read', name: this.name }, () => this.inode.size);
  }
  async close(): Promise<void> {}

  #writable(): void {
    if (this.mode === 'read') throw errno('EBADF', this.name);
  }
}

const folderOf = (name: string): string => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '');
const errno = (code: string, name: string): Error => Object.assign(new Error(`${code}: ${name}`), { code });
