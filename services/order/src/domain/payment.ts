import { accept, type Decider, type Decision, type Instant, type Message, type Of, reject } from '@vouchsafe/kernel';

/** Money that came in. `n` counts a payment's receipts from 1. */
export type Receipt = {
  readonly n: number;
  readonly noticeId: string;
  readonly transactionId: string;
  readonly receivedMinor: bigint;
  readonly currency: string;
  readonly at: Instant;
};
type Action = { readonly kind: 'url' | 'qr' | 'params'; readonly value: string };

/** One buyer's payment for one order. Stream `payment-<id>`. Every notice's id is kept, so that none counts twice. */
export type PaymentEvent =
  | Message<'PaymentRequested', {
    readonly orderId: string; readonly channelId: string; readonly bookId: string; readonly provider: string; readonly merchantId: string;
    readonly amountMinor: bigint; readonly currency: string; readonly payBy: Instant; readonly at: Instant;
  }>
  | Message<'PaymentOffered', { readonly providerRef: string; readonly action: Action; readonly at: Instant }>
  /** Exactly what was asked for. */
  | Message<'PaymentSucceeded', Receipt>
  /** Another amount or currency, or a second payment: it is given back, never delivered. */
  | Message<'SurplusReceived', Receipt & { readonly reason: 'AMOUNT_DIFFERS' | 'PAID_TWICE' }>
  | Message<'PaymentFailed', { readonly noticeId: string; readonly reason?: string; readonly at: Instant }>
  | Message<'PaymentClosed', { readonly noticeId?: string; readonly at: Instant }>
  /** A true notice that changes nothing any more. */
  | Message<'NoticeNoted', { readonly noticeId: string; readonly about: string; readonly at: Instant }>
  /** The receipt is in the books, and the order took it or its refund has begun. */
  | Message<'ReceiptSettled', { readonly n: number; readonly outcome: 'order' | 'refund'; readonly at: Instant }>;

export type PaymentCommand =
  | Message<'RequestPayment', Omit<Of<PaymentEvent, 'PaymentRequested'>, 'type'>>
  | Message<'OfferPayment', { readonly providerRef: string; readonly action: Action; readonly at: Instant }>
  | Message<'NoteReceipt', Omit<Receipt, 'n'>>
  | Message<'NoteFailure', { readonly noticeId: string; readonly outcome: 'failed' | 'closed'; readonly reason?: string; readonly at: Instant }>
  | Message<'NoteNotice', { readonly noticeId: string; readonly about: string; readonly at: Instant }>
  /** The provider takes no more money for it. */
  | Message<'ClosePayment', { readonly at: Instant }>
  | Message<'SettleReceipt', { readonly n: number; readonly outcome: 'order' | 'refund'; readonly at: Instant }>;
export type PaymentRejection = 'PAYMENT_UNKNOWN' | 'PAYMENT_PAID' | 'RECEIPT_UNKNOWN';

export type KnownReceipt = Receipt & { readonly exact: boolean; readonly settled: boolean };
export type Payment =
  | { readonly state: 'absent' }
  | {
    readonly state: 'pending' | 'open' | 'paid' | 'mismatched' | 'failed' | 'closed';
    readonly asked: Omit<Of<PaymentEvent, 'PaymentRequested'>, 'type'>;
    readonly action?: Action;
    readonly receipts: readonly KnownReceipt[];
    readonly notices: ReadonlySet<string>;
    /** The provider ended it; closed by us is not that. */
    readonly ended?: 'failed' | 'closed';
  };
export type KnownPayment = Exclude<Payment, { state: 'absent' }>;
export const noPayment: Payment = { state: 'absent' };
/** Notices that change nothing are kept up to this many; a provider sends a few, a mad one must not fill the log. */
const NOTED_MAX = 200;

const decide = (command: PaymentCommand, payment: Payment): Decision<PaymentEvent, PaymentRejection> => {
  if (command.type === 'RequestPayment') return payment.state === 'absent' ? accept({ ...command, type: 'PaymentRequested' }) : accept();
  if (payment.state === 'absent') return reject('PAYMENT_UNKNOWN');
  switch (command.type) {
    case 'OfferPayment':
      return payment.action ? accept() : accept({ ...command, type: 'PaymentOffered' });
    case 'NoteReceipt':
      return noteReceipt(command, payment);
    case 'NoteFailure':
      return noteFailure(command, payment);
    case 'NoteNotice':
      return accept(...noted(payment, command));
    case 'ClosePayment':
      return close(command, payment);
    case 'SettleReceipt':
      return settle(command, payment);
  }
};

