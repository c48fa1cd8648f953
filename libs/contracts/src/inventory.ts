import { amount, eventCodec, int, list, optional, record, text, time, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';
import { commandContract } from './command.js';
import { costedRange, presentation, supplierTerms, unitRange } from './common.js';

const target = 'inventory';
type OfProduct = { readonly productId: string };
const keyOf = ({ productId }: OfProduct): string => productId;

/** Takes units out of what is free, and counts them against quota and buyer limit. Lapses at `notAfter`; held until `heldUntil`. */
export const reserveVouchers = commandContract({
  target, name: 'ReserveVouchers', keyOf,
  command: record({
    reservationId: text(), productId: text(), orderId: text(), lineId: text(), channelId: text(), listingId: text(),
    quantity: int,
    /** Units this listing may sell in all, if limited. */
    quota: optional(int),
    buyerToken: optional(text()), buyerLimit: optional(int),
    /** Only units usable at least until then. */
    minValidUntil: optional(time),
    notAfter: time, heldUntil: time,
  }),
  result: record({}),
  rejections: ['OUT_OF_STOCK', 'QUOTA_SPENT', 'BUYER_LIMIT_REACHED', 'TOO_LATE', 'POOL_HELD', 'RESERVATION_ID_REUSED'],
});
/** Makes a reservation's units the order's. Idempotent by reservation; the answer names the units and what they cost. */
export const commitReservation = commandContract({
  target, name: 'CommitReservation', keyOf,
  command: record({ reservationId: text(), productId: text() }),
  result: record({ ranges: list(costedRange) }),
  rejections: ['RESERVATION_UNKNOWN', 'RESERVATION_EXPIRED', 'RESERVATION_RELEASED', 'POOL_HELD'],
});
/** Undoes a reservation, open or committed (before the pivot only). Idempotent. An unknown one is remembered until `notAfter`, so a late reserve fails. */
export const releaseReservation = commandContract({
  target, name: 'ReleaseReservation', keyOf,
  command: record({ reservationId: text(), productId: text(), notAfter: time, reason: text() }),
  result: record({}),
  rejections: [],
});
/** Puts undisclosed, refunded units back on sale. Idempotent by refund; units must be out under that reservation. */
export const returnUnits = commandContract({
  target, name: 'ReturnUnits', keyOf,
  command: record({ refundId: text(), reservationId: text(), productId: text(), ranges: list(unitRange) }),
  result: record({}),
  rejections: ['RESERVATION_UNKNOWN', 'UNITS_NOT_OUT'],
});

const batchCompleted = record({
  batchId: text(), productId: text(), supplierId: text(), bookId: text(), businessLine: text(), terms: supplierTerms, presentation,
  quantity: int, cost: amount, inputTax: amount,
  /** Paid out of an advance to the supplier (else a payable arises). */
  fromPrepayment: optional(int),
});
const stockLost = record({
  factId: text(), batchId: text(), productId: text(), supplierId: text(), bookId: text(), businessLine: text(), terms: supplierTerms, presentation,
  quantity: int, cost: amount, inputTax: amount,
  /** 1: the supplier takes it back. */
  returnable: int,
  reason: text(),
});
const stockAvailability = record({ productId: text(), free: int });
export type InventoryIntegrationEvent =
  | Message<'BatchCompleted', TypeOf<typeof batchCompleted>>
  | Message<'StockLost', TypeOf<typeof stockLost>>
  | Message<'StockAvailable', TypeOf<typeof stockAvailability>>
  | Message<'StockExhausted', TypeOf<typeof stockAvailability>>
  | Message<'StockLow', TypeOf<typeof stockAvailability>>;

/** What others hear from inventory. */
export const inventoryEvents = eventCodec<InventoryIntegrationEvent>('inventory', {
  BatchCompleted: { version: 1, shape: batchCompleted, published: true },
  StockLost: { version: 1, shape: stockLost, published: true },
  StockAvailable: { version: 1, shape: stockAvailability, published: true },
  StockExhausted: { version: 1, shape: stockAvailability, published: true },
  StockLow: { version: 1, shape: stockAvailability, published: true },
});
