import { NO_STREAM, type Position, type ReadStream, type RecordedEvent, type Revision, type Soon, START } from '../port.js';
import type { StoredEvent } from '../stored-event.js';
import type { StreamDirectory } from './directory/stream-directory.js';
import { MARK_EVERY, type Tail } from './directory/tail.js';
import { LogDamage } from './faults.js';
import { segmentName } from './layout.js';
import type { LogFiles } from './log-files.js';
import type { RecentFrames } from './recent.js';
import type { RecordReader } from './record-reader.js';

export type StreamReaderParts = {
  readonly directory: StreamDirectory;
  readonly recent: RecentFrames;
  readonly records: RecordReader;
  readonly files: LogFiles;
};

const NOTHING: readonly RecordedEvent[] = [];

/** Going through a stream from its end, or a mark, towards its beginning: `revision` at `position` is next. */
type Walk = {
  readonly stream: string;
  readonly first: Revision;
  readonly last: Revision;
  readonly forwards: boolean;
  readonly events: RecordedEvent[];
  revision: Revision;
  position: Position;
};

/** Reads one stream along its back pointers, entered at its end or at the nearest mark. */
export class StreamReader {
  readonly #parts: StreamReaderParts;

  constructor(parts: StreamReaderParts) {
    this.#parts = parts;
  }

  /** The stream's end. Use it in the turn it settles in, or look again. */
  async tail(stream: string): Promise<Tail> {
    const { directory } = this.#parts;
    for (;;) {
      const tail = directory.peek(stream);
      if (tail) return tail;
      await directory.load(stream);
    }
  }

  /** At once where all of it is in memory, or there is nothing. */
  read(stream: string, options: ReadStream): Soon<readonly RecordedEvent[]> {
    const tail = this.#parts.directory.peek(stream);
    return tail ? this.#readTo(stream, tail, options) : this.tail(stream).then((loaded) => this.#readTo(stream, loaded, options));
  }

  #readTo(stream: string, tail: Tail, { from, direction = 'forwards', max }: ReadStream): Soon<readonly RecordedEvent[]> {
    const { revision, position } = tail;
    if (revision === NO_STREAM || max <= 0) return NOTHING;
    const forwards = direction === 'forwards';
    const first = forwards ? Math.max(0, from ?? 0) : Math.max(0, Math.min(from ?? revision, revision) - max + 1);
    const last = forwards ? Math.min(revision, first + max - 1) : Math.min(from ?? revision, revision);
    if (last < first) return NOTHING;
    const mark = Math.max(1, Math.ceil(last / MARK_EVERY)) * MARK_EVERY;
    const walk: Walk = { stream, first, last, forwards, events: [], revision, position };
    return mark < revision ? this.#walkFrom(mark, tail, walk) : this.#walk(walk);
  }

  /** Enters at the mark if its position can be had. */
  async #walkFrom(mark: Revision, { a, b, c }: Tail, walk: Walk): Promise<readonly RecordedEvent[]> {
    const position = await this.#parts.directory.markAt(walk.stream, { a, b, c }, mark);
    return this.#walk(position === undefined ? walk : { ...walk, revision: mark, position });
  }

  #walk(walk: Walk): Soon<readonly RecordedEvent[]> {
    while (walk.revision >= walk.first) {
      const event = this.#inMemory(walk.position);
      if (!event) return this.#walkOn(walk);
      this.#step(walk, event);
    }
    return walk.forwards ? walk.events.reverse() : walk.events;
  }
  async #walkOn(walk: Walk): Promise<readonly RecordedEvent[]> {
    this.#step(walk, await this.#parts.records.read(walk.position));
    return this.#walk(walk);
  }

  #step(walk: Walk, event: StoredEvent): void {
    const { stream, first, last, revision, position } = walk;
    if (event.stream !== stream || event.revision !== revision) throw this.#damage(position, stream, revision);
    if (revision <= last) walk.events.push(event);
    walk.revision--;
    walk.position = event.previous;
    if (revision > first && walk.position === START) throw this.#damage(event.position, stream, revision - 1);
  }

  #inMemory(position: Position): StoredEvent | undefined {
    return this.#parts.recent.find(position) ?? this.#parts.records.peek(position);
  }

  #damage(position: Position, stream: string, revision: Revision): LogDamage {
    const { base } = this.#parts.files.segments[this.#parts.files.indexAt(position)]!;
    return new LogDamage(
      segmentName(base),
      position - base,
      position,
      `event ${revision} of stream ${stream} was expected there`,
    );
  }
}
