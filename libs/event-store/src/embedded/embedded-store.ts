import { Fault, type Instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import {
  type AppendRequest,
  type AppendResult,
  type EventStore,
  type NewEvent,
  type Page,
  type Position,
  type ReadAll,
  type ReadStream,
  type RecordedEvent,
  type RecordFeed,
  type Revision,
  type Soon,
} from '../port.js';
import type { Tail } from './directory/tail.js';
import { closedFault } from './faults.js';
import type { Fatal } from './fatal.js';
import { chainHex } from './frame.js';
import type { GroupCommit } from './group-commit.js';
import type { HeadKeeper } from './head-keeper.js';
import { type EmbeddedOptions, segmentName } from './layout.js';
import type { LogReaders } from './log-readers.js';
import { RecordWriter } from './record-writer.js';
import type { RecoveryReport } from './recover.js';
import type { Space } from './space.js';

/** Files that together hold everything up to `position`; their first `length` bytes never change any more. */
export type LogCut = {
  readonly position: Position;
  /** {@link EmbeddedStore.logHash} at that position. */
  readonly hash: string;
  readonly epoch: number;
  readonly files: readonly { readonly name: string; readonly length: number }[];
};

export type StoreStats = {
  /** Flushes of the log, bytes and events written to it, since this start. */
  readonly flushes: number;
  readonly bytesWritten: number;
  readonly eventsAppended: number;
  /** All events there are, accepted ones included. */
  readonly events: number;
  readonly segments: number;
  /** No segment is ready after the present one: appends are refused once that is full. */
  readonly shortOfSpace: boolean;
  readonly recentBytes: number;
  readonly streamsInMemory: number;
  readonly runs: number;
  readonly rowsOnDisk: number;
};

/** The embedded log as an event store, with what operation and audit need besides. */
export interface EmbeddedStore extends EventStore {
  readonly recovery: RecoveryReport;
  stats(): StoreStats;
  /** A hash over every byte of the durable log, as hex: equal histories have equal ones. */
  logHash(): string;
  /** What to copy for a backup, while writing goes on. */
  cut(): Promise<LogCut>;
}

export type WriterParts = {
  readonly readers: LogReaders;
  readonly commit: GroupCommit;
  readonly space: Space;
  readonly keeper: HeadKeeper;
  readonly fatal: Fatal;
  readonly clock: Clock;
  readonly options: EmbeddedOptions;
  readonly epoch: number;
  readonly recordedAt: Instant;
  readonly recovery: RecoveryReport;
  readonly release: () => Promise<void>;
};

const checkSize = (bytes: number, most: number): void => {
  if (bytes <= most) return;
  throw new Fault('APPEND_TOO_LARGE', `an append of ${bytes} bytes is larger than the ${most} that fit into a segment`, false);
};

export class WritableStore implements EmbeddedStore {
  readonly exclusive = true;
  readonly epoch: number;
  readonly recovery: RecoveryReport;
  readonly #parts: WriterParts;
  readonly #records = new RecordWriter();
  /** What is recorded of every event; its time never goes back. */
  readonly #recording: { recordedAt: Instant; readonly epoch: number };
  #closing: Promise<void> | undefined;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.epoch = parts.epoch;
    this.recovery = parts.recovery;
    this.#recording = { recordedAt: parts.recordedAt, epoch: parts.epoch };
  }

  /** Without an await where nothing stands in the way, so that whoever calls first is first. */
  append(request: AppendRequest): Soon<AppendResult> {
    try {
      return this.#appendNow(request) ?? this.#appendLater(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Undefined: something has to be waited for first. */
  #appendNow(request: AppendRequest): Soon<AppendResult> | undefined {
    const { stream, expected, events } = request;
    const { readers, commit, space } = this.#parts;
    this.#records.lay(stream, events);
    checkSize(this.#records.bytes, space.appendMax);
    this.#checkOpen();
    const tail = readers.directory.peek(stream);
    if (!tail) return undefined;
    if (tail.revision !== expected) return this.#repeated(stream, expected, events, tail.revision);
    return commit.congested ? undefined : this.#accept(request, tail);
  }

  async #appendLater(request: AppendRequest): Promise<AppendResult> {
    const { readers, commit, space } = this.#parts;
    for (;;) {
      if (!readers.directory.peek(request.stream)) await readers.directory.load(request.stream);
      else if (commit.congested) await commit.oldestSettled();
      else await space.more();
      const result = this.#appendNow(request);
      if (result) return result;
    }
  }

  #accept(request: AppendRequest, tail: Tail): AppendResult | undefined {
    const { readers, commit, clock } = this.#parts;
    const { stream, expected, events } = request;
    const now = clock.now();
    if (now > this.#recording.recordedAt) this.#recording.recordedAt = now;
    const frame = commit.accept(request, this.#records, tail.position, this.#recording);
    if (!frame) return undefined;
    const before = frame.positions.length - events.length;
    let moved = tail;
    for (let i = 0; i < events.length; i++)
      moved = readers.directory.advance(stream, moved, expected + 1 + i, frame.positions[before + i]!);
    return { ok: true, revision: moved.revision, position: moved.position, repeated: false };
  }

  async #repeated(
    stream: string,
    expected: Revision,
    events: readonly NewEvent[],
    actual: Revision,
  ): Promise<AppendResult> {
    if (expected + events.length > actual) return { ok: false, actual };
    const there = await this.readStream(stream, { from: expected + 1, max: events.length });
    const last = there[there.length - 1];
    const same = there.length === events.length && there.every((event, i) => event.id === events[i]!.id);
    return same && last
      ? { ok: true, revision: last.revision, position: last.position, repeated: true }
      : { ok: false, actual };
  }

  appendMany(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    return Promise.all(requests.map(async (request) => this.append(request)));
  }

  readStream(stream: string, options: ReadStream): Soon<readonly RecordedEvent[]> {
    try {
      this.#checkOpen();
      return this.#parts.readers.streams.read(stream, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }
  async revisionOf(stream: string): Promise<Revision> {
    this.#checkOpen();
    return (await this.#parts.readers.streams.tail(stream)).revision;
  }
  async readAll(options: ReadAll): Promise<Page> {
    this.#checkOpen();
    return this.#parts.readers.all.read(options);
  }
  subscribe(options: {
    readonly after: Position;
    readonly categories?: readonly string[];
    readonly signal: AbortSignal;
  }): AsyncIterable<Page> {
    return this.#parts.readers.all.subscribe(options);
  }

  readonly feed: RecordFeed = {
    read: (after, maxBytes, signal) => this.#parts.readers.all.records(after, maxBytes, signal),
  };

  head(): Position {
    return this.#parts.commit.head;
  }
  durable(position: Position): Promise<void> {
    return this.#parts.commit.settled(position);
  }

  #checkOpen(): void {
    if (this.#closing) throw closedFault();
    if (this.#parts.fatal.fault) throw this.#parts.fatal.fault;
  }

  stats(): StoreStats {
    const { commit, readers, space, recovery } = this.#parts;
    const { flushes, bytesWritten, eventsAppended } = commit;
    return {
      flushes,
      bytesWritten,
      eventsAppended,
      events: recovery.events + eventsAppended,
      segments: readers.files.segments.length,
      shortOfSpace: space.short,
      recentBytes: readers.recent.bytes,
      ...readers.directory.stats(),
    };
  }
  logHash(): string {
    return chainHex(this.#parts.commit.durable.chain);
  }
  async cut(): Promise<LogCut> {
    const { position, end, chain } = this.#parts.commit.durable;
    const held = this.#parts.readers.files.segments.filter(({ base }) => base < end);
    const files = held.map((segment) => ({
      name: segmentName(segment.base),
      length: Math.min(segment.end, end) - segment.base,
    }));
    return { position, hash: chainHex(chain), epoch: this.epoch, files };
  }

  /** Makes durable what was accepted and lets the directory go. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { commit, readers, keeper, fatal, space, release } = this.#parts;
    try {
      await commit.idle();
      await readers.directory.close(fatal.fault !== undefined);
      await keeper.close(fatal.fault !== undefined);
      await space.idle();
      await commit.close();
    } finally {
      readers.close();
      await release();
    }
  }
}
