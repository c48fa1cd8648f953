import { NO_STREAM, type Position, type ReadStream, type RecordedEvent, type Revision, START } from '../port.js';
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

  async read(stream: string, { from, direction = 'forwards', max }: ReadStream): Promise<readonly RecordedEvent[]> {
    const { revision, position, a, b, c } = await this.tail(stream);
    if (revision === NO_STREAM || max <= 0) return [];
    const forwards = direction === 'forwards';
    const first = forwards ? Math.max(0, from ?? 0) : Math.max(0, Math.min(from ?? revision, revision) - max + 1);
    const last = forwards ? Math.min(revision, first + max - 1) : Math.min(from ?? revision, revision);
    if (last < first) return [];
    const entry = await this.#entry(stream, { revision, position, a, b, c }, last);
    const events = await this.#walk(stream, entry, first, last);
    return forwards ? events.reverse() : events;
  }

  /** The nearest known event of the stream at or after revision `last`. */
  async #entry(
    stream: string,
    end: Pick<Tail, 'revision' | 'position' | 'a' | 'b' | 'c'>,
    last: Revision,
  ): Promise<{ revision: Revision; position: Position }> {
    const mark = Math.max(1, Math.ceil(last / MARK_EVERY)) * MARK_EVERY;
    if (mark >= end.revision) return end;
    const position = await this.#parts.directory.markAt(stream, end, mark);
    return position === undefined ? end : { revision: mark, position };
  }

  /** Events `last` down to `first`. */
  async #walk(
    stream: string,
    entry: { revision: Revision; position: Position },
    first: Revision,
    last: Revision,
  ): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let { position } = entry;
    for (let revision = entry.revision; revision >= first; revision--) {
      const event = this.#inMemory(position) ?? (await this.#parts.records.read(position));
      if (event.stream !== stream || event.revision !== revision) throw this.#damage(position, stream, revision);
      if (revision <= last) events.push(event);
      position = event.previous;
      if (revision > first && position === START) throw this.#damage(event.position, stream, revision - 1);
    }
    return events;
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
