import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Position, RecordedEvent } from '@vouchsafe/event-store';
import type { EventRecordSchema } from '@vouchsafe/proto/audit/v1/audit';
import { failureOf } from '@vouchsafe/rpc';
import { titleOf } from '../application/titles.js';
import { insightErrors } from './errors.js';

/** A cursor of the event stream is the position in base 36, opaque to callers. */
export const cursorOf = (position: Position): string => `c${(position as number).toString(36)}`;
export const positionOf = (cursor: string): Position => {
  const position = cursor.startsWith('c') && /^c-?[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN;
  if (!Number.isSafeInteger(position)) throw failureOf(insightErrors, 'CURSOR_INVALID', {}, '/cursor');
  return position as Position;
};

/** A recorded event as callers see it. */
export const eventRecord = (event: RecordedEvent): MessageInitShape<typeof EventRecordSchema> => ({
  eventId: event.id,
  stream: event.stream,
  revision: BigInt(event.revision),
  type: event.type,
  title: titleOf(event.type),
  occurredAt: timestampFromMs(event.occurredAt),
  recordedAt: timestampFromMs(event.recordedAt),
  principal: event.principal,
  correlation: event.correlation,
  causation: event.causation,
  trace: event.trace ?? '',
  epoch: BigInt(event.epoch),
  leaf: Buffer.from(event.leaf).toString('hex'),
  data: event.data as JsonObject,
  cursor: cursorOf(event.position),
});
