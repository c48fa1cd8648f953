import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Disk, DiskFile } from '@vouchsafe/runtime';

/** Keys for spool files, fresh per process and file; they lie in the vault, sealed like all others. */
export interface SpoolKeys {
  create(name: string): Promise<{ readonly id: number; readonly key: KeyObject }>;
  get(id: number): Promise<KeyObject>;
  /** Destroys a key: what it sealed is gone. */
  retire(id: number): void | Promise<void>;
}

/**
 * Uploads on their way into the vault, sealed from the moment they arrive. What `append` has answered for is on the disk; a
 * torn tail is cut when a file is opened again. Faults: `SPOOL_FULL` (retryable), `SPOOL_DAMAGED`.
 */
export interface Spool {
  /** Plain bytes received: where the next chunk belongs. */
  size(name: string): Promise<number>;
  /** Adds `chunk` at `offset`, which must be the present size; the new size. Fault `OFFSET_WRONG` elsewhere. */
  append(name: string, offset: number, chunk: Uint8Array): Promise<number>;
  read(name: string): AsyncIterable<Buffer>;
  /** Removes the file and destroys its keys. May be called again. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

/** key u32, plain offset u48, plain length u32, then IV, ciphertext and tag. */
const HEAD = 14;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FRAME_PLAIN_MAX = 1024 * 1024;
const OPEN_MAX = 64;

type OpenFile = { readonly file: DiskFile; end: number; size: number; key?: { readonly id: number; readonly key: KeyObject }; counter: number; readonly keyIds: Set<number> };
type Frame = { readonly keyId: number; readonly offset: number; readonly plain: number; readonly at: number; readonly next: number };

export const openSpool = (disk: Disk, keys: SpoolKeys): Spool => new FileSpool(disk, keys);

class FileSpool implements Spool {
  readonly #open = new Map<string, OpenFile>();
  constructor(readonly disk: Disk, readonly keys: SpoolKeys) {}

  async size(name: string): Promise<number> {
    return (await this.disk.exists(name)) || this.#open.has(name) ? (await this.#file(name)).size : 0;
  }

  async append(name: string, offset: number, chunk: Uint8Array): Promise<number> {
    const open = await this.#file(name);
    if (offset !== open.size) throw new Fault('OFFSET_WRONG', `the next byte of this upload is ${open.size}`, false);
    open.key ??= await this.keys.create(name);
    open.keyIds.add(open.key.id);
    const frames: Buffer[] = [];
    let size = open.size;
    for (let at = 0; at < chunk.length; at += FRAME_PLAIN_MAX) {
      const part = chunk.subarray(at, at + FRAME_PLAIN_MAX);
      frames.push(sealFrame(open.key, open.counter++, { name, offset: size }, part));
      size += part.length;
    }
    const bytes = Buffer.concat(frames);
    try {
      await open.file.write(bytes, open.end);
      await open.file.sync();
    } catch (cause) {
      this.#open.delete(name); // what is on the disk is found out when it is opened again
      await open.file.close();
      throw new Fault('SPOOL_FULL', 'the upload cannot be written; nothing of this chunk was taken', true, { cause });
    }
    open.end += bytes.length;
    open.size = size;
    return size;
  }

  async *read(name: string): AsyncIterable<Buffer> {
    const { file, end } = await this.#file(name);
    for (let at = 0; at < end; ) {
      const frame = await readHead(file, at, end);
      invariant(frame, 'a spool was checked when it was opened');
      yield await this.#unseal(file, name, frame);
      at = frame.next;
    }
  }

  async remove(name: string): Promise<void> {
    if (!(await this.disk.exists(name))) return;
    const { file, keyIds } = await this.#file(name);
    this.#open.delete(name);
    await file.close();
    for (const id of keyIds) await this.keys.retire(id);
    await this.disk.remove(name);
    await this.disk.syncFolder('');
  }

  async close(): Promise<void> {
    for (const { file } of this.#open.values()) await file.close();
    this.#open.clear();
  }

  async #file(name: string): Promise<OpenFile> {
    const known = this.#open.get(name);
    if (known) return known;
    if (this.#open.size >= OPEN_MAX) await this.#closeOldest();
    const fresh = !(await this.disk.exists(name));
    const file = await this.disk.open(name, 'write');
    if (fresh) await this.disk.syncFolder('');
    const open: OpenFile = { file, end: 0, size: 0, counter: 0, keyIds: new Set() };
    await this.#recover(name, open);
    this.#open.set(name, open);
    return open;
  }
  /** Walks the frames; a torn last one (never answered for) is cut. */
  async #recover(name: string, open: OpenFile): Promise<void> {
    const length = await open.file.size();
    let last: Frame | undefined;
    for (;;) {
      const frame = await readHead(open.file, open.end, length);
      if (!frame || frame.offset !== open.size || frame.next > length) break;
      last = frame;
      open.keyIds.add(frame.keyId);
      open.end = frame.next;
      open.size += frame.plain;
    }
    if (last && !(await this.#unseal(open.file, name, last).then(() => true, () => false))) {
      open.end = last.at;
      open.size = last.offset;
    }
    if (open.end < length) await open.file.truncate(open.end);
  }
  async #unseal(file: DiskFile, name: string, frame: Frame): Promise<Buffer> {
    const sealed = Buffer.alloc(frame.next - frame.at - HEAD);
    await file.read(sealed, frame.at + HEAD);
    const tagAt = sealed.length - TAG_BYTES;
    try {
      const key = await this.keys.get(frame.keyId);
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES)).setAAD(bindingOf(name, frame.offset)).setAuthTag(sealed.subarray(tagAt));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, tagAt)), decipher.final()]);
    } catch (cause) {
      throw new Fault('SPOOL_DAMAGED', `the upload is damaged at byte ${frame.offset}; abort the import and send it again`, false, { cause });
    }
  }
  async #closeOldest(): Promise<void> {
    for (const [name, { file }] of this.#open) {
      this.#open.delete(name);
      return file.close();
    }
  }
}

const bindingOf = (name: string, offset: number): Buffer => Buffer.from(`spool|${name}|${offset}`);
const sealFrame = ({ id, key }: { id: number; key: KeyObject }, counter: number, { name, offset }: { name: string; offset: number }, plain: Uint8Array): Buffer => {
  const head = Buffer.alloc(HEAD + IV_BYTES);
  head.writeUInt32BE(id, 0);
  head.writeUIntBE(offset, 4, 6);
  head.writeUInt32BE(plain.length, 10);
  head.writeUIntBE(counter, HEAD + IV_BYTES - 6, 6);
  const cipher = createCipheriv('aes-256-gcm', key, head.subarray(HEAD)).setAAD(bindingOf(name, offset));
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
};
const readHead = async (file: DiskFile, at: number, end: number): Promise<Frame | undefined> => {
  const head = Buffer.alloc(HEAD);
  if (at + HEAD > end || (await file.read(head, at)) < HEAD) return undefined;
  const plain = head.readUInt32BE(10);
  if (plain === 0 || plain > FRAME_PLAIN_MAX) return undefined;
  return { keyId: head.readUInt32BE(0), offset: head.readUIntBE(4, 6), plain, at, next: at + HEAD + IV_BYTES + plain + TAG_BYTES };
};
