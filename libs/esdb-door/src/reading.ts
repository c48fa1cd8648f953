import { ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb';
import { type EventStore, type Page, type Position, type RecordedEvent, type Revision, START } from '@vouchsafe/event-store';
import { invalid } from './errors.js';
import { eventMessage, notFoundMessage } from './event-message.js';
import { type EventFilter, filterOf } from './event-filter.js';
import type { Landmarks } from './landmarks.js';
import type { Sink } from './sink.js';

type Options = ReadReq.Options;
/** A read of `$all`, or the reading part of a subscription to it. */
export type AllReading = { readonly filter: EventFilter; readonly first: (max: number) => Promise<Page> };

const PAGE = 256;

/** A whole number of the protocol (64 bits as text); what no stream can have is cut to what none has. */
export const whole = (text: string): number => {
  const value = BigInt(text);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
};

export const streamOf = (identifier: { getStreamName_asU8(): Uint8Array } | undefined): string => {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
  if (name === '') throw invalid('a stream is named');
  return name;
};

/** Answers one read that is no subscription. Events leave only when they are durable. */
export const read = async (store: EventStore, landmarks: Landmarks, options: Options, sink: Sink<ReadResp>): Promise<void> => {
  const max = options.hasCount() ? whole(options.getCount()) : Number.MAX_SAFE_INTEGER;
  const backwards = options.getReadDirection() === ReadReq.Options.ReadDirection.BACKWARDS;
  const stream = options.getStream();
  if (stream) await readStream(store, stream, { max, backwards }, sink);
  else if (backwards) await readAllBackwards(store, landmarks, options, max, sink);
  else await readAll(landmarks, allReading(store, landmarks, options), max, sink);
};

type StreamRead = { readonly max: number; readonly backwards: boolean };
const readStream = async (store: EventStore, options: ReadReq.Options.StreamOptions, { max, backwards }: StreamRead, sink: Sink<ReadResp>): Promise<void> => {
  const stream = streamOf(options.getStreamIdentifier());
  const last = await store.revisionOf(stream);
  if (last < 0) return sink.send(notFoundMessage(stream));
  const step = backwards ? -1 : 1;
  let from = firstRevision(options, last, backwards);
  for (let left = max; left > 0 && from >= 0 && !sink.signal.aborted; ) {
    const page = await store.readStream(stream, { from, direction: backwards ? 'backwards' : 'forwards', max: Math.min(left, PAGE) });
    await sendDurable(store, page, sink);
    left -= page.length;
    if (page.length < PAGE) return;
    from = page.at(-1)!.revision + step;
  }
};
const firstRevision = (options: ReadReq.Options.StreamOptions, last: Revision, backwards: boolean): Revision => {
  if (options.hasRevision()) return Math.min(whole(options.getRevision()), last + 1);
  if (options.hasEnd()) return backwards ? last : last + 1;
  return 0;
};

const sendDurable = async (store: EventStore, events: readonly RecordedEvent[], sink: Sink<ReadResp>): Promise<void> => {
  const newest = events.reduce((most, { position }) => (position > most ? position : most), START);
  await store.durable(newest);
  for (const event of events) await sink.send(eventMessage(event));
};

/** Where a read of all streams begins: a read with the event at its position, a subscription behind it. */
export const allReading = (store: EventStore, landmarks: Landmarks, options: Options): AllReading => {
  const all = options.getAll();
  if (!all) throw invalid('a read is of a stream or of all');
  const filter = filterOf(options.getFilter());
  if (all.hasEnd()) return { filter, first: () => atEnd(store) };
  const position = all.getPosition();
  if (!position) return { filter, first: (max) => landmarks.pageAfter(START, max) };
  const from = whole(position.getCommitPosition()) + (options.hasSubscription() ? 1 : 0);
  return { filter, first: (max) => landmarks.pageFrom(from, max) };
};
const atEnd = async (store: EventStore): Promise<Page> => {
  const head = store.head();
  await store.durable(head);
  return { events: [], next: head, atEnd: true };
};

const readAll = async (landmarks: Landmarks, { filter, first }: AllReading, max: number, sink: Sink<ReadResp>): Promise<void> => {
  for await (const page of pages(landmarks, first, sink.signal)) {
    for (const event of page.events) {
      if (!filter.wants(event)) continue;
      if (max-- <= 0) return;
      await sink.send(eventMessage(event));
    }
    if (max <= 0) return;
  }
};

/** From before a position (the event there not included), or from the end. */
const readAllBackwards = async (store: EventStore, landmarks: Landmarks, options: Options, max: number, sink: Sink<ReadResp>): Promise<void> => {
  const filter = filterOf(options.getFilter());
  const all = options.getAll();
  const { next: head } = await atEnd(store);
  const from = all?.getPosition()?.getCommitPosition();
  let before: number | undefined = all?.hasStart() ? undefined : Math.min(head + 1, from === undefined ? head + 1 : whole(from));
  for (let left = max; before !== undefined && !sink.signal.aborted; ) {
    const page: Awaited<ReturnType<Landmarks['pageBefore']>> = await landmarks.pageBefore(before);
    for (const event of page.events) {
      if (!filter.wants(event)) continue;
      if (left-- <= 0) return;
      await sink.send(eventMessage(event));
    }
    if (left <= 0) return;
    before = page.before;
  }
};

/** What is there now, page by page. */
export async function* pages(landmarks: Landmarks, first: AllReading['first'], signal: AbortSignal): AsyncIterable<Page> {
  let after: Position | undefined;
  while (!signal.aborted) {
    const page: Page = after === undefined ? await first(PAGE) : await landmarks.pageAfter(after, PAGE);
    yield page;
    if (page.atEnd) return;
    after = page.next;
  }
}
