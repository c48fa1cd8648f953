import type {
  Metadata, sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream,
} from '@grpc/grpc-js';
import type { AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp, TombstoneReq, TombstoneResp } from '@eventstore/db-client/generated/streams_pb';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb';
import type { EventStore } from '@vouchsafe/event-store';
import type { Ids, Log } from '@vouchsafe/runtime';
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
  readonly log: Log;
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

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#landmarks = new Landmarks(options.store);
  }

  get handlers(): IStreamsServer {
    return {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => void this.#read(call),
      append: (call: ServerReadableStream<AppendReq, AppendResp>, callback: sendUnaryData<AppendResp>) => void this.#append(call, callback),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => void this.#batchAppend(call),
      delete: (call: ServerUnaryCall<DeleteReq, DeleteResp>, callback: sendUnaryData<DeleteResp>) => void this.#refuse(call, callback),
      tombstone: (call: ServerUnaryCall<TombstoneReq, TombstoneResp>, callback: sendUnaryData<TombstoneResp>) => void this.#refuse(call, callback),
    };
  }

  async #read(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
    const sink = new Sink<ReadResp>(call, this.#options.closing);
    await this.#ending(call, async () => {
      await this.#who(call);
      const options = call.request.getOptions();
      if (!options) throw invalid('a read has options');
      if (options.hasSubscription()) await subscribe(this.#options.store, this.#landmarks, options, this.#options.ids.uuid(), sink);
      else await read(this.#options.store, this.#landmarks, options, sink);
    });
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
