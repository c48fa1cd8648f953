import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb';
import { categoryOf, type EventStore, NO_STREAM, type Position, type RecordedEvent, type Revision } from '@vouchsafe/event-store';
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage } from './event-message.js';
import type { Landmarks } from './landmarks.js';
import { allReading, pages, streamOf, whole } from './reading.js';
import type { Sink } from './sink.js';

type Options = ReadReq.Options;
const PAGE = 256;

/** Follows a stream, or all streams, until the subscriber leaves: what is there, then a word that it is all, then what comes. */
export const subscribe = async (store: EventStore, landmarks: Landmarks, options: Options, id: string, sink: Sink<ReadResp>): Promise<void> => {
  const stream = options.getStream();
  if (stream) return subscribeToStream(store, stream, id, sink);
  const reading = allReading(store, landmarks, options);
  await sink.send(confirmationMessage(id));
  const teller = new Teller(sink, reading.filter);
  let after: Position | undefined;
  for await (const page of pages(landmarks, reading.first, sink.signal)) {
    for (const event of page.events) await teller.pass(event);
    after = page.next;
  }
  await sink.send(caughtUpMessage());
  if (after === undefined) return;
  for await (const page of store.subscribe({ after, signal: sink.signal })) {
    for (const event of page.events) await teller.pass(event);
  }
};

/** Sends what is wanted, and where it has looked. */
class Teller {
  #looked = 0;
  constructor(
    readonly sink: Sink<ReadResp>,
    readonly filter: { readonly wants: (event: RecordedEvent) => boolean; readonly checkpointEvery: number },
  ) {}

  async pass(event: RecordedEvent): Promise<void> {
    if (this.filter.wants(event)) await this.sink.send(eventMessage(event));
    if (this.filter.checkpointEvery === 0 || ++this.#looked < this.filter.checkpointEvery) return;
    this.#looked = 0;
    await this.sink.send(checkpointMessage(event.position));
  }
}

const subscribeToStream = async (store: EventStore, options: ReadReq.Options.StreamOptions, id: string, sink: Sink<ReadResp>): Promise<void> => {
  const stream = streamOf(options.getStreamIdentifier());
  // Known before the stream is read, so that nothing falls between reading and following.
  const head = store.head();
  await store.durable(head);
  let told = await beforeFirst(store, stream, options);
  await sink.send(confirmationMessage(id));
  const tell = async (event: RecordedEvent): Promise<void> => {
    if (event.stream !== stream || event.revision <= told) return;
    told = event.revision;
    await sink.send(eventMessage(event));
  };
  for (;;) {
    const page = await store.readStream(stream, { from: told + 1, max: PAGE });
    const durable = page.filter(({ position }) => position <= head); // the rest comes by following, once it is durable
    for (const event of durable) await tell(event);
    if (durable.length < PAGE || sink.signal.aborted) break;
  }
  await sink.send(caughtUpMessage());
  for await (const page of store.subscribe({ after: head, categories: [categoryOf(stream)], signal: sink.signal })) {
    for (const event of page.events) await tell(event);
  }
};

/** The revision after which a subscription begins: the protocol names the last one that was had. */
const beforeFirst = async (store: EventStore, stream: string, options: ReadReq.Options.StreamOptions): Promise<Revision> => {
  if (options.hasRevision()) return whole(options.getRevision());
  return options.hasEnd() ? store.revisionOf(stream) : NO_STREAM;
};
