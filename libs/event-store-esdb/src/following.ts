import { type AllStreamSubscription, type Filter, streamNameFilter } from '@eventstore/db-client';
import { CategoryFilter, type Page, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import type { Log } from '@vouchsafe/runtime';
import type { Connection } from './connection.js';
import { type ClientEvent, EsdbEvent, positionOf } from './esdb-event.js';
import { closedFault, failureOf, unavailableFault } from './failures.js';
import type { Names } from './names.js';

export type FollowOptions = {
  readonly connection: Connection;
  readonly names: Names;
  readonly log: Log;
  readonly after: Position;
  readonly categories?: readonly string[];
  readonly signal: AbortSignal;
  /** Told of every event, before it is handed on. */
  readonly onEvent: (event: RecordedEvent) => void;
  readonly head: () => Position;
};

/** Events that may wait here for whoever follows. */
const BUFFER = 512;
/** Events the server passes over between two checkpoints, which nobody here uses. */
const WINDOW = 4_096;

/**
 * Follows all streams from a position of ours on, for ever: after a break again from the last event that came. The server's
 * checkpoints are not used: one can lie ahead of an event that is still to come (KurrentDB 4970).
 */
export async function* follow(options: FollowOptions): AsyncIterable<Page> {
  const { connection, log, signal } = options;
  const filter = new CategoryFilter(options.categories);
  const place = { after: options.after };
  let failures = 0;
  while (!signal.aborted) {
    try {
      connection.checkOpen();
      for await (const events of subscription(options, place.after)) {
        failures = 0;
        const page = pageOf(options, filter, events, place);
        if (page.events.length > 0) yield page;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      connection.checkOpen();
      const failure = failureOf(error);
      if (failure.kind === 'final') throw failure.fault;
      log.warn({ after: place.after, failures, error: error instanceof Error ? error.message : String(error) }, 'a subscription broke; it is begun again');
      await connection.backoff(++failures);
    }
  }
}

const pageOf = ({ onEvent, head, names }: FollowOptions, filter: CategoryFilter, events: readonly ClientEvent[], place: { after: Position }): Page => {
  const wanted: RecordedEvent[] = [];
  for (const event of events) {
    const position = positionOf(event);
    if (position <= place.after) continue; // handed on before the break
    place.after = position;
    const stream = names.ours(event.streamId);
    if (stream === undefined) continue;
    const recorded = new EsdbEvent(event, stream);
    onEvent(recorded);
    if (filter.matches(recorded.stream)) wanted.push(recorded);
  }
  return { events: wanted, next: place.after, atEnd: place.after >= head() };
};

/** One subscription: what has come, batch by batch, until it is aborted; throws when it breaks. */
async function* subscription({ connection, names, categories, signal }: FollowOptions, after: Position): AsyncIterable<readonly ClientEvent[]> {
  const stop = AbortSignal.any([signal, connection.closed]);
  const fromPosition = after === START ? ('start' as const) : { commit: BigInt(after), prepare: BigInt(after) };
  const source = connection.client.subscribeToAll({ fromPosition, ...filterOn(names, categories), requiresLeader: false }, { highWaterMark: BUFFER });
  const state: { error?: Error; ended: boolean; wake: () => void } = { ended: false, wake: () => undefined };
  const ended = (error?: Error): void => {
    if (error !== undefined) state.error ??= error;
    state.ended = true;
    state.wake();
  };
  source.on('readable', () => state.wake());
  source.on('error', ended);
  source.on('end', () => ended());
  stop.addEventListener('abort', () => ended(), { once: true });
  try {
    for (;;) {
      const batch = drain(source);
      if (batch.length > 0) yield batch;
      else if (connection.closed.aborted && !signal.aborted) throw closedFault();
      else if (state.error !== undefined) throw state.error;
      else if (stop.aborted) return;
      else if (state.ended) throw unavailableFault(undefined); // for ever means for ever
      else await new Promise<void>((wake) => (state.wake = wake));
    }
  } finally {
    await source.unsubscribe().catch(() => undefined); // it may never have begun
  }
}

/** A prefix lets `orders-1` through where `order` is asked for: the exact look is ours. */
const filterOn = (names: Names, categories: readonly string[] | undefined): { readonly filter?: Filter } => {
  const prefixes = categories?.map((category) => names.onServer(category)) ?? (names.prefix === '' ? [] : [names.prefix]);
  return prefixes.length === 0 ? {} : { filter: streamNameFilter({ prefixes, maxSearchWindow: WINDOW, checkpointInterval: 1 }) };
};

const drain = (source: AllStreamSubscription): readonly ClientEvent[] => {
  const batch: ClientEvent[] = [];
  while (batch.length < BUFFER) {
    const resolved = source.read() as { readonly event?: ClientEvent } | null;
    if (resolved === null) break;
    if (resolved.event) batch.push(resolved.event);
  }
  return batch;
};
