import { Fault } from '@vouchsafe/kernel';
import type { AppendResult, Page, Position, ReadAll, ReadStream, RecordedEvent, RecordFeed, Revision } from '../port.js';
import type { EmbeddedStore, LogCut, StoreStats } from './embedded-store.js';
import { closedFault } from './faults.js';
import { chainHex } from './frame.js';
import { segmentName } from './layout.js';
import type { LogReaders } from './log-readers.js';
import type { RecoveryReport } from './recover.js';
import type { Scan } from './recovery.js';

/** A stopped log, opened for reading. */
export class ReadOnlyStore implements EmbeddedStore {
  readonly exclusive = false;
  /** Of the last process that wrote. */
  readonly epoch: number;
  #closed = false;

  constructor(
    readonly readers: LogReaders,
    readonly scan: Scan,
    readonly recovery: RecoveryReport,
  ) {
    this.epoch = recovery.epochBefore;
  }

  append(): Promise<AppendResult> {
    return Promise.reject(new Fault('STORE_READ_ONLY', 'this log was opened for reading only', false));
  }
  async appendMany(): Promise<readonly AppendResult[]> {
    return [await this.append()];
  }

  async readStream(stream: string, options: ReadStream): Promise<readonly RecordedEvent[]> {
    this.#checkOpen();
    return this.readers.streams.read(stream, options);
  }
  async revisionOf(stream: string): Promise<Revision> {
    this.#checkOpen();
    return (await this.readers.streams.tail(stream)).revision;
  }
  async readAll(options: ReadAll): Promise<Page> {
    this.#checkOpen();
    return this.readers.all.read(options);
  }
  subscribe(options: {
    readonly after: Position;
    readonly categories?: readonly string[];
    readonly signal: AbortSignal;
  }): AsyncIterable<Page> {
    return this.readers.all.subscribe(options);
  }

  /** Its end is the end: who asks for what lies behind it waits in vain. */
  readonly feed: RecordFeed = { read: (after, maxBytes, signal) => this.readers.all.records(after, maxBytes, signal) };

  head(): Position {
    return this.scan.end.position;
  }
  async durable(): Promise<void> {}

  stats(): StoreStats {
    const { files, directory, recent } = this.readers;
    return {
      flushes: 0,
      bytesWritten: 0,
      eventsAppended: 0,
      events: this.recovery.events,
      segments: files.segments.length,
      shortOfSpace: false,
      recentBytes: recent.bytes,
      ...directory.stats(),
    };
  }
  logHash(): string {
    return chainHex(this.scan.end.chain);
  }
  async cut(): Promise<LogCut> {
    const { position, chain } = this.scan.end;
    const held = this.readers.files.segments.slice(0, this.scan.segmentIndex + 1);
    return {
      position,
      hash: chainHex(chain),
      epoch: this.epoch,
      files: held.map(({ base, end }) => ({ name: segmentName(base), length: end - base })),
    };
  }

  #checkOpen(): void {
    if (this.#closed) throw closedFault();
  }
  /** May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.readers.close();
    await this.readers.directory.close(true);
  }
}
