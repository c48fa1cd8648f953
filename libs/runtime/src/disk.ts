import { invariant } from '@vouchsafe/kernel';

/**
 * A file opened for positioned reads and writes. Every method may reject with a node error (`ENOSPC`, `EIO`, …).
 * After a rejected `sync` nobody knows what is on the disk: whoever wrote must stop, never sync again and go on.
 */
export interface DiskFile {
  /** Fills `into` from `offset` on; the number of bytes read, fewer only where the file ends. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Writes all of `bytes` at `offset`. Durable only after {@link DiskFile.sync}. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** fdatasync: what was written (and the file's length) survives a power cut once this settles. */
  sync(): Promise<void>;
  /**
   * Grows the file to `size` with zeros that are really written and synced, so that later writes below `size` cannot
   * fail for lack of space. Never shrinks. After `ENOSPC` a part may be there; the caller removes the file.
   */
  allocate(size: number): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  /** Once. Syncs nothing. */
  close(): Promise<void>;
}

export type DiskMode = 'read' | 'write' | 'write-through';

/** The directory a store lives in. Names are relative, without `..`; `/` separates folders; `''` is the directory itself. */
export interface Disk {
  /**
   * `write` (which may also read) creates what is absent and keeps what is there; `read` rejects with `ENOENT`.
   * `write-through` is `write` whose every {@link DiskFile.write} is durable once it settles, in one call instead of two.
   */
  open(name: string, mode: DiskMode): Promise<DiskFile>;
  /** Names within `folder`, sorted; none if there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  exists(name: string): Promise<boolean>;
  /** Rejects with `ENOENT` where there is none. Files that are open stay readable. */
  remove(name: string): Promise<void>;
  /** Atomic; durable after {@link Disk.syncFolder}. */
  rename(from: string, to: string): Promise<void>;
  /** With all folders above it. Durable once it settles; may be called again. */
  makeFolder(folder: string): Promise<void>;
  /** Makes created, renamed and removed entries of `folder` survive a power cut. */
  syncFolder(folder: string): Promise<void>;
  freeBytes(): Promise<number>;
  /**
   * Takes the directory for its caller. Rejects with Fault `DIRECTORY_IN_USE` while another holds it; a holder that was
   * killed holds nothing. The function returned releases it and may be called twice. No other call may touch `name`.
   */
  lock(name: string): Promise<() => Promise<void>>;
}

/** Throws a Bug for a name that is absolute or would lead out of the directory. */
export const checkDiskName = (name: string): void => {
  const parts = name.split('/');
  invariant(
    name === '' || parts.every((part) => part !== '' && part !== '.' && part !== '..'),
    'a disk name is relative, without . and ..',
  );
};
