import { Fault } from '@vouchsafe/kernel';
import type { Clock, Disk, Log } from '@vouchsafe/runtime';
import { type EmbeddedStore, WritableStore } from './embedded-store.js';
import { Fatal } from './fatal.js';
import { isFull, readOnlyFault } from './faults.js';
import { GroupCommit } from './group-commit.js';
import { HeadFile } from './head-file.js';
import { HeadKeeper } from './head-keeper.js';
import { DEFAULTS, type EmbeddedOptions, LOCK_FILE, LOG_FOLDER, segmentName } from './layout.js';
import { LogReaders } from './log-readers.js';
import { ReadOnlyStore } from './read-only-store.js';
import { recover, type Recovered } from './recover.js';
import { removeUnfinished, repair } from './repair.js';
import { allocateSegment } from './segment.js';
import { Space } from './space.js';

export type OpenParts = {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly options?: Partial<EmbeddedOptions>;
};
export type OpenForWriting = OpenParts & {
  /** A write or flush failed: what was accepted and is not durable is lost, so the process must end. Called at most once. */
  readonly onFatal: (fault: Fault) => void;
};

/**
 * Opens the log in `disk` for this process alone, making it if there is none; reads and proves all of it. Faults:
 * `DIRECTORY_IN_USE`, `DIRECTORY_NOT_WRITABLE`, `LOG_DAMAGED` (nothing was changed), `LOG_TOO_NEW`, `STORE_READ_ONLY` (no
 * space even for an empty log).
 */
export const openEmbeddedStore = async (parts: OpenForWriting): Promise<EmbeddedStore> => {
  const { disk } = parts;
  try {
    await disk.makeFolder('');
    const release = await disk.lock(LOCK_FILE);
    try {
      return await openLocked(parts, release);
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    throw explained(error);
  }
};

/** Faults `DIRECTORY_IN_USE`, `DIRECTORY_NOT_WRITABLE` where {@link openEmbeddedStore} would have them: asked before anything beside the log is touched. */
export const refuseInUse = async (disk: Disk): Promise<void> => {
  try {
    await disk.makeFolder('');
    const release = await disk.lock(LOCK_FILE);
    await release();
  } catch (error) {
    throw explained(error);
  }
};

/**
 * Opens a log that no process writes, for reading only: nothing in `disk` changes, a torn tail is only passed over. Works
 * on a directory that cannot be written. Faults: `LOG_DAMAGED`, `LOG_TOO_NEW`, `LOG_MISSING`.
 */
export const openReadOnly = async ({ disk, clock, log, options }: OpenParts): Promise<EmbeddedStore> => {
  const all = { ...DEFAULTS, ...options };
  const recovered = await recover({ disk, clock, log, options: all, readOnly: true }, () => {
    throw new Fault('LOG_MISSING', 'there is no event log in this directory', false);
  });
  const { files, records, directory, scan, report } = recovered;
  const { position } = scan.end;
  const readers = new LogReaders({
    files,
    records,
    directory,
    options: all,
    lastPosition: position,
    durable: () => position,
    broken: () => undefined,
  });
  return new ReadOnlyStore(readers, scan, report);
};

const openLocked = async (parts: OpenForWriting, release: () => Promise<void>): Promise<EmbeddedStore> => {
  const { disk, clock, log } = parts;
  const options = { ...DEFAULTS, ...parts.options };
  await disk.makeFolder(LOG_FOLDER);
  await removeUnfinished(disk);
  // The process before may have been killed between naming a file and making the name durable.
  await disk.syncFolder(LOG_FOLDER);
  const recovered = await recover({ disk, clock, log, options, readOnly: false }, async (files) => {
    files.add(await allocateSegment(disk, 0, options.segmentBytes));
  });
  const { files, scan, headSequence, report } = recovered;
  await repair(disk, files, scan);
  const epoch = Math.max(report.epochBefore + 1, options.minimumEpoch);
  const headFile = await HeadFile.open(disk, headSequence);
  await headFile.write({ epoch, end: scan.end.end, chain: scan.end.chain });
  return start({ ...parts, options }, recovered, epoch, headFile, release);
};

const start = (
  { disk, clock, log, options, onFatal }: OpenForWriting & { readonly options: EmbeddedOptions },
  { files, records, directory, scan, report }: Recovered,
  epoch: number,
  headFile: HeadFile,
  release: () => Promise<void>,
): EmbeddedStore => {
  const fatal = new Fatal();
  const keeper = new HeadKeeper({ file: headFile, clock, epoch, everyMs: options.headEveryMs, onBroken: fatal.break });
  const space = new Space({ disk, clock, log, files, options, onBroken: fatal.break }, scan.segmentIndex);
  const commit: GroupCommit = new GroupCommit(
    {
      space,
      options,
      epoch,
      fatal,
      open: (segment) => disk.open(segmentName(segment.base), 'write-through'),
      onFrame: (frame) => readers.recent.push(frame),
      onDurable: (frame, end, before) => {
        readers.recent.flushed(frame, readers.all.passed);
        keeper.note(end);
        directory.tick(end.end);
        readers.all.flushed(frame, before);
      },
    },
    scan.end,
  );
  const readers = new LogReaders({
    files,
    records,
    directory,
    options,
    lastPosition: scan.end.position,
    durable: () => commit.durable.position,
    broken: () => fatal.fault,
  });
  directory.start(() => commit.cut(), fatal.break);
  fatal.onBreak((fault) => {
    log.error({ fault, cause: fault.cause }, 'the event store cannot write any more');
    readers.all.wake();
    onFatal(fault);
  });
  void space.ahead();
  const { recordedAt } = scan;
  return new WritableStore({
    readers,
    commit,
    space,
    keeper,
    fatal,
    clock,
    options,
    epoch,
    recordedAt,
    recovery: report,
    release,
  });
};

const explained = (error: unknown): unknown => {
  const { code } = error as { code?: string };
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new Fault(
      'DIRECTORY_NOT_WRITABLE',
      `this process may not write into the store's directory (${code}); give it the right, or open for reading only`,
      false,
      { cause: error },
    );
  }
  return isFull(error) ? readOnlyFault(error) : error;
};
