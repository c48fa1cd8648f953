import type { Json } from '@vouchsafe/codec';
import type { Soon } from '@vouchsafe/event-store';
import type { Details, Instant } from '@vouchsafe/kernel';
import type { Namespace } from '@vouchsafe/runtime';

/** A command between services. The same id with the same body is the same command, however often it comes. */
export type CommandMessage = {
  readonly id: string;
  /** Context that owns the stream, e.g. `inventory`. */
  readonly target: string;
  /** Stream (or entity) it is about; commands of one key are handled in order of arrival. */
  readonly key: string;
  readonly namespace: Namespace;
  readonly body: Json;
  /** The command as its sender made it, for receivers in the same process; `body` says the same as JSON. */
  readonly direct?: DirectCommand;
  /** First principal of the matter, carried as data. */
  readonly principal: string;
  readonly correlation: string;
  readonly trace?: string;
  readonly sentAt: Instant;
};

/** What every command carries besides its body. */
export type CommandEnvelope = {
  readonly commandId: string; readonly correlation: string; readonly principal: string; readonly trace?: string; readonly at: Instant;
};
/** A value that needs no wire, and the contract it is of. Frozen by convention: what is sent is not touched again. */
export type Direct = { readonly contract: { readonly name: string }; readonly value: unknown };
/** A command that needs no wire, with its sender's own envelope. */
export type DirectCommand = Direct & { readonly envelope: CommandEnvelope };

/** The answer to a command, keyed by the asker. A message, not a fact: lost, the asker sends the same command id again. */
export type Outcome =
  | { readonly commandId: string; readonly ok: true; readonly result: Json; readonly direct?: Direct }
  | { readonly commandId: string; readonly ok: false; readonly code: string; readonly details: Details };

/** An integration event on its way. (stream, pub) deduplicates and finds gaps. */
export type EventMessage = {
  readonly id: string;
  readonly context: string;
  readonly type: string;
  readonly stream: string;
  readonly pub: number;
  readonly data: Json;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly correlation: string;
  readonly causation: string;
  readonly principal: string;
  readonly trace?: string;
};

/** An outcome that is there at once needs no promise. */
export type CommandHandler = (message: CommandMessage) => Soon<Outcome>;
/** Effect first; a rejection is retried a bounded number of times, then the message is parked and its target halted. */
export type EventHandler = (event: EventMessage) => Promise<void>;

/** A message that could not be handled, kept beside its error until a person retries or drops it. */
export type ParkedMessage = {
  readonly id: string;
  /** The consumer group, or `commands`. */
  readonly group: string;
  /** What is halted until this is dealt with: for events the stream, for a command the command itself (others of its key are independent). */
  readonly target: string;
  readonly message: Json;
  readonly error: string;
  readonly attempts: number;
  readonly parkedAt: Instant;
  /** Not tried yet: it only waits behind the message that halts its target. */
  readonly behind?: true;
  /** Tried again by itself at this time, for the fault may pass. Absent: until a person says so. */
  readonly retryAt?: Instant;
};

/** What became of a retry: how many messages of the target were handled, and why it stands still, if it still does. */
export type Retried = { readonly handled: number; readonly error?: string };

/** Parked messages, for a person. */
export interface Parking {
  /** The oldest first. */
  list(options: { readonly group?: string; readonly limit: number }): Promise<readonly ParkedMessage[]>;
  /** How many messages are parked, and how many targets stand still for them. */
  count(): Promise<{ readonly messages: number; readonly halted: number }>;
  /** Handles the message's target again from its first parked message on. Fault `NOT_PARKED` for an unknown id. */
  retry(id: string): Promise<Retried>;
  /** Gives the message up: it counts as handled without effect, and its target goes on. Fault `NOT_PARKED`. */
  drop(id: string): Promise<Retried>;
}

/** Commands in hand and waiting for their turn, per target. */
export type CommandLoad = Readonly<Record<string, { readonly running: number; readonly waiting: number }>>;

/** How commands of a target are handed over. */
export type Serving = {
  /**
   * Those of one key are begun in their order, but do not wait for each other's outcome: for a handler that takes what concerns one
   * stream in turn itself. Where a decision waits for a store elsewhere, many share one append only so. A bus may ignore it.
   */
  readonly overlapping?: boolean;
};

/** Transport only: at least once, in order per key, no more. */
export interface Bus {
  /** Registers the one handler of commands for `target`. */
  serve(target: string, handler: CommandHandler, how?: Serving): void;
  /**
   * Sends and awaits the outcome, which is there at once where its receiver is and has it at once. Fault `SILENT` (retryable) after `deadlineMs`: the caller asks again under the same id.
   * Rejects with Faults only: also `BUSY`, `HANDLER_FAILED` and, where that happened too often, `COMMAND_PARKED`.
   */
  ask(message: CommandMessage, deadlineMs: number): Soon<Outcome>;
  /**
   * Hands integration events to every group; settles when each group has handled or parked them. A bus that keeps them for
   * every group (a broker's log) settles when they are safely kept: a slow group then holds nobody back.
   */
  publish(events: readonly EventMessage[]): Promise<void>;
  /**
   * Registers a consumer group for the events of some contexts. Must be called before {@link Bus.start}. `skip` is told of
   * an event that a person dropped: it counts as handled.
   */
  subscribe(group: string, contexts: readonly string[], handler: EventHandler, skip?: EventHandler): void;
  /** Serves a context's own published events again, for consumers that found a gap. */
  servePublished(context: string, read: (stream: string, fromPub: number, max: number) => Promise<readonly EventMessage[]>): void;
  /** Published events of `stream` from number `fromPub` on, from their owner. */
  readPublished(context: string, stream: string, fromPub: number, max: number): Promise<readonly EventMessage[]>;
  /** Begins to deliver events. Called once every consumer has subscribed; what is published before waits. */
  start(): Promise<void>;
  readonly parking: Parking;
  /** How deep the queues of commands are that are handled here; for figures. */
  load?(): CommandLoad;
  /** Stops intake, lets what runs finish. */
  stop(): Promise<void>;
}
