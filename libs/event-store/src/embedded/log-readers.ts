import type { Fault } from '@vouchsafe/kernel';
import type { Position } from '../port.js';
import { AllReader } from './all-reader.js';
import type { StreamDirectory } from './directory/stream-directory.js';
import { closedFault } from './faults.js';
import type { EmbeddedOptions } from './layout.js';
import type { LogFiles } from './log-files.js';
import { RecentFrames } from './recent.js';
import type { RecordReader } from './record-reader.js';
import { StreamReader } from './stream-reader.js';

export type ReadersParts = {
  readonly files: LogFiles;
  readonly records: RecordReader;
  readonly directory: StreamDirectory;
  readonly options: EmbeddedOptions;
  /** Last event there was at the start. */
  readonly lastPosition: Position;
  readonly durable: () => Position;
  readonly broken: () => Fault | undefined;
};

/** Everything that reads one log, sharing its caches. */
export class LogReaders {
  readonly files: LogFiles;
  readonly directory: StreamDirectory;
  readonly recent: RecentFrames;
  readonly streams: StreamReader;
  readonly all: AllReader;
  #closed = false;

  constructor({ files, records, directory, options, lastPosition, durable, broken }: ReadersParts) {
    this.files = files;
    this.directory = directory;
    this.recent = new RecentFrames(lastPosition, options.recentBytes, options.recentEvents);
    this.streams = new StreamReader({ directory, recent: this.recent, records, files });
    this.all = new AllReader({
      files,
      records,
      recent: this.recent,
      durable,
      ended: () => broken() ?? (this.#closed ? closedFault() : undefined),
    });
  }

  /** Those who follow are told the end; files are closed once nobody reads them. */
  close(): void {
    this.#closed = true;
    this.all.close();
    this.files.close();
  }
}
