import type { Encoded } from '@vouchsafe/codec';
import type { Decision, Details, Instant } from '@vouchsafe/kernel';
import { eventIdOf } from '@vouchsafe/runtime';
import type { Folded } from './folded.js';
import type { NewEvent, Position, Revision } from './port.js';

/** Who asks, when, and in what matter. `commandId` is the idempotency key: event ids derive from it. */
export type Envelope = {
  readonly commandId: string;
  readonly correlation: string;
  readonly principal: string;
  readonly at: Instant;
  readonly trace?: string;
};

export type Handled<S, E, R extends string> =
  | {
      readonly ok: true;
      readonly state: S;
      readonly revision: Revision;
      readonly events: readonly E[];
      readonly pub: number;
      readonly position: Position | undefined;
    }
  | { readonly ok: false; readonly state: S; readonly revision: Revision; readonly code: R; readonly details: Details };

/** The `index`th event of a command, as it is appended. */
export const newEvent = ({ type, data }: Encoded, envelope: Envelope, index: number, pub: number | undefined): NewEvent => {
  const { commandId, at, correlation, principal, trace } = envelope;
  const event: { -readonly [K in keyof NewEvent]: NewEvent[K] } = {
    id: eventIdOf(commandId, index),
    type,
    data,
    occurredAt: at,
    correlation,
    causation: commandId,
    principal,
  };
  if (trace !== undefined) event.trace = trace;
  if (pub !== undefined) event.pub = pub;
  return event;
};

/** The answer to a decision that adds nothing: a no, or "already so". */
export const unchanged = <S, E, R extends string>({ state, revision, pub }: Folded<S>, decision: Decision<E, R>): Handled<S, E, R> =>
  decision.ok
    ? { ok: true, state, revision, events: [], pub, position: undefined }
    : { ok: false, state, revision, code: decision.code, details: decision.details };