const noteReceipt = ({ type: _, ...receipt }: Of<PaymentCommand, 'NoteReceipt'>, payment: KnownPayment): Decision<PaymentEvent, PaymentRejection> => {
  // The same transaction under another notice id (a query, a second notice) is the same money.
  if (payment.notices.has(receipt.noticeId) || payment.receipts.some(({ transactionId }) => transactionId === receipt.transactionId)) {
    return accept(...noted(payment, { noticeId: receipt.noticeId, about: 'paid', at: receipt.at }));
  }
  const known = { ...receipt, n: payment.receipts.length + 1 };
  const { amountMinor, currency } = payment.asked;
  if (receipt.receivedMinor !== amountMinor || receipt.currency !== currency) return accept({ type: 'SurplusReceived', reason: 'AMOUNT_DIFFERS', ...known });
  return payment.receipts.some(({ exact }) => exact) ? accept({ type: 'SurplusReceived', reason: 'PAID_TWICE', ...known }) : accept({ type: 'PaymentSucceeded', ...known });
};

const noteFailure = ({ noticeId, outcome, reason, at }: Of<PaymentCommand, 'NoteFailure'>, payment: KnownPayment): Decision<PaymentEvent, PaymentRejection> => {
  if (payment.notices.has(noticeId)) return accept();
  // Money that has come outweighs a notice that overtook it or came late.
  if (payment.state !== 'pending' && payment.state !== 'open') return accept(...noted(payment, { noticeId, about: outcome, at }));
  return outcome === 'failed' ? accept({ type: 'PaymentFailed', noticeId, ...(reason !== undefined && { reason }), at }) : accept({ type: 'PaymentClosed', noticeId, at });
};

const close = ({ at }: Of<PaymentCommand, 'ClosePayment'>, payment: KnownPayment): Decision<PaymentEvent, PaymentRejection> => {
  switch (payment.state) {
    case 'pending':
    case 'open':
      return accept({ type: 'PaymentClosed', at });
    case 'paid':
      return reject('PAYMENT_PAID');
    case 'mismatched':
    case 'failed':
    case 'closed':
      return accept();
  }
};

const settle = ({ n, outcome, at }: Of<PaymentCommand, 'SettleReceipt'>, payment: KnownPayment): Decision<PaymentEvent, PaymentRejection> => {
  const receipt = payment.receipts[n - 1];
  if (!receipt) return reject('RECEIPT_UNKNOWN');
  return receipt.settled ? accept() : accept({ type: 'ReceiptSettled', n, outcome, at });
};

const noted = ({ notices }: KnownPayment, { noticeId, about, at }: { noticeId: string; about: string; at: Instant }): readonly PaymentEvent[] =>
  notices.has(noticeId) || notices.size >= NOTED_MAX ? [] : [{ type: 'NoticeNoted', noticeId, about, at }];

const evolve = (payment: Payment, event: PaymentEvent): Payment => {
  if (event.type === 'PaymentRequested') {
    const { type: _, ...asked } = event;
    return { state: 'pending', asked, receipts: [], notices: new Set() };
  }
  return payment.state === 'absent' ? payment : next(payment, event);
};

const next = (payment: KnownPayment, event: Exclude<PaymentEvent, { type: 'PaymentRequested' }>): KnownPayment => {
  switch (event.type) {
    case 'PaymentOffered':
      return { ...payment, state: payment.state === 'pending' ? 'open' : payment.state, action: event.action };
    case 'PaymentSucceeded':
      return received(payment, event, true);
    case 'SurplusReceived':
      return received(payment, event, false);
    case 'PaymentFailed':
      return { ...payment, state: 'failed', notices: withNotice(payment, event.noticeId), ended: 'failed' };
    case 'PaymentClosed':
      return { ...payment, state: 'closed', notices: withNotice(payment, event.noticeId), ...(event.noticeId !== undefined && { ended: 'closed' }) };
    case 'NoticeNoted':
      return { ...payment, notices: withNotice(payment, event.noticeId) };
    case 'ReceiptSettled':
      return { ...payment, receipts: payment.receipts.map((receipt) => (receipt.n === event.n ? { ...receipt, settled: true } : receipt)) };
  }
};
const received = (payment: KnownPayment, { n, noticeId, transactionId, receivedMinor, currency, at }: Receipt, exact: boolean): KnownPayment => ({
  ...payment, state: exact || payment.state === 'paid' ? 'paid' : 'mismatched', notices: withNotice(payment, noticeId),
  receipts: [...payment.receipts, { n, noticeId, transactionId, receivedMinor, currency, at, exact, settled: false }],
});
const withNotice = ({ notices }: KnownPayment, noticeId: string | undefined): ReadonlySet<string> => (noticeId === undefined ? notices : new Set(notices).add(noticeId));

/** What a buyer pays, and that it counts once. */
export const paymentDecider: Decider<Payment, PaymentCommand, PaymentEvent, PaymentRejection> = { decide, evolve, initial: noPayment };
