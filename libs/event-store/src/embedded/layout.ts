/** Names and sizes of the files of one log (README.md describes them byte by byte). */

export const LOG_FOLDER = 'log';
export const DIRECTORY_FOLDER = 'directory';
export const HEAD_FILE = 'head';
export const LOCK_FILE = 'lock';
/** A file under this ending was never finished; it is removed at the next start. */
export const UNFINISHED = '.tmp';

const NAME = /^(\d{16})\.seg$/;
/** A segment is named by its first offset within the log. */
export const segmentName = (base: number): string => `${LOG_FOLDER}/${String(base).padStart(16, '0')}.seg`;
export const baseOfSegment = (file: string): number | undefined => {
  const match = NAME.exec(file);
  return match ? Number(match[1]) : undefined;
};

export type EmbeddedOptions = {
  /** Size of a segment; also, less its heads, the most that one append may hold. */
  readonly segmentBytes: number;
  /** A frame takes no further append once it has this many bytes or events. */
  readonly frameBytes: number;
  readonly frameEvents: number;
  /** Accepted bytes that may wait for their flush; beyond it appends wait. */
  readonly unflushedBytes: number;
  /** The newest bytes of the log are kept in memory, for readers that follow closely. */
  readonly recentBytes: number;
  readonly recentEvents: number;
  /** Blocks of older bytes kept in memory. */
  readonly cacheBytes: number;
  /** Left free on the disk for others when a segment is allocated. */
  readonly reserveBytes: number;
  /** Pause between attempts to allocate a segment on a full disk. */
  readonly allocateEveryMs: number;
  /** Pause between writes of the durable-head file. */
  readonly headEveryMs: number;
  /** Changed streams kept in memory before a run is written, and read ones kept as well. */
  readonly directoryRows: number;
  /** The boot epoch is at least this (a restored backup raises it). */
  readonly minimumEpoch: number;
};

const MIB = 1 << 20;
export const DEFAULTS: EmbeddedOptions = {
  segmentBytes: 64 * MIB,
  frameBytes: MIB / 2,
  frameEvents: 1000,
  unflushedBytes: 8 * MIB,
  recentBytes: 8 * MIB,
  recentEvents: 20_000,
  cacheBytes: 32 * MIB,
  reserveBytes: 16 * MIB,
  allocateEveryMs: 1000,
  headEveryMs: 100,
  directoryRows: 32_768,
  minimumEpoch: 1,
};
