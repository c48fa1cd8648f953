import { accept, type Decider, type Decision, type Instant, type Message, type Of, reject } from '@vouchsafe/kernel';
import type { ValuedLine, VoidedLine } from './refund.js';

export type ChargebackNotice = {
  readonly orderId: string;
  readonly channelId: string;
  readonly bookId: string;
  readonly paymentId: string;
  readonly provider: string;
  readonly noticeId: string;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  readonly currency: string;
  /** The verdict the order acted on. */
  readonly verdictId?: string;
  readonly at: Instant;
};
export type Outcome = 'won' | 'lost';

/** The buyer's bank took the money back. Stream `chargeback-<id>`. What is unused is voided at once; the dispute then is won or lost. */
export type ChargebackEvent =
  | Message<'ChargebackRaised', ChargebackNotice>
  /** What the grants voided, valued; `returned` units are back in stock. */
  | Message<'ChargebackUnitsVoided', { readonly voided: readonly VoidedLine[]; readonly lines: readonly ValuedLine[]; readonly at: Instant }>
  | Message<'ChargebackDecided', { readonly outcome: Outcome; readonly noticeId: string; readonly at: Instant }>
  /** The outcome is in the books. */
  | Message<'ChargebackClosed', { readonly at: Instant }>;
export type ChargebackCommand =
  | Message<'OpenChargeback', ChargebackNotice>
  | Message<'RecordVoids', { readonly voided: readonly VoidedLine[]; readonly lines: readonly ValuedLine[]; readonly at: Instant }>
  | Message<'DecideChargeback', { readonly outcome: Outcome; readonly noticeId: string; readonly at: Instant }>
  | Message<'CloseChargeback', { readonly at: Instant }>;
export type ChargebackRejection = 'CHARGEBACK_UNKNOWN' | 'CHARGEBACK_DECIDED' | 'STEP_OUT_OF_ORDER';

export type KnownChargeback = {
  readonly step: 'opened' | 'voided' | 'closed';
  readonly notice: ChargebackNotice;
  readonly lines: readonly ValuedLine[];
  readonly decided?: { readonly outcome: Outcome; readonly at: Instant };
};
export type Chargeback = { readonly step: 'absent' } | KnownChargeback;
export const noChargeback: Chargeback = { step: 'absent' };

const decide = (command: ChargebackCommand, chargeback: Chargeback): Decision<ChargebackEvent, ChargebackRejection> => {
  if (command.type === 'OpenChargeback') return chargeback.step === 'absent' ? accept({ ...command, type: 'ChargebackRaised' }) : accept();
  if (chargeback.step === 'absent') return reject('CHARGEBACK_UNKNOWN');
  switch (command.type) {
    case 'RecordVoids':
      return chargeback.step === 'opened' ? accept({ ...command, type: 'ChargebackUnitsVoided' }) : accept();
    case 'DecideChargeback':
      return outcome(command, chargeback);
    case 'CloseChargeback':
      if (chargeback.step === 'closed') return accept();
      return chargeback.step === 'voided' && chargeback.decided ? accept({ ...command, type: 'ChargebackClosed' }) : reject('STEP_OUT_OF_ORDER');
  }
};
const outcome = (command: Of<ChargebackCommand, 'DecideChargeback'>, { decided }: KnownChargeback): Decision<ChargebackEvent, ChargebackRejection> => {
  if (!decided) return accept({ ...command, type: 'ChargebackDecided' });
  return decided.outcome === command.outcome ? accept() : reject('CHARGEBACK_DECIDED');
};

const evolve = (chargeback: Chargeback, event: ChargebackEvent): Chargeback => {
  if (event.type === 'ChargebackRaised') {
    const { type: _, ...notice } = event;
    return { step: 'opened', notice, lines: [] };
  }
  return chargeback.step === 'absent' ? chargeback : next(chargeback, event);
};
const next = (chargeback: KnownChargeback, event: Exclude<ChargebackEvent, { type: 'ChargebackRaised' }>): KnownChargeback => {
  switch (event.type) {
    case 'ChargebackUnitsVoided':
      return { ...chargeback, step: 'voided', lines: event.lines };
    case 'ChargebackDecided':
      return { ...chargeback, decided: { outcome: event.outcome, at: event.at } };
    case 'ChargebackClosed':
      return { ...chargeback, step: 'closed' };
  }
};

export const chargebackDecider: Decider<Chargeback, ChargebackCommand, ChargebackEvent, ChargebackRejection> = { decide, evolve, initial: noChargeback };
