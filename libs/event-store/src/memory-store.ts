import { Fault, type Instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { CategoryFilter } from './category-filter.js';
import { closedFault } from './embedded/faults.js';
import { getRecord } from './embedded/record.js';
import { RecordWriter } from './embedded/record-writer.js';
import {
  type AppendRequest,
  type AppendResult,
  type EventStore,
  type NewEvent,
  NO_STREAM,
  type Page,
  type Position,
  type ReadAll,
  type ReadStream,
  type RecordedEvent,
  type Revision,
  type Soon,
  START,
} from './port.js';

/** An event store in memory, for tests of what lies above it. Passes the contract suite; nothing in it is durable. */
export const memoryStore = (clock: Clock, epoch = 1): EventStore => new MemoryStore(clock, epoch);

const SUBSCRIPTION_PAGE = 512;

class MemoryStore implements EventStore {
  readonly exclusive = true;
  readonly #all: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #waiters = new Set<() => void>();
  readonly #records = new RecordWriter();
  #closed = false;

  constructor(
    readonly clock: Clock,
    readonly epoch: number,
  ) {}

  append(request: AppendRequest): Soon<AppendResult> {
    try {
      return this.#append(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #append({ stream, expected, events }: AppendRequest): AppendResult {
    this.#checkOpen();
    this.#records.lay(stream, events); // refuses what no store would take
    const known = this.#streams.get(stream) ?? [];
    const actual = known.length - 1;
    if (actual !== expected) return this.#repeated(known, expected, events) ?? { ok: false, actual };
    const recorded = this.#recorded(stream, known.length, events); // all or none: a bad event throws here
    known.push(...recorded);
    this.#all.push(...recorded);
    this.#streams.set(stream, known);
    for (const wake of this.#waiters) wake();
    return { ok: true, revision: known.length - 1, position: this.head(), repeated: false };
  }

  #repeated(
    known: readonly RecordedEvent[],
    expected: Revision,
    events: readonly NewEvent[],
  ): AppendResult | undefined {
    const there = known.slice(expected + 1, expected + 1 + events.length);
    if (there.length !== events.length || there.some((event, i) => event.id !== events[i]!.id)) return undefined;
    const last = there[there.length - 1]!;
    return { ok: true, revision: last.revision, position: last.position, repeated: true };
  }

  #recorded(stream: string, first: Revision, events: readonly NewEvent[]): RecordedEvent[] {
    const before = this.#all[this.#all.length - 1]?.recordedAt ?? (0 as Instant);
    const recordedAt = Math.max(before, this.clock.now()) as Instant;
    return events.map((event, i) => {
      const position = (this.#all.length + i) as Position;
      this.#records.lay(stream, [event]);
      this.#records.number(first + i, START, position, { recordedAt, epoch: this.epoch });
      const bytes = Buffer.allocUnsafeSlow(this.#records.bytes);
      this.#records.copyTo(bytes, 0);
      return getRecord(bytes, 0, position); // from the bytes, as after a restart
    });
  }

  async appendMany(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    return Promise.all(requests.map(async (request) => this.append(request)));
  }

  readStream(stream: string, { from, direction = 'forwards', max }: ReadStream): Soon<readonly RecordedEvent[]> {
    if (this.#closed) return Promise.reject(closedFault());
    const known = this.#streams.get(stream) ?? [];
    if (direction === 'forwards') return known.slice(from ?? 0, (from ?? 0) + max);
    const end = from === undefined ? known.length : Math.min(from + 1, known.length);
    return known.slice(Math.max(0, end - max), end).reverse();
  }

  async revisionOf(stream: string): Promise<Revision> {
    this.#checkOpen();
    return (this.#streams.get(stream)?.length ?? 0) + NO_STREAM;
  }

  async readAll({ after, categories, max }: ReadAll): Promise<Page> {
    this.#checkOpen();
    if (after > this.head())
      throw new Fault('POSITION_UNKNOWN', `position ${after} lies beyond the end of this log`, false);
    const filter = new CategoryFilter(categories);
    const events: RecordedEvent[] = [];
    let next = after;
    for (let i = after + 1; i < this.#all.length && events.length < max; i++) {
      const event = this.#all[i]!;
      next = event.position;
      if (filter.matches(event.stream)) events.push(event);
    }
    return { events, next, atEnd: next >= this.head() };
  }

  async *subscribe(options: {
    after: Position;
    categories?: readonly string[];
    signal: AbortSignal;
  }): AsyncIterable<Page> {
    const { categories, signal } = options;
    let after = options.after;
    while (!signal.aborted) {
      const page = await this.readAll({ after, categories, max: SUBSCRIPTION_PAGE });
      after = page.next;
      if (signal.aborted) return;
      if (page.events.length > 0) yield page;
      if (this.head() <= after) await this.#more(after, signal);
    }
  }

  #more(after: Position, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      if (signal.aborted || this.#closed || this.head() > after) return resolve();
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw closedFault();
  }

  head(): Position {
    return (this.#all.length - 1) as Position;
  }
  async durable(_position: Position): Promise<void> {}
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiters) wake();
  }
}
