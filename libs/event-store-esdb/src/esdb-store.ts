import { randomUUID } from 'node:crypto';
import {
  type AppendRequest, type AppendResult, CategoryFilter, type EventStore, NO_STREAM, type Page, type Position, type ReadAll, type ReadStream, type RecordedEvent, type Revision, START,
} from '@vouchsafe/event-store';
import { Fault, type Instant, invariant } from '@vouchsafe/kernel';
import { type Clock, type Log, type Random, systemRandom } from '@vouchsafe/runtime';
import { append, type AppendingOptions } from './appending.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { type ClientEvent, EsdbEvent, positionOf } from './esdb-event.js';
import { closedFault, positionFault, saysNothing } from './failures.js';
import { follow } from './following.js';
import { Heads } from './heads.js';
import { EPOCHS, Names } from './names.js';
import { Turns } from './turns.js';

export type EsdbOptions = {
  /** `esdb://user:password@host:2113?tls=true&tlsCAFile=…`; a secret. */
  readonly connectionString: string;
  /** Of all streams' names on the server, where several stores share one: `sandbox.`; none by default. */
  readonly prefix?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  /** Milliseconds: of one attempt of a call; until an append's outcome is known or given up; until a start is given up. */
  readonly callMs?: number;
  readonly resolveMs?: number;
  readonly connectMs?: number;
  readonly backoffMs?: number;
  readonly backoffMaxMs?: number;
};

const DEFAULTS = { callMs: 5_000, resolveMs: 30_000, connectMs: 30_000, backoffMs: 50, backoffMaxMs: 2_000 } as const;
/** Events of one read of all streams; and so many of other categories at most are passed over before a page is handed out. */
const READ_PAGE = 512;
const PASSED_OVER_MAX = 16_384;
const EPOCH_TRIES = 50;

/**
 * The event store on an EventStoreDB. Claims a boot epoch first, so it needs a server that answers within `connectMs`; rejects
 * with Fault `STORE_UNAVAILABLE` else, and may be called again.
 */
export const openEsdbStore = async (options: EsdbOptions): Promise<EventStore> => {
  const { random = systemRandom(), clock, log } = options;
  const settings = { ...DEFAULTS, ...options, random };
  const connection = new Connection(settings satisfies ConnectionOptions);
  const store = new EsdbStore(connection, new Names(options.prefix ?? ''), clock, log, settings);
  try {
    await store.open(settings.connectMs);
    return store;
  } catch (error) {
    await connection.close();
    throw error;
  }
};

class EsdbStore implements EventStore {
  /** Others write too. */
  readonly exclusive = false;
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #log: Log;
  readonly #callMs: number;
  readonly #turns = new Turns();
  readonly #appending: AppendingOptions;
  readonly #heads: Heads;
  #epoch = 0;
  #head: Position = START;
  #recordedAt = Number.MIN_SAFE_INTEGER;

