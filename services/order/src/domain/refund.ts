import { accept, type Decider, type Decision, type Instant, type Message, type Of, reject, type UnitRange } from '@vouchsafe/kernel';
import type { RefundShare } from './order-events.js';
import type { SettlementMode } from './terms.js';

/** What is asked back of a line: these units, or so many. */
export type RefundedLine = { readonly lineId: string; readonly ranges?: readonly UnitRange[]; readonly quantity?: number };
/** `unusedMinor`: what of the range's gross is unused. */
export type VoidedRange = UnitRange & { readonly disclosed: boolean; readonly unusedMinor: bigint };
/** What a line's grant said: units it voided, and units it refused, counted by code. */
export type VoidedLine = {
  readonly lineId: string;
  readonly accepted: readonly VoidedRange[];
  readonly refused: readonly { readonly code: string; readonly units: number }[];
};
/** What became of a line's voided units, and the money of each part. `share` is the line's by cumulative allocation. */
export type ValuedLine = {
  readonly lineId: string;
  readonly returned: readonly UnitRange[];
  readonly lost: readonly UnitRange[];
  readonly returnedMinor: bigint;
  readonly lostMinor: bigint;
  readonly share: RefundShare;
  /** The supplier or issuer takes it back. */
  readonly issuerAccepts: boolean;
};

/** `units`: asked for. `undelivered`, `surplus`: money that came in and was never earned. */
export type RefundRequest = {
  readonly kind: 'units' | 'undelivered' | 'surplus';
  readonly orderId: string;
  readonly channelId: string;
  readonly bookId: string;
  readonly settlement: SettlementMode;
  readonly currency: string;
  readonly lines: readonly RefundedLine[];
  /** Known from the start except where units are asked for. */
  readonly amountMinor?: bigint;
  readonly provider?: string;
  readonly reason?: string;
  readonly principal: string;
  readonly fingerprint: string;
  readonly at: Instant;
};
export type RefundEnd = 'COMPLETED' | 'PARTIAL' | 'FAILED';

/** One refund. Stream `refund-<id>`. Units are voided first, and only what their grants accepted is paid back. */
export type RefundEvent =
  | Message<'RefundRequested', RefundRequest>
  | Message<'UnitsVoided', { readonly lines: readonly VoidedLine[]; readonly at: Instant }>
  | Message<'RefundValued', { readonly lines: readonly ValuedLine[]; readonly amountMinor: bigint; readonly at: Instant }>
  /** In stock and in the books; the buyer's money is on its way. */
  | Message<'PaybackBegun', { readonly at: Instant }>
  /** The provider refused, or stays unclear for too long: a person's. Asking goes on. */
  | Message<'PaybackStuck', { readonly reason: string; readonly at: Instant }>
  | Message<'RefundSettled', { readonly orderId: string; readonly channelId: string; readonly end: RefundEnd; readonly amountMinor: bigint; readonly currency: string; readonly failure?: string; readonly at: Instant }>;

export type RefundCommand =
  | Message<'RequestRefund', RefundRequest>
  | Message<'RecordVoids', { readonly lines: readonly VoidedLine[]; readonly at: Instant }>
  | Message<'RecordValue', { readonly lines: readonly ValuedLine[]; readonly at: Instant }>
  /** Stock and books are done. */
  | Message<'RecordBooked', { readonly at: Instant }>
  | Message<'RecordStuck', { readonly reason: string; readonly at: Instant }>
  /** The provider paid it back, and that is booked. */
  | Message<'RecordPaidBack', { readonly at: Instant }>;
export type RefundRejection = 'REFUND_UNKNOWN' | 'REQUEST_ID_REUSED' | 'STEP_OUT_OF_ORDER';

type Asked = { readonly request: RefundRequest; readonly voided: readonly VoidedLine[]; readonly valued: readonly ValuedLine[]; readonly amountMinor: bigint };
export type KnownRefund = Asked & (
  | { readonly step: 'requested' | 'voided' | 'valued' }
  | { readonly step: 'payingBack' | 'stuck'; readonly since: Instant; readonly problem?: string }
  | { readonly step: 'ended'; readonly end: RefundEnd; readonly failure?: string; readonly endedAt: Instant }
);
export type Refund = { readonly step: 'absent' } | KnownRefund;
export const noRefund: Refund = { step: 'absent' };

