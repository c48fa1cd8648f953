import type {
  Metadata, sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream,
} from '@grpc/grpc-js';
import type { AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp, TombstoneReq, TombstoneResp } from '@eventstore/db-client/generated/streams_pb';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb';
import type { EventStore } from '@vouchsafe/event-store';
import type { Clock, Ids, Log } from '@vouchsafe/runtime';
import { appendCall } from './append-call.js';
import type { Appender } from './appender.js';
import { batchCall } from './batch-call.js';
import { accessDenied, closing, type DoorError, invalid, toDoorError } from './errors.js';
import { Landmarks } from './landmarks.js';
import { read } from './reading.js';
import { Sink } from './sink.js';
import { subscribe } from './subscribing.js';
import type { Visitor } from './who.js';

export type StreamsOptions = {
  readonly store: EventStore;
  readonly appender: Appender;
  readonly ids: Pick<Ids, 'uuid'>;
  readonly clock: Clock;
  readonly log: Log;
  /** So often whoever subscribes is asked for again: credentials that were revoked end what they began. Milliseconds. */
  readonly recheckMs: number;
  /** Who calls; rejects where nobody is let in. */
  readonly visitor: (metadata: Metadata, peer: string) => Promise<Visitor>;
  /** Aborts when the door closes. */
  readonly closing: AbortSignal;
};
type Call = { readonly metadata: Metadata; getPeer(): string };
type Ending = { readonly cancelled: boolean; end(): unknown; emit(event: 'error', error: DoorError): boolean };

/** The service of streams. Every answer waits until what it tells is durable. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #landmarks: Landmarks;
  readonly #running = new Set<Promise<void>>();

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#landmarks = new Landmarks(options.store);
  }

  get handlers(): IStreamsServer {
    return {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => this.#run(this.#read(call)),
      append: (call: ServerReadableStream<AppendReq, AppendResp>, callback: sendUnaryData<AppendResp>) => this.#run(this.#append(call, callback)),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => this.#run(this.#batchAppend(call)),
      delete: (call: ServerUnaryCall<DeleteReq, DeleteResp>, callback: sendUnaryData<DeleteResp>) => this.#run(this.#refuse(call, callback)),
      tombstone: (call: ServerUnaryCall<TombstoneReq, TombstoneResp>, callback: sendUnaryData<TombstoneResp>) => this.#run(this.#refuse(call, callback)),
    };
  }

  /** Settles when no call is being answered. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Every handler answers its own errors, so none of them rejects. */
  #run(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  async #read(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
    const { store, ids, closing } = this.#options;
    await this.#ending(call, async () => {
      await this.#who(call);
      const options = call.request.getOptions();
      if (!options) throw invalid('a read has options');
      if (!options.hasSubscription()) return read(store, this.#landmarks, options, new Sink(call, closing));
      const over = new AbortController();
      const sink = new Sink<ReadResp>(call, AbortSignal.any([closing, over.signal]));
      const watched = this.#watch(call, sink.signal).finally(() => over.abort());
      await subscribe(store, this.#landmarks, options, ids.uuid(), sink).finally(() => over.abort());
      await watched;
    });
  }

  /** Settles when `signal` aborts; rejects as soon as whoever calls is let in no longer. */
  async #watch(call: Call, signal: AbortSignal): Promise<void> {
    const { clock, recheckMs } = this.#options;
    for (;;) {
      await clock.sleep(recheckMs, signal);
      if (signal.aborted) return;
      await this.#who(call);
    }
  }

  async #append(call: ServerReadableStream<AppendReq, AppendResp>, callback: sendUnaryData<AppendResp>): Promise<void> {
    try {
      const visitor = await this.#who(call);
      this.#options.appender.check(visitor);
      callback(null, await appendCall(call, this.#options.appender, visitor));
    } catch (error) {
      callback(this.#error(error));
    }
  }

  async #batchAppend(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): Promise<void> {
    const sink = new Sink<BatchAppendResp>(call, this.#options.closing);
    await this.#ending(call, async () => {
      const visitor = await this.#who(call);
      this.#options.appender.check(visitor);
      await batchCall(call, this.#options.appender, visitor, sink, (error) => this.#error(error));
    });
  }

  async #refuse<T>(call: Call, callback: sendUnaryData<T>): Promise<void> {
    try {
      await this.#who(call);
      throw accessDenied('nothing is deleted here: history is kept whole', true);
    } catch (error) {
      callback(this.#error(error));
    }
  }

  #who(call: Call): Promise<Visitor> {
    return this.#options.visitor(call.metadata, call.getPeer());
  }

  async #ending(call: Ending, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#options.closing.aborted) throw closing();
      if (!call.cancelled) call.end();
    } catch (error) {
      if (!call.cancelled) call.emit('error', this.#error(error));
    }
  }

  #error(error: unknown): DoorError {
    const { appender, log } = this.#options;
    return toDoorError(error, appender.maxBytes, (unexpected) => log.error({ error: unexpected instanceof Error ? unexpected.message : String(unexpected) }, 'the door failed'));
  }
}
