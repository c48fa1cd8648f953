import { instant, type Of } from '@vouchsafe/kernel';
import type { BatchTerms, Claim, StockCommand, StockEvent, Units } from './stock-types.js';

/** Builders of complete, valid stock commands and events, for tests. */
export const T0 = instant(1_790_000_000_000);
export const PRODUCT = 'prd_tea';
export const BATCH = 'bat_a';
export const terms: BatchTerms = {
  supplierId: 'sup_leaf', terms: 'purchased', presentation: 'principal', unitCostMicros: 3_333_333n, unitTaxMicros: 433_333n, currency: 'CNY',
  bookId: 'book_main', businessLine: 'tea', returnable: false,
};
export const units = (from: number, to: number, more: Partial<Units> = {}): Units => ({ batchId: BATCH, from, to, ...more });
export const claim = (n = 1): Claim => ({ reservationId: `rsv_${n}`, orderId: `ord_${n}`, lineId: '1', channelId: 'chn_app', listingId: 'lst_app' });
export const later = (ms: number) => instant(T0 + ms);

export const received = (quantity: number, more: Partial<Of<StockEvent, 'StockReceived'>> = {}): StockEvent => ({
  type: 'StockReceived', batchId: BATCH, productId: PRODUCT, terms, segments: [units(0, quantity)], quantity, lowStockAt: 0, at: T0, ...more,
});
export const reserved = (n: number, ranges: readonly Units[], more: Partial<Of<StockEvent, 'VouchersReserved'>> = {}): StockEvent => ({
  type: 'VouchersReserved', claim: claim(n), quantity: ranges.reduce((sum, { from, to }) => sum + to - from, 0), ranges,
  heldUntil: later(900_000), notAfter: later(60_000), at: T0, ...more,
});
export const committed = (n: number, ranges: readonly Units[]): StockEvent => ({
  type: 'ReservationCommitted', claim: claim(n), quantity: ranges.reduce((sum, { from, to }) => sum + to - from, 0), ranges, at: T0,
});
export const reserve = (n: number, quantity: number, more: Partial<Of<StockCommand, 'ReserveVouchers'>> = {}): StockCommand => ({
  type: 'ReserveVouchers', claim: claim(n), quantity, notAfter: later(60_000), heldUntil: later(900_000), at: T0, ...more,
});
export const commit = (n: number, at = T0): StockCommand => ({ type: 'CommitReservation', reservationId: `rsv_${n}`, at });
export const release = (n: number, at = T0): StockCommand => ({ type: 'ReleaseReservation', reservationId: `rsv_${n}`, notAfter: later(60_000), reason: 'CANCELLED', at });
