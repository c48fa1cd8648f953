import type { Message } from '@vouchsafe/kernel';
import type { Answers, OrderLine } from './terms.js';

type Keyed<D extends object = Record<never, never>> = { readonly key: string } & D;
type OfLine = { readonly line: OrderLine };
/** A command on its way to another service or to another stream of ours. `key` is unique within the order; the command's id derives from it. */
export type OutgoingCommand =
  | Message<'ReserveVouchers', Keyed<OfLine & { readonly revived: boolean }>>
  | Message<'CommitReservation', Keyed<OfLine & { readonly revived: boolean }>>
  | Message<'ReleaseReservation', Keyed<OfLine & { readonly revived: boolean }>>
  | Message<'HoldFunds', Keyed>
  | Message<'ReleaseHold', Keyed>
  | Message<'ActivateGrant', Keyed<OfLine>>
  | Message<'StartTopUp', Keyed<OfLine>>
  /** `units`: delivered of the line. `final`: the rest of the hold is released with it. */
  | Message<'CaptureHold', Keyed<OfLine & { readonly units: number; readonly final: boolean }>>
  | Message<'BookDelivery', Keyed<OfLine & { readonly units: number }>>
  | Message<'RequestPayment', Keyed>
  | Message<'ClosePayment', Keyed>
  /** The buyer's money for what was not delivered. */
  | Message<'RefundUndelivered', Keyed<{ readonly minor: bigint }>>;

const NAMED_LINES = 16;
/** A kind of command with its line; made once for the lines that nearly all orders have, for they are looked up all the time. */
const named = (kind: string): ((lineId: string) => string) => {
  const names = new Map(Array.from({ length: NAMED_LINES }, (_, i) => [String(i + 1), `${kind}${i + 1}`]));
  return (lineId) => names.get(lineId) ?? `${kind}${lineId}`;
};
const FIRST = { reserve: named('reserve'), commit: named('commit'), release: named('release') };
const AGAIN = { reserve: named('reserveAgain'), commit: named('commitAgain'), release: named('releaseAgain') };
/** A revival asks under names of its own. */
export const keyOf = (kind: keyof typeof FIRST, lineId: string, revived: boolean): string => (revived ? AGAIN : FIRST)[kind](lineId);
export const activateKey = named('activate');
export const topUpKey = named('topUp');
export const bookKey = named('book');
export const captureKey = named('capture');
export const HOLD = 'hold';

/** Commands on their way; each of the following adds one, unless it was answered. */
export type Outgoing = OutgoingCommand[];

export const reserve = (outgoing: Outgoing, answers: Answers, line: OrderLine, revived: boolean): void => {
  const key = keyOf('reserve', line.lineId, revived);
  if (!answers.has(key)) outgoing.push({ type: 'ReserveVouchers', key, line, revived });
};
export const commit = (outgoing: Outgoing, answers: Answers, line: OrderLine, revived: boolean): void => {
  const key = keyOf('commit', line.lineId, revived);
  if (!answers.has(key)) outgoing.push({ type: 'CommitReservation', key, line, revived });
};
/** Gives a reservation back, open or committed, unless it was refused. */
export const release = (outgoing: Outgoing, answers: Answers, line: OrderLine, revived: boolean): void => {
  if (answers.get(keyOf('reserve', line.lineId, revived))?.ok === false) return;
  const key = keyOf('release', line.lineId, revived);
  if (!answers.has(key)) outgoing.push({ type: 'ReleaseReservation', key, line, revived });
};
/** A command of the whole order. */
export const whole = (outgoing: Outgoing, answers: Answers, command: Exclude<OutgoingCommand, OfLine>): void => {
  if (!answers.has(command.key)) outgoing.push(command);
};
