import type { Position, RecordedEvent } from '@vouchsafe/event-store';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { FollowedLog } from './followed-log.js';
import type { Checkpoint, ReadStore } from './port.js';
import type { Lag } from './runner-port.js';

export type FollowerOptions = {
  /** Name of the checkpoint. */
  readonly name: string;
  readonly store: FollowedLog;
  readonly readStore: ReadStore;
  readonly categories: readonly string[];
  readonly log: Log;
  readonly clock: Clock;
  /** Effects of a batch of events, in order. Called again with the same events after a failure or a crash. */
  readonly handle: (events: readonly RecordedEvent[]) => Promise<void>;
  /** Where `handle` only takes up what shall be: how it comes to be. */
  readonly gathered?: Gathered;
  /** Before the first event, e.g. to fill what is new. A rejection is retried like a batch. */
  readonly prepare?: (checkpoint: Position) => Promise<void>;
  /** After a checkpoint was saved. */
  readonly afterCheckpoint?: () => Promise<void>;
  /** How long it waits for more before it handles few events (where it gathers: makes last what it has taken up), while nobody waits for them. */
  readonly gatherMs?: number;
};

/** Effects that are taken up in memory first. */
export type Gathered = {
  /** Makes them last together with the checkpoint, or nothing of either. */
  readonly settle: (checkpoint: Checkpoint) => Promise<void>;
  /** Forgets them; their events come again. */
  readonly discard: () => void;
};

/** Follows durable events from a checkpoint. */
export interface Follower {
  /** Settles once everything durable at the time of the call is handled. Rejects when handling fails meanwhile. */
  caughtUp(): Promise<void>;
  /** True once `position` is handled; false after `timeoutMs`. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  lag(): Lag;
  /** Position of the last handled event. */
  readonly applied: Position;
  /** Up to here nothing of the follower's is unhandled. */
  readonly seen: Position;
  /** Why it does not get on, if it does not. */
  readonly failing: unknown;
  /** To be called now and then: where events wait but the subscription delivers none, it is begun anew; work that does not end is told of. */
  check(): void;
  /** Runs `work` while no batch is being handled, and none is only taken up. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}
