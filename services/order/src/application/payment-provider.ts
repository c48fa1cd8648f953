import type { Instant, Money } from '@vouchsafe/kernel';

/** How a buyer pays: a page to open, a code to show, parameters for the provider's SDK. */
export type PaymentAction = { readonly kind: 'url' | 'qr' | 'params'; readonly value: string };

export type CreatePayment = {
  readonly paymentId: string;
  /** The channel's order number, for the buyer's statement. */
  readonly reference: string;
  readonly amount: Money;
  readonly expiresAt: Instant;
};
/** What the provider knows of a payment. `unknown`: it gave no clear answer; ask again. */
export type ProviderPayment =
  | { readonly status: 'unpaid' | 'closed' | 'failed' | 'unknown' }
  | { readonly status: 'paid'; readonly transactionId: string; readonly received: Money; readonly paidAt: Instant };
/** `pending` and `unknown` are asked about again; only `succeeded` and `failed` are final. */
export type ProviderRefund = { readonly status: 'succeeded' | 'failed' | 'pending' | 'unknown'; readonly reason?: string };

/** A notice whose signature was good. `noticeId` is the provider's event id, kept for ever. */
export type Notice = { readonly noticeId: string; readonly merchantId: string; readonly paymentId: string; readonly at: Instant } & (
  | { readonly kind: 'paid'; readonly transactionId: string; readonly received: Money }
  | { readonly kind: 'failed' | 'closed'; readonly reason?: string }
  | { readonly kind: 'refunded'; readonly refundId: string; readonly amount: Money; readonly status: 'succeeded' | 'failed'; readonly reason?: string }
  | { readonly kind: 'charged_back'; readonly chargebackId: string; readonly amount: Money; readonly fee: Money }
  | { readonly kind: 'chargeback_won' | 'chargeback_lost'; readonly chargebackId: string }
);
export type VerifiedNotice = { readonly ok: true; readonly notice: Notice } | { readonly ok: false; readonly code: 'NOTICE_FORGED' | 'NOTICE_STALE' | 'NOTICE_MALFORMED' };
export type SignedNotice = { readonly body: Uint8Array; readonly timestamp: string; readonly signature: string };

/**
 * A payment provider. Every method may reject with a Fault (unreachable, unclear): the caller asks again. `create`, `close`
 * and `refund` are idempotent by our ids.
 */
export interface PaymentProvider {
  readonly name: string;
  /** Our account there; a notice for another one does not count. */
  readonly merchantId: string;
  /** A sandbox provider cannot be composed into `live`. */
  readonly sandbox: boolean;
  create(request: CreatePayment): Promise<{ readonly providerRef: string; readonly action: PaymentAction }>;
  query(paymentId: string): Promise<ProviderPayment>;
  /** Takes no money for it any more; answers what is true then (it may have been paid just before). */
  close(paymentId: string): Promise<ProviderPayment>;
  refund(request: { readonly refundId: string; readonly paymentId: string; readonly amount: Money }): Promise<ProviderRefund>;
  queryRefund(request: { readonly refundId: string; readonly paymentId: string }): Promise<ProviderRefund>;
  /** Checks signature and age of a notice; pure. */
  verifyNotice(signed: SignedNotice, at: Instant): VerifiedNotice;
}
