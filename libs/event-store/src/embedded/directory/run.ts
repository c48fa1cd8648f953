import { Fault, invariant } from '@vouchsafe/kernel';
import type { Disk, DiskFile } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { crc32 } from 'node:zlib';
import { mayHold } from './bloom.js';
import {
  BLOCK_BYTES,
  compareAt,
  FENCE_BYTES,
  FOOTER_BYTES,
  type Footer,
  getRow,
  isSameStream,
  isSoundBlock,
  readFooter,
  ROW_BYTES,
  type Row,
  rowsIn,
} from './run-format.js';
import type { StreamHash } from './tail.js';

/** Blocks of one run kept in memory. */
const CACHED_BLOCKS = 256;
const SCAN_BLOCKS = 64;

/** A run on the disk is not as it was written. It is made again from the log at the next start. */
export class RunDamage extends Fault {
  constructor(what: string) {
    super('DIRECTORY_DAMAGED', `${what}; restart, and the stream directory is made again from the log`, false);
  }
}

/** What of a run is in memory. */
type Index = Footer & { readonly fences: Buffer; readonly filter: Buffer };

/** A sorted run, open for reading: its filter and fences in memory, its blocks on the disk. */
export class Run {
  readonly #blocks = new LRUCache<number, Buffer>({ max: CACHED_BLOCKS });
  #readers = 0;
  #retired = false;

  private constructor(
    readonly name: string,
    readonly disk: Disk,
    readonly level: number,
    readonly file: DiskFile,
    readonly index: Index,
  ) {}

  get rows(): number {
    return this.index.rows;
  }

  /** Opens a run. Throws {@link RunDamage} if filter, fences or footer are not sound. */
  static async open(disk: Disk, name: string, level: number): Promise<Run> {
    const file = await disk.open(name, 'read');
    try {
      const size = await file.size();
      const footer = readFooter(await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES, name));
      if (!footer) throw new RunDamage(`${name}: bad footer`);
      const indexBytes = footer.blocks * FENCE_BYTES + footer.filterBytes;
      if (footer.blocks * BLOCK_BYTES + indexBytes + FOOTER_BYTES !== size) throw new RunDamage(`${name}: wrong size`);
      const index = await readExactly(file, footer.blocks * BLOCK_BYTES, indexBytes, name);
      if (crc32(index) !== footer.indexCrc) throw new RunDamage(`${name}: bad index`);
      const fences = index.subarray(0, footer.blocks * FENCE_BYTES);
      return new Run(name, disk, level, file, { ...footer, fences, filter: index.subarray(fences.length) });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads every block once. Throws {@link RunDamage}. */
  async verify(): Promise<void> {
    for await (const block of this.blocks()) invariant(block.length === BLOCK_BYTES, 'blocks are whole');
  }

  /** False: the stream surely has no row here. */
  mayHold(hash: StreamHash): boolean {
    return mayHold(this.index.filter, hash);
  }

  /** The stream's last row up to `revision`. */
  async find(hash: StreamHash, revision: number): Promise<Row | undefined> {
    const blockIndex = lastUpTo(this.index.fences, FENCE_BYTES, this.index.blocks, hash, revision);
    if (blockIndex < 0) return undefined;
    const block = await this.#block(blockIndex);
    const row = getRow(block, lastUpTo(block, ROW_BYTES, rowsIn(block), hash, revision) * ROW_BYTES);
    return isSameStream(row, hash) ? row : undefined;
  }

  async #block(index: number): Promise<Buffer> {
    const cached = this.#blocks.get(index);
    if (cached) return cached;
    const block = await this.#using(() => readExactly(this.file, index * BLOCK_BYTES, BLOCK_BYTES, this.name));
    if (!isSoundBlock(block)) throw new RunDamage(`${this.name}: bad block ${index}`);
    this.#blocks.set(index, block);
    return block;
  }

  /** All blocks in order, read ahead of their use in larger pieces, past the cache. */
  async *blocks(): AsyncGenerator<Buffer> {
    for (let first = 0; first < this.index.blocks; first += SCAN_BLOCKS) {
      const count = Math.min(SCAN_BLOCKS, this.index.blocks - first);
      const bytes = await this.#using(() =>
        readExactly(this.file, first * BLOCK_BYTES, count * BLOCK_BYTES, this.name),
      );
      for (let i = 0; i < count; i++) {
        const block = bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
        if (!isSoundBlock(block)) throw new RunDamage(`${this.name}: bad block ${first + i}`);
        yield block;
      }
    }
  }

  async #using<T>(work: () => Promise<T>): Promise<T> {
    this.#readers++;
    try {
      return await work();
    } finally {
      this.#readers--;
      if (this.#retired && this.#readers === 0) await this.file.close();
    }
  }

  /** Closes the file once nobody reads it any more. Once. */
  async close(): Promise<void> {
    invariant(!this.#retired, 'a run is closed once');
    this.#retired = true;
    if (this.#readers === 0) await this.file.close();
  }
}

/** Index of the last of `count` sorted entries that is not after (hash, revision); -1 if all are. */
const lastUpTo = (bytes: Buffer, entryBytes: number, count: number, hash: StreamHash, revision: number): number => {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(bytes, middle * entryBytes, hash, revision) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

const readExactly = async (file: DiskFile, offset: number, length: number, name: string): Promise<Buffer> => {
  if (offset < 0) throw new RunDamage(`${name}: too short`);
  const into = Buffer.allocUnsafeSlow(length);
  if ((await file.read(into, offset)) < length) throw new RunDamage(`${name}: too short`);
  return into;
};
