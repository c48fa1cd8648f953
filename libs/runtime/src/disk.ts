/** A file opened for positioned reads and writes. Every method may reject with a node error (`ENOSPC`, `EIO`, …). */
export interface DiskFile {
  /** Reads up to `into.length` bytes at `offset`; the number read, 0 at the end. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Writes all of `bytes` at `offset`. Durable only after {@link DiskFile.sync}. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** fdatasync: what was written (and the file's length) survives a power cut once this settles. */
  sync(): Promise<void>;
  /** Reserves space so that later writes below `size` cannot fail for lack of it, zero-filled. */
  allocate(size: number): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** The directory a store lives in. Names are relative, without `..`; `/` separates folders. */
export interface Disk {
  open(name: string, mode: 'read' | 'write'): Promise<DiskFile>;
  list(folder: string): Promise<readonly string[]>;
  exists(name: string): Promise<boolean>;
  remove(name: string): Promise<void>;
  /** Atomic; durable after {@link Disk.syncFolder}. */
  rename(from: string, to: string): Promise<void>;
  makeFolder(folder: string): Promise<void>;
  /** Makes created, renamed and removed entries of `folder` survive a power cut. */
  syncFolder(folder: string): Promise<void>;
  freeBytes(): Promise<number>;
  /** Takes the directory for this process. Rejects with Fault `DIRECTORY_IN_USE` while another holds it. */
  lock(name: string): Promise<() => Promise<void>>;
}
