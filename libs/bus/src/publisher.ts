import type { Position, RecordedEvent } from '@vouchsafe/event-store';
import type { EventMessage } from './port.js';

/** Where a publisher or projection got to. Saved only after the effects. */
export interface Checkpoints {
  load(name: string): Promise<Position | undefined>;
  save(name: string, position: Position): Promise<void>;
}

export const toMessage = (context: string, event: RecordedEvent): EventMessage => ({
  id: event.id, context, type: event.type, stream: event.stream, pub: event.pub!, data: event.data,
  occurredAt: event.occurredAt, recordedAt: event.recordedAt, correlation: event.correlation, causation: event.causation,
  principal: event.principal, ...(event.trace !== undefined && { trace: event.trace }),
});

