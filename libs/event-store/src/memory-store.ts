import { Fault, type Instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { canonicalBytes, leafHash } from './canonical.js';
import {
  type AppendRequest, type AppendResult, categoryOf, type EventStore, type NewEvent, NO_STREAM, type Page, type Position,
  type ReadAll, type ReadStream, type RecordedEvent, type Revision,
} from './port.js';

/** An event store in memory, for tests of what lies above it. Passes the contract suite; nothing in it is durable. */
export const memoryStore = (clock: Clock, epoch = 1): EventStore => new MemoryStore(clock, epoch);

class MemoryStore implements EventStore {
  readonly exclusive = true;
  readonly #all: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor(readonly clock: Clock, readonly epoch: number) {}

  async append({ stream, expected, events }: AppendRequest): Promise<AppendResult> {
    if (this.#closed) throw new Fault('STORE_CLOSED', 'the event store is closed', false);
    const known = this.#streams.get(stream) ?? [];
    const actual = known.length - 1;
    if (actual !== expected) return this.#repeated(known, expected, events) ?? { ok: false, actual };
    for (const event of events) this.#record(stream, known, event);
    this.#streams.set(stream, known);
    for (const wake of this.#waiters) wake();
    return { ok: true, revision: known.length - 1, position: this.head(), repeated: false };
  }

  #repeated(known: readonly RecordedEvent[], expected: Revision, events: readonly NewEvent[]): AppendResult | undefined {
    const there = known.slice(expected + 1, expected + 1 + events.length);
    if (events.length === 0 || there.length !== events.length || there.some((event, i) => event.id !== events[i]!.id)) return undefined;
    const last = there[there.length - 1]!;
    return { ok: true, revision: last.revision, position: last.position, repeated: true };
  }

  #record(stream: string, known: RecordedEvent[], event: NewEvent): void {
    const previous = this.#all[this.#all.length - 1]?.recordedAt ?? (0 as Instant);
    const recordedAt = Math.max(previous, this.clock.now()) as Instant;
    const head = { ...event, stream, revision: known.length, recordedAt, epoch: this.epoch };
    const dataText = JSON.stringify(event.data);
    const canonical = canonicalBytes({ ...head, dataText });
    const recorded = { ...head, data: deepFreeze(JSON.parse(dataText)), position: this.#all.length as Position, canonical, leaf: leafHash(canonical) };
    known.push(Object.freeze(recorded));
    this.#all.push(recorded);
  }

  async appendMany(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    return Promise.all(requests.map((request) => this.append(request)));
  }

  async readStream(stream: string, { from, direction = 'forwards', max }: ReadStream): Promise<readonly RecordedEvent[]> {
    const known = this.#streams.get(stream) ?? [];
    if (direction === 'forwards') return known.slice(from ?? 0, (from ?? 0) + max);
    const end = from === undefined ? known.length : Math.min(from + 1, known.length);
    return known.slice(Math.max(0, end - max), end).reverse();
  }

  async revisionOf(stream: string): Promise<Revision> {
    return (this.#streams.get(stream)?.length ?? 0) + NO_STREAM;
  }

  async readAll({ after, categories, max }: ReadAll): Promise<Page> {
    const events: RecordedEvent[] = [];
    let next = after;
    for (let i = after + 1; i < this.#all.length && events.length < max; i++) {
      const event = this.#all[i]!;
      next = event.position;
      if (!categories || categories.includes(categoryOf(event.stream))) events.push(event);
    }
    return { events, next, atEnd: next >= this.head() };
  }

  async *subscribe(options: { after: Position; categories?: readonly string[]; signal: AbortSignal }): AsyncIterable<Page> {
    const { categories, signal } = options;
    let after = options.after;
    while (!signal.aborted) {
      const page = await this.readAll({ after, categories, max: 512 });
      after = page.next;
      if (page.events.length > 0) yield page;
      if (page.atEnd && this.head() <= after) await this.#more(signal);
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  head(): Position {
    return (this.#all.length - 1) as Position;
  }
  async durable(_position: Position): Promise<void> {}
  async close(): Promise<void> {
    this.#closed = true;
  }
}

/** Freezes parsed JSON all the way down, since every consumer is handed the same object. */
export const deepFreeze = <T>(value: T): T => {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
};