const decide = (command: RefundCommand, refund: Refund): Decision<RefundEvent, RefundRejection> => {
  if (command.type === 'RequestRefund') return request(command, refund);
  if (refund.step === 'absent') return reject('REFUND_UNKNOWN');
  if (refund.step === 'ended') return accept();
  switch (command.type) {
    case 'RecordVoids':
      return refund.step === 'requested' ? voids(command, refund) : accept();
    case 'RecordValue':
      return refund.step === 'voided' ? accept({ ...command, type: 'RefundValued', amountMinor: sum(command.lines) }) : accept();
    case 'RecordBooked':
      return booked(command, refund);
    case 'RecordStuck':
      return refund.step === 'payingBack' ? accept({ ...command, type: 'PaybackStuck' }) : accept();
    case 'RecordPaidBack':
      return refund.step === 'payingBack' || refund.step === 'stuck' ? accept(ended(refund, command.at)) : reject('STEP_OUT_OF_ORDER');
  }
};

const request = ({ type: _, ...asked }: Of<RefundCommand, 'RequestRefund'>, refund: Refund): Decision<RefundEvent, RefundRejection> => {
  if (refund.step === 'absent') return accept({ type: 'RefundRequested', ...asked });
  return refund.request.fingerprint === asked.fingerprint ? accept() : reject('REQUEST_ID_REUSED');
};

const voids = ({ lines, at }: Of<RefundCommand, 'RecordVoids'>, refund: KnownRefund): Decision<RefundEvent, RefundRejection> => {
  const recorded: RefundEvent = { type: 'UnitsVoided', lines, at };
  if (lines.some(({ accepted }) => accepted.length > 0)) return accept(recorded);
  const failure = lines.flatMap(({ refused }) => refused)[0]?.code ?? 'NOTHING_TO_REFUND';
  const { orderId, channelId, currency } = refund.request;
  return accept<RefundEvent>(recorded, { type: 'RefundSettled', orderId, channelId, end: 'FAILED', amountMinor: 0n, currency, failure, at });
};

const booked = ({ at }: Of<RefundCommand, 'RecordBooked'>, refund: KnownRefund): Decision<RefundEvent, RefundRejection> => {
  const ready = refund.step === 'valued' || (refund.step === 'requested' && refund.request.kind !== 'units');
  if (!ready) return refund.step === 'requested' || refund.step === 'voided' ? reject('STEP_OUT_OF_ORDER') : accept();
  // Prepaid and credit: booking it to the account was the paying back.
  return accept(refund.request.settlement === 'consumer_pay' && refund.amountMinor > 0n ? { type: 'PaybackBegun', at } : ended(refund, at));
};

const ended = ({ request: { orderId, channelId, currency }, voided, amountMinor }: KnownRefund, at: Instant): RefundEvent => {
  const end = voided.some(({ refused }) => refused.length > 0) ? 'PARTIAL' : 'COMPLETED';
  return { type: 'RefundSettled', orderId, channelId, end, amountMinor, currency, at };
};
const sum = (lines: readonly ValuedLine[]): bigint => lines.reduce((minor, { returnedMinor, lostMinor }) => minor + returnedMinor + lostMinor, 0n);

const evolve = (refund: Refund, event: RefundEvent): Refund => {
  if (event.type === 'RefundRequested') {
    const { type: _, ...asked } = event;
    return { step: 'requested', request: asked, voided: [], valued: [], amountMinor: asked.amountMinor ?? 0n };
  }
  return refund.step === 'absent' ? refund : next(refund, event);
};
const next = (refund: KnownRefund, event: Exclude<RefundEvent, { type: 'RefundRequested' }>): KnownRefund => {
  const { request: asked, voided, valued, amountMinor } = refund;
  switch (event.type) {
    case 'UnitsVoided':
      return { step: 'voided', request: asked, voided: event.lines, valued, amountMinor };
    case 'RefundValued':
      return { step: 'valued', request: asked, voided, valued: event.lines, amountMinor: event.amountMinor };
    case 'PaybackBegun':
      return { step: 'payingBack', request: asked, voided, valued, amountMinor, since: event.at };
    case 'PaybackStuck':
      return { step: 'stuck', request: asked, voided, valued, amountMinor, since: refund.step === 'payingBack' ? refund.since : event.at, problem: event.reason };
    case 'RefundSettled':
      return { step: 'ended', request: asked, voided, valued, amountMinor: event.amountMinor, end: event.end, failure: event.failure, endedAt: event.at };
  }
};

export const refundDecider: Decider<Refund, RefundCommand, RefundEvent, RefundRejection> = { decide, evolve, initial: noRefund };
