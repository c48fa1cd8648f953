import type { Instant } from '@vouchsafe/kernel';
import type { Clock, Disk, Log } from '@vouchsafe/runtime';
import { StreamDirectory } from './directory/stream-directory.js';
import { LogDamage } from './faults.js';
import { type Head, type HeadReading, readHeadFile } from './head-file.js';
import { type EmbeddedOptions, segmentName } from './layout.js';
import { loadSegments } from './load-segments.js';
import type { LogFiles } from './log-files.js';
import { RecordReader } from './record-reader.js';
import { type Scan, type Scrap, scanLog } from './recovery.js';

/** What was found at the start. */
export type RecoveryReport = {
  readonly events: number;
  readonly frames: number;
  readonly segments: number;
  /** Offset after the last frame. */
  readonly end: number;
  /** When the last event was recorded; 0 of none. */
  readonly recordedAt: Instant;
  /** The largest boot epoch that was found. */
  readonly epochBefore: number;
  /** An append that was never acknowledged and did not reach the disk whole. It is cut off (not by a read-only open). */
  readonly tailCut: readonly Scrap[];
  /** Bytes that changed where no event lies. Nothing is lost, but the disk is not to be trusted. */
  readonly strayBytes: readonly Scrap[];
  /** The head file is `damaged` after a power cut during its writing, too; its other slot then served. */
  readonly headFile: HeadReading['state'];
  /** Why the stream directory was made again from the log, if it was. */
  readonly directoryRebuilt: string | undefined;
  readonly tookMs: number;
};

export type RecoveryParts = {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: EmbeddedOptions;
  readonly readOnly: boolean;
};

export type Recovered = {
  readonly files: LogFiles;
  readonly records: RecordReader;
  readonly directory: StreamDirectory;
  readonly scan: Scan;
  readonly headSequence: number;
  readonly report: RecoveryReport;
};

/** Reads and proves the whole log and fills the directory from it. Writes nothing but the directory, if it may. */
export const recover = async (
  parts: RecoveryParts,
  createLog: (files: LogFiles) => Promise<void>,
): Promise<Recovered> => {
  const { disk, clock, log, options, readOnly } = parts;
  const startedMs = clock.monotonicMs();
  const files = await loadSegments(disk);
  const { head, state, sequence } = await readHeadFile(disk);
  if (files.segments.length === 0) {
    if (head) throw new LogDamage(segmentName(0), 0, 0, `the log is gone; it was durable up to position ${head.end}`);
    await createLog(files);
  }
  const records = new RecordReader(files, options.cacheBytes);
  const directory = new StreamDirectory({
    disk,
    clock,
    log,
    options,
    readOnly,
    read: (position) => records.read(position),
  });
  const scan = await scanInto(directory, files, head).catch(async (error: unknown) => {
    files.close();
    await directory.close(true);
    throw error;
  });
  const { events, frames, end, tail, strayBytes } = scan;
  const report: RecoveryReport = {
    events,
    frames,
    segments: files.segments.length,
    end: end.end,
    recordedAt: scan.recordedAt,
    epochBefore: Math.max(scan.epoch, head?.epoch ?? 0),
    tailCut: tail,
    strayBytes,
    headFile: state,
    directoryRebuilt: directory.rebuilt,
    tookMs: Math.round(clock.monotonicMs() - startedMs),
  };
  tell(log, report);
  return { files, records, directory, scan, headSequence: sequence, report };
};

const scanInto = async (directory: StreamDirectory, files: LogFiles, head: Head | undefined): Promise<Scan> => {
  await directory.open();
  const scan = (): Promise<Scan> => scanLog(files, head, (frame, end, chain) => directory.replay(frame, end, chain));
  const scanned = await scan();
  return (await directory.isOfThisLog()) ? scanned : scan();
};

const tell = (log: Log, report: RecoveryReport): void => {
  if (report.tailCut.length > 0)
    log.warn(
      { tailCut: report.tailCut },
      'an unfinished append at the end of the log is cut off; it was never acknowledged',
    );
  if (report.strayBytes.length > 0)
    log.error(
      { strayBytes: report.strayBytes },
      'bytes changed between the frames of the log: no event is lost, but check this disk',
    );
  if (report.headFile === 'damaged') log.warn({}, 'a slot of the head file cannot be read; the other one served');
  log.info(report, 'the log was read and is sound');
};
