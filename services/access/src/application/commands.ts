import type { Envelope } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import { type Ids, uuidv5 } from '@vouchsafe/runtime';

/** Who asks, and under which idempotency key (empty: none). */
export type Asked = { readonly principal: string; readonly requestId: string; readonly trace?: string };

/**
 * The envelope of a command of ours. The command id follows from who asked what under which request id, so that a repeat is the
 * same command, and the same request id with other content another one (which the decider then judges).
 */
export const envelopeOf = (ids: Ids, { principal, requestId, trace }: Asked, correlation: string, at: Instant, ...content: readonly string[]): Envelope => ({
  commandId: requestId === '' ? ids.uuid() : uuidv5(JSON.stringify(['access', principal, requestId, correlation, ...content])),
  correlation, principal, at, ...(trace !== undefined && { trace }),
});

/** An id's text that follows from a request id; 32 lower-case characters. */
export const derivedText = (...parts: readonly string[]): string => uuidv5(JSON.stringify(['access id', ...parts])).replaceAll('-', '');
