import { Fault } from '@vouchsafe/kernel';
import type { Clock, Disk, Log } from '@vouchsafe/runtime';
import { type Position, type RecordedEvent, type Revision } from '../../port.js';
import { revisionOf, streamOf } from '../../record-layout.js';
import { isFull } from '../faults.js';
import { type Chain, FRAME_HEAD_BYTES, type LogEnd } from '../frame.js';
import type { Frame } from '../frame-reader.js';
import type { EmbeddedOptions } from '../layout.js';
import { afterRecord } from '../record.js';
import type { Cover } from './manifest.js';
import { RunSet } from './run-set.js';
import { FRESH, READ, type StreamHash, Tail } from './tail.js';
import { TailMemory } from './tail-memory.js';
import { Upkeep } from './upkeep.js';

export type DirectoryParts = {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: EmbeddedOptions;
  /** Nothing on the disk may change: new runs are kept in memory. */
  readonly readOnly: boolean;
  /** Reads a record, to make sure that a row is of the stream asked for and not of one with the same hash. */
  readonly read: (position: Position) => Promise<RecordedEvent>;
};

const LAST = 0xffffffff;

/**
 * Where each stream ends: in memory for those changed or read lately, in sorted runs on the disk for all. The runs can
 * be made again from the log at any time. Nothing here grows with the number of streams but the runs, their filters
 * and fences (about one and a half bytes per stream, in flat arrays).
 */
export class StreamDirectory {
  readonly #parts: DirectoryParts;
  readonly #runs: RunSet;
  readonly #memory: TailMemory;
  #upkeep: Upkeep | undefined;
  /** The stream asked for last that does not exist, until any is appended to: who finds none is about to begin it. */
  #absent = '';
  #absentTail: Tail | undefined;
  /** Whether the log turned out to have the frame that the runs reach up to. */
  #cover: 'not seen yet' | 'seen' | 'of another log' = 'not seen yet';
  /** Why the runs were made again at the start, if they were. */
  rebuilt: string | undefined;

  constructor(parts: DirectoryParts) {
    const { disk, readOnly, options } = parts;
    this.#parts = parts;
    this.#runs = new RunSet(disk);
    if (readOnly) this.#runs.keepInMemory();
    this.#memory = new TailMemory(Math.max(16, options.directoryRows));
  }

  /** Loads the runs; {@link replay} then fills in what the log has beyond them. */
  async open(): Promise<void> {
    this.rebuilt = await this.#runs.load();
    if (this.#runs.cover.end === 0) this.#cover = 'seen';
    if (!this.#parts.readOnly) await this.#runs.removeOrphans();
  }

  /** One more frame of the log, in order, at the start. */
  replay({ head, bytes }: Frame, end: number, chain: Chain): void | Promise<void> {
    const { cover } = this.#runs;
    if (end === cover.end && chain === cover.chain) this.#cover = 'seen';
    if (end <= cover.end) return;
    if (this.#cover !== 'seen') {
      this.#cover = 'of another log';
      return;
    }
    for (let at = FRAME_HEAD_BYTES; at < bytes.length; at = afterRecord(bytes, at)) {
      const stream = streamOf(bytes, at);
      const tail = this.#memory.get(stream) ?? Tail.of(stream, FRESH);
      this.#memory.advance(stream, tail, revisionOf(bytes, at), (head.start + at) as Position);
    }
    if (this.#memory.rows >= this.#parts.options.directoryRows) return this.#writeReplayed({ end, chain });
  }

  async #writeReplayed(cover: Cover): Promise<void> {
    const { tails, rows } = this.#memory.freeze();
    const write = async (): Promise<void> => {
      await this.#runs.write(tails.values(), rows, cover);
      while (await this.#runs.mergeOnce(() => false));
    };
    try {
      await write();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#parts.log.warn({ error }, 'no space for the stream directory: it is kept in memory until the next start');
      this.#runs.keepInMemory();
      await write();
    }
  }

  /** After the whole log was replayed: false if the runs are of another log. Then all must be replayed once more. */
  async isOfThisLog(): Promise<boolean> {
    if (this.#cover === 'seen') return true;
    this.rebuilt = 'the runs are not of this log';
    this.#cover = 'seen';
    this.#memory.clear();
    await this.#runs.clear();
    if (!this.#parts.readOnly) await this.#runs.removeOrphans();
    return false;
  }

  /** The stream's end, if it is in memory or the stream surely does not exist. Else {@link load} it and ask again. */
  peek(stream: string): Tail | undefined {
    if (this.#absentTail && stream === this.#absent) return this.#absentTail;
    const known = this.#memory.get(stream);
    if (known) return known;
    const tail = Tail.of(stream, FRESH);
    if (this.#runs.mayHold(tail)) return undefined;
    this.#absent = stream;
    return (this.#absentTail = tail);
  }

  /** Brings the stream's end into memory, where the next {@link peek} finds it but in rare cases. */
  async load(stream: string): Promise<void> {
    const { generation } = this.#memory;
    const tail = Tail.of(stream, READ);
    const row = await this.#runs.find(tail, LAST);
    if (row) {
      const event = await this.#parts.read(row.position as Position);
      if (event.stream !== stream)
        throw new Fault(
          'STREAM_HASH_COLLISION',
          `the stream names ${stream} and ${event.stream} have the same hash; only the older can be used`,
          false,
        );
      tail.moveTo(row.revision, row.position as Position);
      tail.marks = undefined;
    }
    this.#memory.keep(stream, tail, generation);
  }

  /** The stream got a later event. `tail`: as {@link peek} gave it in the same turn, or this gave it. */
  advance(stream: string, tail: Tail, revision: Revision, position: Position): Tail {
    this.#absentTail = undefined;
    return this.#memory.advance(stream, tail, revision, position);
  }

  /** Position of an event of the stream whose revision has a mark; undefined if it cannot be had. */
  async markAt(stream: string, hash: StreamHash, revision: Revision): Promise<Position | undefined> {
    const inMemory = this.#memory.markAt(stream, revision);
    if (inMemory !== undefined) return inMemory;
    const row = await this.#runs.find(hash, revision, (candidate) => candidate.revision === revision);
    return row?.position as Position | undefined;
  }

  /** Begins to write what changes from now on. `cut` ends the log's present frame, `onBroken` the process. */
  start(cut: () => Promise<LogEnd>, onBroken: (error: unknown) => void): void {
    this.#upkeep = new Upkeep({ ...this.#parts, runs: this.#runs, memory: this.#memory, cut, onBroken });
  }

  /** Call after every flush of the log. */
  tick(end: number): void {
    this.#upkeep?.tick(end);
  }

  /** Writes what is in memory, unless `abandon`, and closes the runs. */
  async close(abandon: boolean): Promise<void> {
    await this.#upkeep?.close(abandon || this.#runs.inMemory);
    await this.#runs.clear();
  }

  stats(): { readonly streamsInMemory: number; readonly runs: number; readonly rowsOnDisk: number } {
    return { streamsInMemory: this.#memory.size, runs: this.#runs.count, rowsOnDisk: this.#runs.rows };
  }
}
