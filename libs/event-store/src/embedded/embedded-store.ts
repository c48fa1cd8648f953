import { Fault, type Instant, invariant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { checkStream } from '../canonical.js';
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
} from '../port.js';
import type { Tail } from './directory/tail.js';
import { closedFault } from './faults.js';
import type { Fatal } from './fatal.js';
import { chainHex } from './frame.js';
import type { GroupCommit } from './group-commit.js';
import type { HeadKeeper } from './head-keeper.js';
import { type EmbeddedOptions, segmentName } from './layout.js';
import type { LogReaders } from './log-readers.js';
import { prepare, type Prepared } from './record.js';
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

export class WritableStore implements EmbeddedStore {
  readonly exclusive = true;
  readonly epoch: number;
  readonly recovery: RecoveryReport;
  readonly #parts: WriterParts;
  #recordedAt: Instant;
  #closing: Promise<void> | undefined;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.epoch = parts.epoch;
    this.recovery = parts.recovery;
    this.#recordedAt = parts.recordedAt;
  }

  async append({ stream, expected, events }: AppendRequest): Promise<AppendResult> {
    invariant(events.length > 0, 'an append has events');
    checkStream(stream);
    const prepared = events.map((event) => prepare(event, stream));
    this.#checkSize(prepared);
    const { readers, commit, space } = this.#parts;
    // Without an await where nothing stands in the way, so that whoever calls first is first.
    for (;;) {
      this.#checkOpen();
      const tail = readers.directory.peek(stream);
      if (!tail) await readers.directory.load(stream);
      else if (tail.revision !== expected) return this.#repeated(stream, expected, events, tail.revision);
      else if (commit.congested) await commit.oldestSettled();
      else {
        const accepted = this.#accept(stream, tail, prepared);
        if (accepted) return accepted;
        await space.more();
      }
    }
  }

  #accept(stream: string, tail: Tail, prepared: readonly Prepared[]): AppendResult | undefined {
    const { readers, commit, clock } = this.#parts;
    const recordedAt = Math.max(this.#recordedAt, clock.now()) as Instant;
    let moved = tail;
    const accepted = commit.accept(
      prepared,
      { recordedAt, epoch: this.epoch },
      tail.revision + 1,
      tail.position,
      (revision, position) => {
        moved = readers.directory.advance(stream, moved, revision, position);
      },
    );
    if (!accepted) return undefined;
    this.#recordedAt = recordedAt;
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
    return Promise.all(requests.map((request) => this.append(request)));
  }

  async readStream(stream: string, options: ReadStream): Promise<readonly RecordedEvent[]> {
    this.#checkOpen();
    return this.#parts.readers.streams.read(stream, options);
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

  #checkSize(prepared: readonly Prepared[]): void {
    const bytes = prepared.reduce((sum, event) => sum + event.bytes, 0);
    const most = this.#parts.space.appendMax;
    if (bytes > most)
      throw new Fault(
        'APPEND_TOO_LARGE',
        `an append of ${bytes} bytes is larger than the ${most} that fit into a segment`,
        false,
      );
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
