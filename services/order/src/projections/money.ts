import type { ProjectedMeta, Projection } from '@vouchsafe/read-store';
import type { ChargebackEvent } from '../domain/chargeback.js';
import type { PaymentEvent } from '../domain/payment.js';
import type { RefundEvent } from '../domain/refund.js';

/** What payments and refunds are found by; everything else of one is read from its stream. */
export type ListedMoney = { readonly channelId: string; readonly orderId: string; readonly createdAt: number; readonly state: string };
const idOf = ({ stream }: ProjectedMeta): string => stream.slice(stream.indexOf('-') + 1);
const INDEXES = [{ fields: ['channelId', 'createdAt'] }, { fields: ['createdAt', 'state'] }, { fields: ['orderId'] }];

/** Answers ListPayments. */
export const paymentsList: Projection<PaymentEvent, ListedMoney> = {
  collection: { name: 'payments_v1', indexes: INDEXES },
  idsOf: (_event, meta) => [idOf(meta)],
  apply: (payment, event) => {
    switch (event.type) {
      case 'PaymentRequested':
        return { channelId: event.channelId, orderId: event.orderId, createdAt: event.at, state: 'PENDING' };
      case 'PaymentOffered':
        return payment && (payment.state === 'PENDING' ? { ...payment, state: 'OPEN' } : payment);
      case 'PaymentSucceeded':
        return payment && { ...payment, state: 'PAID' };
      case 'SurplusReceived':
        return payment && (payment.state === 'PAID' ? payment : { ...payment, state: 'MISMATCHED' });
      case 'PaymentFailed':
        return payment && { ...payment, state: 'FAILED' };
      case 'PaymentClosed':
        return payment && { ...payment, state: 'CLOSED' };
      case 'NoticeNoted':
      case 'ReceiptSettled':
        return payment;
    }
  },
};

/** Answers ListRefunds; STUCK is a person's queue. */
export const refundsList: Projection<RefundEvent, ListedMoney> = {
  collection: { name: 'refunds_v1', indexes: INDEXES },
  idsOf: (_event, meta) => [idOf(meta)],
  apply: (refund, event) => {
    switch (event.type) {
      case 'RefundRequested':
        return { channelId: event.channelId, orderId: event.orderId, createdAt: event.at, state: 'PENDING' };
      case 'UnitsVoided':
      case 'RefundValued':
        return refund;
      case 'PaybackBegun':
        return refund && { ...refund, state: 'PAYING_BACK' };
      case 'PaybackStuck':
        return refund && { ...refund, state: 'STUCK' };
      case 'RefundSettled':
        return refund && { ...refund, state: event.end };
    }
  },
};

/** Something a job has to look at, and how many parts of it are open. Woken at start, and every now and then while it is open. */
export type OpenJob = { readonly dueAt: number; readonly pending: number };
const openJobs = (name: string) => ({ name, indexes: [{ fields: ['dueAt'] }] });
/** Jobs run by themselves; this is for those a dead process left behind. */
const SAFETY_MS = 60_000;

/** Payments with receipts that are not handed over yet, or whose end the order was not told. */
export const openPayments: Projection<PaymentEvent, OpenJob> = {
  collection: openJobs('payment_deadlines_v1'),
  idsOf: (_event, meta) => [idOf(meta)],
  apply: (open, event) => {
    switch (event.type) {
      case 'PaymentSucceeded':
      case 'SurplusReceived':
        return { dueAt: event.at + SAFETY_MS, pending: (open?.pending ?? 0) + 1 };
      case 'ReceiptSettled':
        return open && open.pending > 1 ? { ...open, pending: open.pending - 1 } : undefined;
      case 'PaymentRequested':
      case 'PaymentOffered':
      case 'PaymentFailed':
      case 'PaymentClosed':
      case 'NoticeNoted':
        return open;
    }
  },
};

export const openRefunds: Projection<RefundEvent, OpenJob> = {
  collection: openJobs('refund_deadlines_v1'),
  idsOf: (_event, meta) => [idOf(meta)],
  apply: (_open, event) => {
    if (event.type === 'RefundSettled') return undefined;
    return { dueAt: event.at + SAFETY_MS, pending: 0 };
  },
};

export const openChargebacks: Projection<ChargebackEvent, OpenJob> = {
  collection: openJobs('chargeback_deadlines_v1'),
  idsOf: (_event, meta) => [idOf(meta)],
  apply: (open, event) => {
    switch (event.type) {
      case 'ChargebackRaised':
        return { dueAt: event.at + SAFETY_MS, pending: 0 };
      case 'ChargebackDecided':
        return { dueAt: event.at + SAFETY_MS, pending: 1 };
      // Until it is decided nothing is to be done.
      case 'ChargebackUnitsVoided':
        return open && open.pending > 0 ? open : undefined;
      case 'ChargebackClosed':
        return undefined;
    }
  },
};
