import { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb';
import { ReadResp } from '@eventstore/db-client/generated/streams_pb';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { userMetadataOf } from '@vouchsafe/event-store-esdb';

/** .NET's ticks, in which the protocol tells when an event was created. */
const TICKS_PER_MS = 10_000n;

export const streamIdentifier = (stream: string): StreamIdentifier => new StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(stream)));

/** Whoever follows hears the same events: each is put into the protocol's words and bytes once. It goes with its event. */
const told = new WeakMap<RecordedEvent, ReadResp>();

/** An event as the protocol tells it: commit and prepare position are our position. Not to be changed by whoever is given it. */
export const eventMessage = (event: RecordedEvent): ReadResp => {
  const known = told.get(event);
  if (known) return known;
  const message = messageOf(event);
  const bytes = message.serializeBinary();
  message.serializeBinary = () => bytes;
  told.set(event, message);
  return message;
};

const messageOf = (event: RecordedEvent): ReadResp => {
  const position = String(event.position);
  const record = new ReadResp.ReadEvent.RecordedEvent()
    .setId(new UUID().setString(event.id))
    .setStreamIdentifier(streamIdentifier(event.stream))
    .setStreamRevision(String(event.revision))
    .setPreparePosition(position)
    .setCommitPosition(position)
    .setData(new Uint8Array(Buffer.from(dataTextOf(event))))
    .setCustomMetadata(new Uint8Array(Buffer.from(JSON.stringify(userMetadataOf(event)))));
  const about = record.getMetadataMap();
  about.set('type', event.type);
  about.set('content-type', 'application/json');
  about.set('created', String(BigInt(event.recordedAt) * TICKS_PER_MS));
  return new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(record).setCommitPosition(position));
};

/** The stored text itself where the store has it. */
const dataTextOf = (event: RecordedEvent): string =>
  'dataText' in event && typeof event.dataText === 'string' ? event.dataText : JSON.stringify(event.data);

export const checkpointMessage = (position: number): ReadResp =>
  new ReadResp().setCheckpoint(new ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position)));
export const caughtUpMessage = (): ReadResp => new ReadResp().setCaughtUp(new ReadResp.CaughtUp());
export const confirmationMessage = (id: string): ReadResp => new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(id));
export const notFoundMessage = (stream: string): ReadResp => new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(stream)));
