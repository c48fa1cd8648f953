import type { Json } from '@vouchsafe/codec';
import type { Brand, Instant } from '@vouchsafe/kernel';

/** Number of an event within its stream, from 0. */
export type Revision = number;
/** Expected revision of a stream that must not exist yet. */
export const NO_STREAM: Revision = -1;

/** A place in one store's log; grows, comparable within that store only. Never stored by a domain. */
export type Position = Brand<number, 'Position'>;
/** Before the first event. */
export const START = -1 as Position;

/** What every event says about itself besides its data (ARCHITECTURE §4.2). Frozen: only optional fields may be added. */
export type EventMetadata = {
  /** When the fact happened, in its own terms; may be earlier than recorded. */
  readonly occurredAt: Instant;
  /** What all events of one matter share: usually the order's id. */
  readonly correlation: string;
  /** Id of the command that caused it. */
  readonly causation: string;
  /** Id of the principal that acts. */
  readonly principal: string;
  /** W3C traceparent, where a trace was recorded. */
  readonly trace?: string;
  /** Dense number among the stream's integration events, from 1; absent on private events. */
  readonly pub?: number;
};

/** An event to be appended. `id` is a UUID made by `eventIdOf(commandId, index)`. */
export type NewEvent = EventMetadata & { readonly id: string; readonly type: string; readonly data: Json };

/** An event as recorded. Frozen; `data` is parsed from the stored bytes once. */
export type RecordedEvent = EventMetadata & {
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly stream: string;
  readonly revision: Revision;
  readonly position: Position;
  /** Never decreasing within a log. */
  readonly recordedAt: Instant;
  /** Boot epoch of the process that recorded it. */
  readonly epoch: number;
  /** SHA-256 over 0x00 and {@link RecordedEvent.canonical}: the leaf of the Merkle log. */
  readonly leaf: Uint8Array;
  /** Canonical bytes of (id, stream, revision, type, metadata, data), without the position; equal in every store. */
  readonly canonical: Uint8Array;
};

export type AppendRequest = {
  readonly stream: string;
  readonly expected: Revision;
  readonly events: readonly NewEvent[];
};
export type AppendResult =
  /** `revision`, `position`: of the last event. `repeated`: the same append had succeeded before. */
  | { readonly ok: true; readonly revision: Revision; readonly position: Position; readonly repeated: boolean }
  /** Nothing was written. `actual`: the stream's revision ({@link NO_STREAM} if there is none). */
  | { readonly ok: false; readonly actual: Revision };

export type ReadStream = {
  readonly from?: Revision;
  readonly direction?: 'forwards' | 'backwards';
  readonly max: number;
};
export type ReadAll = {
  readonly after: Position;
  /** Only streams of these categories (the part before the first dash); all if absent. */
  readonly categories?: readonly string[];
  readonly max: number;
};
/** `next`: read on after it; it covers events of other categories that were passed over. `atEnd`: no more now. */
export type Page = { readonly events: readonly RecordedEvent[]; readonly next: Position; readonly atEnd: boolean };

/** Durable events as their records lie in the log, one behind the other: plain data, which another thread can read by itself. */
export type RecordPage = {
  readonly records: Uint8Array<ArrayBuffer>;
  /** Of each event, in order. */
  readonly positions: Float64Array<ArrayBuffer>;
};

/** Where an adapter can: hands the log's records on without parsing them. */
export interface RecordFeed {
  /** The durable events after `after`, about `maxBytes` of them at most; waits until there is one, or `signal` aborts (then none). */
  read(after: Position, maxBytes: number, signal: AbortSignal): Promise<RecordPage>;
}

/** What is there at once where nothing had to be waited for, else later. Failures always come as a rejection. */
export type Soon<T> = T | Promise<T>;

/**
 * The truth. Promises only what EventStoreDB can also keep: exact expected revision, per-stream order, a total order of
 * all, a repeated append recognised at its original expected revision. Faults: `STORE_READ_ONLY` (disk full; reads go
 * on), `STORE_UNAVAILABLE` (retryable), `STORE_CLOSED`, `APPEND_TOO_LARGE`, `POSITION_UNKNOWN` (a checkpoint of another or
 * a longer log), `LOG_DAMAGED`. What the bytes of an event could not give back unchanged is refused as a Bug.
 */
export interface EventStore {
  /** True where one process alone writes, so that a cache is always current. */
  readonly exclusive: boolean;
  /** This process's boot epoch; grows with every start. */
  readonly epoch: number;
  /**
   * Appends if the stream's revision is exactly `expected`. Settles when the events are ordered and visible to reads in
   * this process; nothing may leave the process before {@link EventStore.durable} has settled for them.
   */
  append(request: AppendRequest): Soon<AppendResult>;
  /** Appends each by itself; a result per request, no all-or-nothing. */
  appendMany(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]>;
  /** Reads at most `max` events of a stream; empty if there is none. Backwards starts at the end unless `from`. */
  readStream(stream: string, options: ReadStream): Soon<readonly RecordedEvent[]>;
  /** Revision of the stream's last event, {@link NO_STREAM} if there is none. */
  revisionOf(stream: string): Promise<Revision>;
  /** Reads durable events of all streams in order. */
  readAll(options: ReadAll): Promise<Page>;
  /**
   * Follows durable events in batches, from a position on, for ever; ends when `signal` aborts. Ends nothing on lag. A batch
   * without events may come, too: nothing of interest lies up to its `next`, so that a checkpoint need not stay behind for ever.
   */
  subscribe(options: {
    readonly after: Position;
    readonly categories?: readonly string[];
    readonly signal: AbortSignal;
  }): AsyncIterable<Page>;
  /** The durable records for another thread, where the adapter has them. */
  readonly feed?: RecordFeed;
  /**
   * Position of the last accepted event (possibly not durable yet), {@link START} if none. With `categories`: of the last that may be of
   * these, as far as the adapter can tell them apart; so a follower is not behind for what others write.
   */
  head(categories?: readonly string[]): Position;
  /** Settles once all up to `position` is durable. */
  durable(position: Position): Promise<void>;
  close(): Promise<void>;
}

/** `pool` of `pool-prd_x_0`. */
export const categoryOf = (stream: string): string => {
  const dash = stream.indexOf('-');
  return dash < 0 ? stream : stream.slice(0, dash);
};
