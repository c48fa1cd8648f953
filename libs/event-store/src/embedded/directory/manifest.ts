import type { Disk } from '@vouchsafe/runtime';
import { crc32 } from 'node:zlib';
import type { Chain } from '../frame.js';
import { DIRECTORY_FOLDER, UNFINISHED } from '../layout.js';

/** Up to where in the log the runs tell the truth: a frame's end and its link. */
export type Cover = { readonly end: number; readonly chain: Chain };
export type Manifest = {
  readonly cover: Cover;
  readonly runs: readonly { readonly file: string; readonly level: number }[];
  readonly nextRun: number;
};

const VERSION = 1;
const NAME = `${DIRECTORY_FOLDER}/manifest`;
const MAX_BYTES = 1 << 20;

const RUN = /^(\d{10})\.run$/;
export const runName = (sequence: number): string => `${DIRECTORY_FOLDER}/${String(sequence).padStart(10, '0')}.run`;
export const sequenceOfRun = (file: string): number | undefined => {
  const match = RUN.exec(file);
  return match ? Number(match[1]) : undefined;
};

/** Replaces the manifest, durably. The runs it names must be durable already. */
export const saveManifest = async (disk: Disk, { cover, runs, nextRun }: Manifest): Promise<void> => {
  const text = JSON.stringify({
    version: VERSION,
    end: cover.end,
    chain: Buffer.from(cover.chain, 'latin1').toString('hex'),
    runs,
    nextRun,
  });
  const file = await disk.open(NAME + UNFINISHED, 'write');
  try {
    const bytes = Buffer.from(`${text}\n${crc32(text).toString(16)}\n`);
    await file.truncate(0);
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(NAME + UNFINISHED, NAME);
  await disk.syncFolder(DIRECTORY_FOLDER);
};

/** The manifest, or why there is none to be used. */
export const loadManifest = async (disk: Disk): Promise<Manifest | 'missing' | 'damaged'> => {
  if (!(await disk.exists(NAME))) return 'missing';
  const file = await disk.open(NAME, 'read');
  try {
    const bytes = Buffer.alloc(Math.min(MAX_BYTES, await file.size()));
    await file.read(bytes, 0);
    const [text = '', checksum] = bytes.toString('utf8').split('\n');
    if (crc32(text).toString(16) !== checksum) return 'damaged';
    const { version, end, chain, runs, nextRun } = JSON.parse(text) as Omit<Manifest, 'cover'> & {
      version: number;
      end: number;
      chain: string;
    };
    if (version !== VERSION) return 'damaged'; // of another version: made again all the same
    return { cover: { end, chain: Buffer.from(chain, 'hex').toString('latin1') }, runs, nextRun };
  } finally {
    await file.close();
  }
};
