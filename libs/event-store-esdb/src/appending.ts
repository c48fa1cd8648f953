import { jsonEvent, type JSONEventData } from '@eventstore/db-client';
import { type AppendRequest, type AppendResult, canonicalBytes, leafHash, type NewEvent, NO_STREAM, type Position, type RecordedEvent, type Revision } from '@vouchsafe/event-store';
import { type Instant, invariant } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { Connection } from './connection.js';
import { EsdbEvent } from './esdb-event.js';
import { type Failure, failureOf, unavailableFault } from './failures.js';
import type { Names } from './names.js';
import { userMetadataOf } from './user-metadata.js';

export type AppendingOptions = {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly log: Log;
  /** How long an outcome may stay unknown before the caller is told that it is, milliseconds. */
  readonly resolveMs: number;
  readonly epoch: () => number;
  readonly head: () => Position;
  /** Not before what was recorded already. */
  readonly recordedAt: () => Instant;
};
type Server = Pick<AppendingOptions, 'connection' | 'names'>;
/** How the stream stands to an append: ours is there, another is, or neither. */
type Found =
  | { readonly is: 'ours'; readonly events: readonly RecordedEvent[] }
  | { readonly is: 'others'; readonly actual: Revision }
  | { readonly is: 'absent' };

/**
 * One append, until it is known what became of it. The server's yes is not taken at its word: another replica may have written
 * the same ids with other content (the server then says yes as well), and where the last event lies is told by itself alone. So
 * every append is read back, from the leader.
 */
export const append = async (options: AppendingOptions, request: AppendRequest): Promise<AppendResult> => {
  const { clock, log, resolveMs, connection } = options;
  const events = prepared(options, request);
  const before = options.head();
  const until = clock.monotonicMs() + resolveMs;
  let doubted = false;
  for (let attempt = 1; ; attempt++) {
    const found = await attemptOnce(options, request, events, doubted);
    if (found.is === 'ours' || found.is === 'others') return resultOf(request, found, before);
    const error = found.is === 'unknown' ? found.error : undefined;
    if (clock.monotonicMs() >= until) throw unavailableFault(error);
    if (found.is === 'unknown') log.warn({ stream: request.stream, attempt, error: messageOf(error) }, 'the outcome of an append is not known; it is looked up');
    doubted = found.is === 'unknown';
    await connection.backoff(attempt);
  }
};

/** Sends, unless an earlier attempt is in doubt, and looks. Throws what is final. */
const attemptOnce = async (
  server: Server, request: AppendRequest, events: readonly JSONEventData[], doubted: boolean,
): Promise<Found | { readonly is: 'unknown'; readonly error: unknown }> => {
  try {
    const refused = doubted ? undefined : await send(server, request, events);
    return answered(refused, request) ?? (await look(server, request));
  } catch (error) {
    server.connection.checkOpen();
    const failure = failureOf(error);
    if (failure.kind === 'final') throw failure.fault;
    return { is: 'unknown', error };
  }
};

/** undefined: the server said yes. Throws where the outcome is unknown or final. */
const send = async ({ connection, names }: Server, { stream, expected }: AppendRequest, events: readonly JSONEventData[]): Promise<Failure | undefined> => {
  try {
    await connection.append(names.onServer(stream), expected === NO_STREAM ? 'no_stream' : BigInt(expected), events);
    return undefined;
  } catch (error) {
    connection.checkOpen();
    const failure = failureOf(error);
    if (failure.kind === 'conflict') return failure;
    throw error;
  }
};

/** A refusal that cannot hide an earlier success of ours: the stream is not as long as it would then be. */
const answered = (failure: Failure | undefined, { expected }: AppendRequest): Found | undefined =>
  failure?.kind === 'conflict' && failure.actual !== undefined && failure.actual <= expected ? { is: 'others', actual: failure.actual } : undefined;

/**
 * An attempt that nobody waits for any more may still be on its way: nothing where ours would be says nothing by itself. Only
 * what lies behind the expected revision is settled for ever, so the stream's end is read first and then what led to it.
 */
const look = async (server: Server, request: AppendRequest): Promise<Found> => {
  const events = await readBack(server, request);
  if (events) return { is: 'ours', events };
  const { connection, names } = server;
  const [last] = await connection.readStream(names.onServer(request.stream), { direction: 'backwards', fromRevision: 'end', maxCount: 1 });
  const actual = last ? Number(last.revision) : NO_STREAM;
  if (actual === request.expected) return { is: 'absent' };
  const settled = actual > request.expected ? await readBack(server, request) : undefined;
  return settled ? { is: 'ours', events: settled } : { is: 'others', actual };
};

/** The events of ours behind the expected revision, if they are there, all of them. */
const readBack = async ({ connection, names }: Server, { stream, expected, events }: AppendRequest): Promise<readonly RecordedEvent[] | undefined> => {
  const there = await connection.readStream(names.onServer(stream), { direction: 'forwards', fromRevision: BigInt(expected + 1), maxCount: events.length });
  const ours = there.length === events.length && there.every(({ id }, i) => id === events[i]!.id);
  return ours ? there.map((event) => new EsdbEvent(event, stream)) : undefined;
};

const resultOf = ({ events }: AppendRequest, found: Exclude<Found, { is: 'absent' }>, before: Position): AppendResult => {
  if (found.is === 'others') return { ok: false, actual: found.actual };
  const { revision, position } = found.events.at(-1)!;
  const repeated = position <= before || found.events.some((event, i) => !saysTheSame(event, events[i]!));
  return { ok: true, revision, position, repeated };
};

/** Whether what is recorded is what was to be appended: then it does not matter who did it. */
const saysTheSame = (recorded: RecordedEvent, said: NewEvent): boolean =>
  recorded.type === said.type && recorded.occurredAt === said.occurredAt && recorded.correlation === said.correlation && recorded.causation === said.causation &&
  recorded.principal === said.principal && recorded.trace === said.trace && recorded.pub === said.pub && JSON.stringify(recorded.data) === JSON.stringify(said.data);

/** The events as the client takes them. Throws a Bug for what could not be given back unchanged. */
const prepared = (options: AppendingOptions, { stream, expected, events }: AppendRequest): readonly JSONEventData[] => {
  invariant(events.length > 0, 'an append has events');
  const recording = { recordedAt: options.recordedAt(), epoch: options.epoch() };
  return events.map((event, i) => {
    const dataText = JSON.stringify(event.data) as string | undefined;
    invariant(dataText !== undefined, 'the data of an event is JSON');
    const leaf = leafHash(canonicalBytes({ ...event, ...recording, stream, revision: expected + 1 + i, dataText }));
    return jsonEvent({ id: event.id, type: event.type, data: event.data as JSONEventData['data'], metadata: userMetadataOf({ ...event, ...recording, leaf }) });
  });
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
