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

/** The command, unless it was answered. */
export const unanswered = <C extends OutgoingCommand>(answers: Answers, command: C): readonly C[] => (answers.has(command.key) ? [] : [command]);

/** A revival asks under names of its own. */
export const keyOf = (kind: string, lineId: string, revived: boolean): string => `${kind}${revived ? 'Again' : ''}${lineId}`;

export const reserve = (answers: Answers, line: OrderLine, revived: boolean): readonly OutgoingCommand[] =>
  unanswered(answers, { type: 'ReserveVouchers', key: keyOf('reserve', line.lineId, revived), line, revived });
export const commit = (answers: Answers, line: OrderLine, revived: boolean): readonly OutgoingCommand[] =>
  unanswered(answers, { type: 'CommitReservation', key: keyOf('commit', line.lineId, revived), line, revived });
/** Gives a reservation back, open or committed, unless it was refused. */
export const release = (answers: Answers, line: OrderLine, revived: boolean): readonly OutgoingCommand[] => {
  if (answers.get(keyOf('reserve', line.lineId, revived))?.ok === false) return [];
  return unanswered(answers, { type: 'ReleaseReservation', key: keyOf('release', line.lineId, revived), line, revived });
};
