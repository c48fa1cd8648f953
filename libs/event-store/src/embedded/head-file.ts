import type { Disk, DiskFile } from '@vouchsafe/runtime';
import { crc32 } from 'node:zlib';
import { getU64, putU64 } from '../bytes.js';
import { type Chain } from './frame.js';
import { HEAD_FILE, UNFINISHED } from './layout.js';

/** What is known to be durable, and which start of the process said so. */
export type Head = { readonly epoch: number; readonly end: number; readonly chain: Chain };
/** `head`: the newest of what could be read. `state`: whether something could not be. */
export type HeadReading = { readonly head: Head | undefined; readonly state: 'ok' | 'missing' | 'damaged' };

/** magic 4, version u32, sequence u64, epoch u32, zeros, end u64 at 24, chain 16 at 32, zeros, crc32 u32 at 60 */
const SLOT_BYTES = 64;
/** The two slots lie in different sectors and pages, so that a torn write of one leaves the other. */
const SLOT_EVERY = 4096;
const MAGIC = 'VHD1';
const SEQUENCE_AT = 8;
const EPOCH_AT = 16;
const END_AT = 24;
const CHAIN_AT = 32;
const CRC_AT = 60;

type Slot = Head & { readonly sequence: number };

/** Reads the head file without changing it. */
export const readHeadFile = async (disk: Disk): Promise<HeadReading & { readonly sequence: number }> => {
  if (!(await disk.exists(HEAD_FILE))) return { head: undefined, state: 'missing', sequence: 0 };
  const file = await disk.open(HEAD_FILE, 'read');
  try {
    const slots = [await readSlot(file, 0), await readSlot(file, 1)];
    const sound = slots.filter((slot) => typeof slot === 'object').sort((a, b) => b.sequence - a.sequence);
    const damaged = slots.filter((slot) => slot === 'damaged').length;
    return {
      // A slot that cannot be read may have been of a start whose epoch is nowhere else: it counts as one.
      head: sound[0] && { ...sound[0], epoch: sound[0].epoch + damaged },
      state: damaged > 0 ? 'damaged' : sound.length === 0 ? 'missing' : 'ok',
      sequence: (sound[0]?.sequence ?? 0) + 1,
    };
  } finally {
    await file.close();
  }
};

const readSlot = async (file: DiskFile, index: number): Promise<Slot | 'damaged' | 'blank'> => {
  const bytes = Buffer.alloc(SLOT_BYTES);
  const read = await file.read(bytes, index * SLOT_EVERY);
  if (read === SLOT_BYTES && bytes.every((byte) => byte === 0)) return 'blank';
  if (
    read < SLOT_BYTES ||
    bytes.toString('latin1', 0, 4) !== MAGIC ||
    crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32BE(CRC_AT)
  )
    return 'damaged';
  return {
    sequence: getU64(bytes, SEQUENCE_AT),
    epoch: bytes.readUInt32BE(EPOCH_AT),
    end: getU64(bytes, END_AT),
    chain: bytes.toString('latin1', CHAIN_AT, CHAIN_AT + 16),
  };
};

const slotBytes = ({ sequence, epoch, end, chain }: Slot): Buffer => {
  const bytes = Buffer.alloc(SLOT_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32BE(1, 4);
  putU64(bytes, sequence, SEQUENCE_AT);
  bytes.writeUInt32BE(epoch, EPOCH_AT);
  putU64(bytes, end, END_AT);
  bytes.write(chain, CHAIN_AT, 'latin1');
  bytes.writeUInt32BE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
};

/** The durable-head file, written in turns into two slots, each write synced. */
export class HeadFile {
  #sequence: number;
  readonly #file: DiskFile;

  private constructor(file: DiskFile, sequence: number) {
    this.#file = file;
    this.#sequence = sequence;
  }

  /** Opens the file, making it if there is none. `sequence`: the next to be written. */
  static async open(disk: Disk, sequence: number): Promise<HeadFile> {
    if (!(await disk.exists(HEAD_FILE))) await create(disk);
    await disk.syncFolder(''); // also if it was there: whoever made it may have been killed before it came to this
    const file = await disk.open(HEAD_FILE, 'write');
    if ((await file.size()) < 2 * SLOT_EVERY) await file.allocate(2 * SLOT_EVERY); // somebody cut it off
    return new HeadFile(file, sequence);
  }

  /** Writes into the older slot and syncs; one call at a time. */
  async write(head: Head): Promise<void> {
    const sequence = this.#sequence++;
    await this.#file.write(slotBytes({ ...head, sequence }), (sequence % 2) * SLOT_EVERY);
    await this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const create = async (disk: Disk): Promise<void> => {
  const file = await disk.open(HEAD_FILE + UNFINISHED, 'write');
  try {
    await file.allocate(2 * SLOT_EVERY);
  } finally {
    await file.close();
  }
  await disk.rename(HEAD_FILE + UNFINISHED, HEAD_FILE);
};
