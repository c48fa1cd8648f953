import { hash } from 'node:crypto';
import { type Namespace, uuidv5 } from '@vouchsafe/runtime';

/** An order's id follows from its number (RULES, Orders): the same number always means the same order. */
export const orderIdOf = (namespace: Namespace, channelId: string, number: string): string => `ord_${uuidv5(`order/${namespace}/${channelId}/${number}`)}`;
export const orderStream = (orderId: string): string => `order-${orderId}`;
/** The order whose stream it is. */
export const orderOfStream = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

const body = (orderId: string): string => orderId.slice(orderId.indexOf('_') + 1);
/** Reservation of a line; a revival reserves anew under another name. */
export const reservationIdOf = (orderId: string, lineId: string, revived: boolean): string => `rsv_${body(orderId)}.${lineId}${revived ? 'r' : ''}`;
export const deliveryIdOf = (orderId: string, lineId: string): string => `dlv_${body(orderId)}.${lineId}`;
export const paymentIdOf = (orderId: string): string => `pay_${body(orderId)}`;
export const orderOfPayment = (paymentId: string): string => `ord_${body(paymentId)}`;
/** Refund asked for under a request id. */
export const refundIdOf = (orderId: string, requestId: string): string => `rfd_${uuidv5(`refund/${orderId}/${requestId}`)}`;
/** Refund that comes by itself: `undelivered`, or `receipt<n>` of a payment. */
export const ownRefundIdOf = (orderId: string, cause: string): string => `rfd_${body(orderId)}.${cause}`;
/** The verdict about an order's body: one per (order, fingerprint), as its stream is named (ARCHITECTURE §2). */
export const verdictIdOf = (orderId: string, fingerprint: string): string =>
  `vdt_${body(orderId)}.${fingerprint.includes('_') ? fingerprint.replaceAll('_', '~') : fingerprint}`;
export const chargebackIdOf = (namespace: Namespace, provider: string, theirs: string): string => `cbk_${uuidv5(`chargeback/${namespace}/${provider}/${theirs}`)}`;

/**
 * Fingerprint of parsed business fields in their fixed order: 128 bits of SHA-256 over their JSON. Personal values come as tokens
 * only. Frozen with the order of the fields: an order's repeat is known by it, for ever.
 */
export const fingerprintOfBody = (fields: readonly unknown[]): string =>
  hash('sha256', JSON.stringify(hasBig(fields) ? withoutBig(fields) : fields), 'base64url').slice(0, FINGERPRINT_CHARS);
/** Amounts are decimal strings in it. Most bodies have none. */
const hasBig = (value: unknown): boolean => typeof value === 'bigint' || (Array.isArray(value) && value.some(hasBig));
const withoutBig = (value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : Array.isArray(value) ? value.map(withoutBig) : value);
const FINGERPRINT_CHARS = 22;
