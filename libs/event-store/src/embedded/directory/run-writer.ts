import type { Disk, DiskFile } from '@vouchsafe/runtime';
import { crc32 } from 'node:zlib';
import { addToFilter, filterBytesFor } from './bloom.js';
import {
  BLOCK_BYTES,
  BLOCK_ROWS,
  FENCE_BYTES,
  footerBytes,
  putRow,
  ROW_BYTES,
  type Row,
  sealBlock,
} from './run-format.js';

/** Blocks gathered before they are written: also the slice of work between two waits. */
const WRITE_BLOCKS = 16;

/** Writes one run, rows in order. The caller awaits {@link RunWriter.drain} whenever {@link RunWriter.isFull}. */
export class RunWriter {
  readonly #file: DiskFile;
  readonly #filter: Buffer;
  readonly #gathered = Buffer.alloc(WRITE_BLOCKS * BLOCK_BYTES);
  readonly #fences: Buffer[] = [];
  #gatheredBlocks = 0;
  #blockRows = 0;
  #written = 0;
  #rows = 0;

  private constructor(file: DiskFile, rowsAtMost: number) {
    this.#file = file;
    this.#filter = Buffer.alloc(filterBytesFor(rowsAtMost));
  }

  static async create(disk: Disk, name: string, rowsAtMost: number): Promise<RunWriter> {
    const file = await disk.open(name, 'write');
    await file.truncate(0);
    return new RunWriter(file, rowsAtMost);
  }

  get isFull(): boolean {
    return this.#gatheredBlocks === WRITE_BLOCKS;
  }
  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    const at = this.#gatheredBlocks * BLOCK_BYTES + this.#blockRows * ROW_BYTES;
    putRow(this.#gathered, at, row);
    if (this.#blockRows === 0) this.#fences.push(Buffer.from(this.#gathered.subarray(at, at + FENCE_BYTES)));
    addToFilter(this.#filter, row);
    this.#rows++;
    if (++this.#blockRows === BLOCK_ROWS) this.#endBlock();
  }

  #endBlock(): void {
    const start = this.#gatheredBlocks * BLOCK_BYTES;
    sealBlock(this.#gathered.subarray(start, start + BLOCK_BYTES), this.#blockRows);
    this.#gatheredBlocks++;
    this.#blockRows = 0;
  }

  /** Writes the whole blocks gathered so far. */
  async drain(): Promise<void> {
    const bytes = this.#gathered.subarray(0, this.#gatheredBlocks * BLOCK_BYTES);
    await this.#file.write(bytes, this.#written);
    this.#written += bytes.length;
    this.#gatheredBlocks = 0;
  }

  /** Writes the rest; the run is durable once this settles (its name, once the folder is synced). */
  async finish(): Promise<void> {
    if (this.#blockRows > 0) this.#endBlock();
    await this.drain();
    const index = Buffer.concat([...this.#fences, this.#filter]);
    const footer = footerBytes({
      blocks: this.#fences.length,
      rows: this.#rows,
      filterBytes: this.#filter.length,
      indexCrc: crc32(index),
    });
    await this.#file.write(Buffer.concat([index, footer]), this.#written);
    await this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