  constructor(connection: Connection, names: Names, clock: Clock, log: Log, { resolveMs, callMs }: { readonly resolveMs: number; readonly callMs: number }) {
    this.#connection = connection;
    this.#names = names;
    this.#log = log;
    this.#callMs = callMs;
    this.#heads = new Heads({ connection, names, clock, log });
    this.#appending = {
      connection, names, clock, log, resolveMs, epoch: () => this.#epoch, head: () => this.#head, recordedAt: () => Math.max(this.#recordedAt, clock.now()) as Instant,
    };
  }

  get epoch(): number {
    return this.#epoch;
  }

  async open(connectMs: number): Promise<void> {
    const first = await this.#connection.retrying(() => this.#page({ after: START, max: 1 }), connectMs);
    const claim = await this.#connection.retrying(() => this.#claimEpoch(), connectMs);
    this.#epoch = claim.epoch; // what was recorded: another recorder counts by itself
    const empty = first.events.length === 0 && (first.atEnd || claim.revision === 0); // every writer claims first
    this.#head = empty ? START : claim.position;
    this.#heads.begin(this.#head);
  }

  /** Appends to the stream of epochs: a start gets a number that no other has. */
  async #claimEpoch(): Promise<RecordedEvent> {
    const id = randomUUID();
    for (let tries = 0; tries < EPOCH_TRIES; tries++) {
      const expected = await this.revisionOf(EPOCHS);
      const request: AppendRequest = {
        stream: EPOCHS, expected,
        events: [{ id, type: 'vouchsafe.EpochClaimed.v1', data: { epoch: expected + 2 }, occurredAt: this.#appending.recordedAt(), correlation: EPOCHS, causation: id, principal: 'event-store' }],
      };
      const result = await append({ ...this.#appending, epoch: () => expected + 2 }, request);
      if (!result.ok) continue;
      const [claim] = await this.readStream(EPOCHS, { from: result.revision, max: 1 });
      invariant(claim, 'what was appended is there');
      return claim;
    }
    throw new Fault('STORE_UNAVAILABLE', 'too many processes claim an epoch at once', true);
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    this.#connection.checkOpen();
    const result = await this.#turns.take(request.stream, () => append(this.#appending, request));
    if (result.ok) this.#seen(result.position, request.stream);
    return result;
  }

  async appendMany(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    return Promise.all(requests.map((request) => this.append(request)));
  }

  async readStream(stream: string, { from, direction = 'forwards', max }: ReadStream): Promise<readonly RecordedEvent[]> {
    this.#connection.checkOpen();
    if (max <= 0) return [];
    const name = this.#names.onServer(stream);
    const read = (fromRevision: bigint | 'start' | 'end') =>
      this.#connection.retrying(() => this.#connection.readStream(name, { fromRevision, direction, maxCount: max }), this.#callMs);
    const edge = direction === 'forwards' ? 'start' : 'end';
    let events = await read(from === undefined ? edge : BigInt(from));
    // A server may find nothing where it is asked to begin behind the stream's end.
    if (events.length === 0 && direction === 'backwards' && from !== undefined && from >= 0) events = await read('end');
    return events.map((event) => this.#recorded(new EsdbEvent(event, stream)));
  }

  async revisionOf(stream: string): Promise<Revision> {
    const [last] = await this.#connection.retrying(() => this.#connection.readStream(this.#names.onServer(stream), { fromRevision: 'end', direction: 'backwards', maxCount: 1 }), this.#callMs);
    return last ? Number(last.revision) : NO_STREAM;
  }

  async readAll(options: ReadAll): Promise<Page> {
    this.#connection.checkOpen();
    await this.#checkKnown(options.after);
    return this.#connection.retrying(() => this.#page(options), this.#callMs);
  }

  async #page({ after, categories, max }: ReadAll): Promise<Page> {
    const filter = new CategoryFilter(categories);
    const events: RecordedEvent[] = [];
    /** Where to read on, and the last place worth telling: what the server keeps for itself moves nobody's position at the end. */
    let at = after;
    let next = after;
    for (let passed = 0; events.length < max; ) {
      if (passed >= PASSED_OVER_MAX) return { events, next: at, atEnd: false };
      const size = Math.min(READ_PAGE, Math.max(categories ? READ_PAGE : 1, max - events.length));
      // A read begins with the event at its position.
      const read = await this.#connection.readAll(allFrom(at), size + 1);
      const fresh = read.filter((event) => positionOf(event) > at);
      for (const event of fresh) {
        if (events.length >= max) return { events, next, atEnd: false };
        at = positionOf(event);
        passed++;
        const stream = this.#names.ours(event.streamId);
        if (stream === undefined) continue;
        next = at;
        const recorded = this.#recorded(new EsdbEvent(event, stream));
        if (filter.matches(recorded.stream)) events.push(recorded);
      }
      if (read.length <= size) return { events, next, atEnd: true };
    }
    return { events, next, atEnd: false };
  }

  async *subscribe(options: { readonly after: Position; readonly categories?: readonly string[]; readonly signal: AbortSignal }): AsyncIterable<Page> {
    const { signal, categories } = options;
    this.#connection.checkOpen();
    await this.#checkKnown(options.after);
    if (categories?.length === 0) {
      await aborted(AbortSignal.any([signal, this.#connection.closed]));
      if (!signal.aborted) throw closedFault();
      return;
    }
    yield* follow({ ...options, connection: this.#connection, names: this.#names, log: this.#log, onEvent: (event) => this.#recorded(event), head: () => this.#head });
  }

  /** A position behind all that this process knows must be that of an event: others may have written it, or it is of another log. */
  async #checkKnown(after: Position): Promise<void> {
    if (after <= this.#head) return;
    const read = async (): Promise<readonly ClientEvent[]> => {
      try {
        return await this.#connection.readAll(allFrom(after), 1);
      } catch (error) {
        if (saysNothing(error)) return []; // a server's answer to a place where no event is
        throw error;
      }
    };
    const [event] = await this.#connection.retrying(read, this.#callMs);
    if (!event || positionOf(event) !== after) throw positionFault(after);
    this.#seen(after);
  }

  #recorded(event: RecordedEvent): RecordedEvent {
    this.#seen(event.position, event.stream);
    this.#recordedAt = Math.max(this.#recordedAt, event.recordedAt);
    return event;
  }
  #seen(position: Position, stream?: string): void {
    if (position > this.#head) this.#head = position;
    if (stream !== undefined) this.#heads.seen(stream, position);
  }

  /** The last event this process knows of: others' may lie behind it. */
  head(categories?: readonly string[]): Position {
    return categories ? this.#heads.of(categories) : this.#head;
  }
  /** The server answers an append when it is durable. */
  async durable(_position: Position): Promise<void> {
    this.#connection.checkOpen();
  }
  async close(): Promise<void> {
    await this.#connection.close();
    await this.#heads.idle();
  }
}

const allFrom = (after: Position) => (after === START ? ('start' as const) : { commit: BigInt(after), prepare: BigInt(after) });

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
