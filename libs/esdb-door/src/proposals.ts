import type { AppendReq, BatchAppendReq } from '@eventstore/db-client/generated/streams_pb';
import type { UUID } from '@eventstore/db-client/generated/shared_pb';
import type { Json } from '@vouchsafe/codec';
import type { NewEvent } from '@vouchsafe/event-store';
import { type Instant, parseRfc3339 } from '@vouchsafe/kernel';
import { invalid } from './errors.js';

export type Proposed = AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage;

/** What metadata may hold. The last three are the recorder's to say: here that is the store behind the door. */
const KNOWN: ReadonlySet<string> = new Set(['$correlationId', '$causationId', 'principal', 'occurredAt', 'pub', 'trace', 'recordedAt', 'epoch', 'leaf']);

/** Bytes that count towards the limit of an append. */
export const sizeOf = (message: Proposed): number => message.getData_asU8().length + message.getCustomMetadata_asU8().length;

/**
 * An event out of what a client proposes. Metadata that we would have to drop is refused; what is missing is filled in for
 * clients that know nothing of us: `by` as principal, `at` as its time.
 */
export const newEventOf = (message: Proposed, by: string, at: Instant): NewEvent => {
  const about = message.getMetadataMap();
  if (about.get('content-type') !== 'application/json') throw invalid('the data of an event is JSON (content-type application/json)');
  const data = jsonIn(message.getData_asU8(), 'the data of an event');
  const said = metadataIn(message.getCustomMetadata_asU8());
  const { pub } = said;
  if (pub !== undefined && typeof pub !== 'number') throw invalid('pub is a number');
  const trace = text(said, 'trace');
  return {
    id: uuidText(message.getId()), type: about.get('type') ?? '', data,
    occurredAt: timeIn(text(said, 'occurredAt')) ?? at,
    correlation: text(said, '$correlationId') ?? '', causation: text(said, '$causationId') ?? '', principal: text(said, 'principal') ?? by,
    ...(trace !== undefined && { trace }), ...(pub !== undefined && { pub }),
  };
};

type Said = Readonly<Record<string, unknown>>;
const metadataIn = (bytes: Uint8Array): Said => {
  if (bytes.length === 0) return {};
  const said = jsonIn(bytes, 'the metadata of an event');
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw invalid('the metadata of an event is a JSON object');
  const unknown = Object.keys(said).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw invalid(`metadata is ${[...KNOWN].join(', ')}; anything else would be lost`);
  return said as Said;
};
const jsonIn = (bytes: Uint8Array, what: string): Json => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
  } catch {
    throw invalid(`${what} is JSON`);
  }
};
const text = (said: Said, name: string): string | undefined => {
  const value = said[name];
  if (value !== undefined && typeof value !== 'string') throw invalid(`${name} is a text`);
  return value;
};
const timeIn = (value: string | undefined): Instant | undefined => {
  if (value === undefined) return undefined;
  const at = parseRfc3339(value);
  if (at === undefined) throw invalid('occurredAt is a time of RFC 3339');
  return at;
};

/** A UUID's text, whichever of its two forms was sent. */
export const uuidText = (uuid: UUID | undefined): string => {
  const structured = uuid?.getStructured();
  if (!structured) return uuid?.getString() ?? '';
  const half = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
