import type { Position } from '@vouchsafe/event-store';
import type { Clock } from '@vouchsafe/runtime';
import type { FollowedLog } from './followed-log.js';

/**
 * How far behind the log: `events` of ours that wait, estimated from how densely they lay so far (positions are no counts);
 * 0 only where nothing can wait. `behind`: the position reached; `ageMs`: how old the event there is.
 */
export type Lag = { readonly events: number; readonly behind: Position; readonly ageMs: number };

/** A document that stands still since its projection failed on an event; others go on. A rebuild with better code ends it. */
export type Halted = {
  readonly collection: string;
  /** The document; absent where the event could not even be read, so that nobody knows which documents it is about. */
  readonly document?: string;
  readonly stream: string;
  readonly revision: number;
  readonly error: string;
};

/** Outcome of a rebuild: whether the live documents were equal to those built afresh, how many there are, where they differ (the first 100). */
export type Rebuilt = { readonly equal: boolean; readonly documents: number; readonly differences: readonly string[] };

/** Keeps collections up to date with the log. */
export interface ProjectionRunner {
  /** Up to here nothing of the runner's is unapplied. */
  readonly seen: Position;
  /** Settles once everything durable at the time of the call is applied. Rejects when applying fails meanwhile. */
  caughtUp(): Promise<void>;
  /** True once `position` is applied (read your own write); false after `timeoutMs`. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  /** `events`: about so many are not applied yet; `behind`: the position reached; `ageMs`: how old the event there is. */
  lag(): Lag;
  /** Counts since the start: events applied, events of unknown type skipped; `failing`: why it does not get on. */
  stats(): { readonly applied: number; readonly unknown: number; readonly failing: unknown };
  /** Documents whose projection failed on an event; they stand still until they are rebuilt. The next `caughtUp` rejects once for it. */
  halted(): readonly Halted[];
  /** Restarts a subscription that delivers nothing although there is something; called by a watchdog. */
  check(): void;
  /** Builds the collection afresh beside the live one, compares the two at the same position and switches, atomically. */
  rebuild(collection: string): Promise<Rebuilt>;
  stop(): Promise<void>;
}

/** Runs projections somewhere else than in the caller's thread; it has their definitions itself, by the runner's name. */
export interface RunnersElsewhere {
  canRun(where: FollowedBy): boolean;
  startRunner(name: string, where: FollowedBy): Promise<ProjectionRunner>;
}
/** The log a runner follows, on whose clock. */
export type FollowedBy = { readonly store: FollowedLog; readonly clock: Clock };
