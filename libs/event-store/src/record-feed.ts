import { afterRecord, getRecord } from './embedded/record.js';
import type { Position, RecordPage } from './port.js';
import type { StoredEvent } from './stored-event.js';

/** The events of a page, for pure functions: their data is not frozen. Their bytes stay in memory as long as one of them does. */
export const eventsOf = ({ records, positions }: RecordPage): readonly StoredEvent[] => {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const events = new Array<StoredEvent>(positions.length);
  let at = 0;
  for (let i = 0; i < positions.length; i++) {
    events[i] = getRecord(bytes, at, positions[i] as Position).unshared();
    at = afterRecord(bytes, at);
  }
  return events;
};

/** Puts records together that lie apart. */
export const recordPage = (parts: readonly Uint8Array[], positions: readonly number[]): RecordPage => {
  const records = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    records.set(part, at);
    at += part.length;
  }
  return { records, positions: Float64Array.from(positions) };
};
