import { EventStoreDBClient, type JSONEventData, type ReadStreamOptions, type ResolvedEvent, StreamNotFoundError, type StreamingRead } from '@eventstore/db-client';
import { invariant } from '@vouchsafe/kernel';
import { type Clock, nextTurn, type Random } from '@vouchsafe/runtime';
import { type ClientEvent } from './esdb-event.js';
import { closedFault, failureOf, unavailableFault } from './failures.js';

export type ConnectionOptions = {
  /** `esdb://user:password@host:2113?tls=true&tlsCAFile=…`, as for every EventStoreDB client. */
  readonly connectionString: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Of one attempt of one call, milliseconds. */
  readonly callMs: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
};
export type AllFrom = 'start' | { readonly commit: bigint; readonly prepare: bigint };
type Reading = StreamingRead<ResolvedEvent>;

/** Timeouts in a row after which the channel is given up: one can stick in CONNECTING for ever (grpc-node 2785). */
const STUCK_AFTER = 3;

/** One client of the official library, its calls bounded in time, renewed where it sticks. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closed = new AbortController();
  /** One per call under way, each with its own timer. */
  readonly #waiting = new Set<AbortController>();
  #client: EventStoreDBClient;
  #timeouts = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = clientOf(options.connectionString);
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }
  get client(): EventStoreDBClient {
    this.checkOpen();
    return this.#client;
  }
  checkOpen(): void {
    if (this.#closed.signal.aborted) throw closedFault();
  }

  /** One attempt; rejects with what the library says. */
  async append(stream: string, expectedRevision: bigint | 'no_stream', events: readonly JSONEventData[]): Promise<void> {
    const { callMs } = this.#options;
    const done = this.client.appendToStream(stream, [...events], { expectedRevision, requiresLeader: true, deadline: callMs });
    await this.#within(done.then(() => undefined), () => undefined);
  }

  /** Events of a stream, as the leader knows it; empty where there is none. One attempt. */
  async readStream(stream: string, options: Pick<ReadStreamOptions, 'fromRevision' | 'direction' | 'maxCount'>): Promise<readonly ClientEvent[]> {
    try {
      return await this.#collect(this.client.readStream(stream, { ...options, requiresLeader: true }));
    } catch (error) {
      if (error instanceof StreamNotFoundError) return [];
      throw error;
    }
  }

  /** Events of all streams from a position on, it included. One attempt. */
  readAll(fromPosition: AllFrom, maxCount: number): Promise<readonly ClientEvent[]> {
    return this.#collect(this.client.readAll({ fromPosition, maxCount, direction: 'forwards', requiresLeader: true }));
  }

  /** The last events of all streams, newest first. One attempt. */
  readEnd(maxCount: number): Promise<readonly ClientEvent[]> {
    return this.#collect(this.client.readAll({ fromPosition: 'end', maxCount, direction: 'backwards', requiresLeader: false }));
  }

  /** Repeats a read until it succeeds, cannot, or `withinMs` are over. */
  async retrying<T>(work: () => Promise<T>, withinMs: number): Promise<T> {
    const { clock } = this.#options;
    const until = clock.monotonicMs() + withinMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        this.checkOpen();
        const failure = failureOf(error);
        if (failure.kind === 'final') throw failure.fault;
        if (clock.monotonicMs() >= until) throw unavailableFault(error);
        await this.backoff(attempt);
      }
    }
  }

  /** Waits before the next attempt: longer each time, never in step with others. */
  async backoff(attempt: number): Promise<void> {
    const { clock, random, backoffMs, backoffMaxMs } = this.#options;
    const most = Math.min(backoffMaxMs, backoffMs * 2 ** (attempt - 1));
    await clock.sleep(most / 2 + (random.fraction() * most) / 2, this.#closed.signal);
    this.checkOpen();
  }

  async close(): Promise<void> {
    this.#closed.abort(closedFault());
    for (const call of this.#waiting) call.abort(closedFault());
    await closeClient(this.#client);
  }

  async #collect(reading: Reading): Promise<readonly ClientEvent[]> {
    const client = this.#client;
    const events: ClientEvent[] = [];
    const all = new Promise<void>((resolve, reject) => {
      reading.on('data', ({ event }: ResolvedEvent) => event && events.push(event));
      reading.on('error', reject);
      // A read that was cancelled, because its client was given up meanwhile, ends as if it were whole.
      reading.on('end', () => (client === this.#client && !this.closed.aborted ? resolve() : reject(unavailableFault(undefined))));
    });
    // The library sets no deadline for reads, and a read that is left is not ended by itself.
    await this.#within(all, () => void reading.cancel().catch(() => undefined));
    return events;
  }

  async #within<T>(work: Promise<T>, giveUp: () => void): Promise<T> {
    const { clock, callMs } = this.#options;
    const over = new AbortController();
    this.#waiting.add(over);
    const late = clock.sleep(callMs + GRACE_MS, over.signal).then(() => {
      if (over.signal.reason === DONE) return undefined;
      this.checkOpen();
      giveUp();
      throw unavailableFault(undefined);
    });
    late.catch(() => undefined); // told by the race below
    const client = this.#client;
    try {
      const result = await Promise.race([work, late.then(() => work)]);
      this.#timeouts = 0;
      return result;
    } catch (error) {
      work.catch(() => undefined); // comes too late to be told
      if (error instanceof StreamNotFoundError) this.#timeouts = 0; // an answer like any other
      else if (failureOf(error).kind === 'unknown') await this.#noteUnknown(client);
      throw error;
    } finally {
      this.#waiting.delete(over);
      over.abort(DONE);
    }
  }

  /** The library makes a new channel only when it was told that the old one is unavailable. */
  async #noteUnknown(client: EventStoreDBClient): Promise<void> {
    if (client !== this.#client || ++this.#timeouts < STUCK_AFTER || this.#closed.signal.aborted) return;
    this.#timeouts = 0;
    this.#client = clientOf(this.#options.connectionString);
    await closeClient(client);
  }
}

/** The call's own deadline ends it first where the peer is alive. */
const GRACE_MS = 250;
const DONE = Symbol('done');

const clientOf = (connectionString: string): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(connectionString);
  // Batch append is not used: it shares one table of waiting appends among all clients of a process, fails them all when one
  // stream breaks, throws out of an event handler when an answer comes after that, and has no deadline of its own.
  invariant('supports' in client, 'the client asks what its server supports');
  Object.defineProperty(client, 'supports', { value: () => Promise.resolve(false) });
  return client;
};

/** `dispose` ends streams and leaves the channel open. */
const closeClient = async (client: EventStoreDBClient): Promise<void> => {
  await client.dispose();
  const getChannel: unknown = Reflect.get(client, 'getChannel');
  invariant(typeof getChannel === 'function', 'the client has a channel');
  const closed = (getChannel as () => Promise<unknown>)().then(closeChannel, () => undefined); // there may be none
  await Promise.race([closed, nextTurn()]); // one that has first to be found by discovery is closed when it is
};
const closeChannel = (channel: unknown): void => {
  if (channel && typeof channel === 'object' && 'close' in channel && typeof channel.close === 'function') channel.close();
};
