import { amount, big, bool, type EventCodec, eventCodec, int, list, millis, oneOf, optional, record, type Shape, tagged, text, unitRow } from '@vouchsafe/codec';
import { presentation, supplierTerms } from '@vouchsafe/contracts';
import { instant, totalSize } from '@vouchsafe/kernel';
import type { BatchEvent, ColumnName } from '../domain/batch.js';
import type { BuyerLimitEvent } from '../domain/buyer-limit.js';
import type { Claim, LostReason, StockEvent, Units } from '../domain/stock-types.js';

export const units = record({ batchId: text(), from: int, to: int, validUntil: optional(millis) });
export const terms = record({
  supplierId: text(), terms: supplierTerms, presentation, unitCostMicros: big, unitTaxMicros: big, currency: text(),
  bookId: text(), businessLine: text(), returnable: bool,
});
export const claim = record({ reservationId: text(), orderId: text(), lineId: text(), channelId: text(), listingId: text(), buyerToken: optional(text()) });

/** A claim in an event: every order has several. A reservation named after its order's line, as usual, is not named again. */
const short = record({ reservationId: optional(text()), orderId: text(), lineId: text(), channelId: text(), listingId: text(), buyerToken: optional(text()) });
const usualId = (orderId: string, lineId: string): string => `rsv_${orderId.slice(orderId.indexOf('_') + 1)}.${lineId}`;
const shortClaim: Shape<Claim> = {
  write: ({ reservationId, orderId, lineId, channelId, listingId, buyerToken }) =>
    short.write({ reservationId: reservationId === usualId(orderId, lineId) ? undefined : reservationId, orderId, lineId, channelId, listingId, buyerToken }),
  read: (json, path) => {
    const { reservationId, ...rest } = short.read(json, path);
    return { reservationId: reservationId ?? usualId(rest.orderId, rest.lineId), ...rest };
  },
};
/** Ranges as rows `[batch, from, to, valid until]`. */
const ranges = list(unitRow<Units>({ write: ({ validUntil }) => validUntil, read: (validUntil) => ({ validUntil: instant(validUntil) }) }));
/** How many units an event is about, its ranges say. */
const counted = <E extends { readonly ranges: readonly Units[] }>(shape: Shape<E>): Shape<E & { readonly quantity: number }> => ({
  write: (event) => shape.write(event),
  read: (json, path) => {
    const event = shape.read(json, path);
    return { ...event, quantity: totalSize(event.ranges) };
  },
});
const availability = { version: 1, shape: record({ productId: text(), free: int }), published: true } as const;

/** Stored events of `pool-` streams. */
export const stockCodec: EventCodec<StockEvent> = eventCodec<StockEvent>('inventory', {
  StockReceived: { version: 1, shape: record({ batchId: text(), productId: text(), terms, segments: list(units), quantity: int, lowStockAt: int, at: millis }) },
  VouchersReserved: { version: 1, shape: counted(record({ claim: shortClaim, ranges, heldUntil: millis, notAfter: millis, at: millis })) },
  ReservationCommitted: { version: 1, shape: counted(record({ claim: shortClaim, ranges, at: millis })) },
  ReservationReleased: {
    version: 1, shape: counted(record({ claim: shortClaim, ranges, was: oneOf('open', 'committed'), reason: text(), notAfter: millis, at: millis })),
  },
  ReleaseRemembered: { version: 1, shape: record({ reservationId: text(), notAfter: millis, at: millis }) },
  ReservationsExpired: { version: 1, shape: record({ expired: list(record({ claim: shortClaim, quantity: int })), quantity: int, at: millis }) },
  UnitsReturned: { version: 1, shape: counted(record({ refundId: text(), claim: shortClaim, ranges, at: millis })) },
  BatchRecalled: { version: 1, shape: record({ batchId: text(), reason: text(), at: millis }) },
  UnitsLost: {
    version: 1, published: true,
    shape: record({
      factId: text(), batchId: text(), productId: text(), terms, quantity: int, cost: amount, inputTax: amount,
      reason: oneOf<LostReason>('expired', 'recalled', 'voided', 'restored', 'exported'), note: optional(text()), ranges: list(units), at: millis,
    }),
  },
  PoolHeld: { version: 1, shape: record({ epoch: int, at: millis }) },
  PoolHoldReleased: { version: 1, shape: record({ epoch: int, at: millis }) },
  StockAvailable: availability, StockExhausted: availability, StockLow: availability,
});

/** Stored events of `buyerlimit-` streams. */
export const buyerLimitCodec: EventCodec<BuyerLimitEvent> = eventCodec<BuyerLimitEvent>('inventory', {
  BuyerQuantityTaken: { version: 1, shape: record({ reservationId: text(), productId: text(), quantity: int, notAfter: millis, at: millis }) },
  BuyerQuantityGivenBack: { version: 1, shape: record({ reservationId: text(), giveBackId: text(), quantity: int, at: millis }) },
});

const column = oneOf<ColumnName>('code', 'number', 'expiry', 'ignore');
const source = tagged({
  file: record({ format: record({ encoding: optional(oneOf('UTF8', 'GB18030')), delimiter: optional(text()), header: optional(bool), columns: optional(list(column)) }) }),
  mint: record({ plan: record({ quantity: int, pattern: text(), alphabet: text(), randomBits: int }) }),
});
const plan = record({
  batchId: text(), importId: text(), productId: text(), terms, fromPrepayment: bool, uses: int, validUntil: optional(millis), zone: text(), lowStockAt: int, source,
});
const vault = record({ rows: int, hash: text() });

/** Stored events of `batch-` streams. */
export const batchCodec: EventCodec<BatchEvent> = eventCodec<BatchEvent>('inventory', {
  BatchStarted: { version: 1, shape: record({ plan, at: millis }) },
  ContentFinished: { version: 1, shape: record({ bytes: int, at: millis }) },
  BatchSealed: { version: 1, shape: record({ vault, refused: int, segments: list(units), at: millis }) },
  ImportCompleted: {
    version: 1, published: true, shape: record({ plan, vault, quantity: int, cost: amount, inputTax: amount, segments: list(units), at: millis }),
  },
  ImportAborted: { version: 1, shape: record({ batchId: text(), reason: text(), at: millis }) },
  BatchErased: { version: 1, shape: record({ batchId: text(), reason: text(), at: millis }) },
  ImportSettled: { version: 1, shape: record({ batchId: text(), at: millis }) },
});
