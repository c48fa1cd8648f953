import { amountOfRange, type Instant, type Money, type Of, plus } from '@vouchsafe/kernel';
import { quantityOf } from './shelf.js';
import { evolve } from './stock-evolve.js';
import type { BatchTerms, LostReason, Stock, StockEvent, Units } from './stock-types.js';

/** The facts that `ranges` (which lie on the shelf) leave stock, one per batch, with what they cost. */
export const lossesOf = (stock: Stock, ranges: readonly Units[], reason: LostReason, at: Instant, note?: string): readonly StockEvent[] => {
  const byBatch = new Map<string, Units[]>();
  for (const range of ranges) byBatch.set(range.batchId, [...(byBatch.get(range.batchId) ?? []), range]);
  return [...byBatch].map(([batchId, of], i) => {
    const { terms } = stock.batches.get(batchId)!;
    return {
      type: 'UnitsLost', factId: `lost_${batchId}_${stock.losses + i}`, batchId, productId: stock.productId, terms, quantity: quantityOf(of),
      cost: costOf(terms, of, terms.unitCostMicros), inputTax: costOf(terms, of, terms.unitTaxMicros), reason, ranges: of, at,
      ...(note !== undefined && { note }),
    } as const;
  });
};
const costOf = ({ currency }: BatchTerms, ranges: readonly Units[], unitMicros: bigint): Money =>
  ranges.map(({ from, to }) => amountOfRange(unitMicros, from, to, currency)).reduce(plus, { minor: 0n, currency });

/** Units that come back from being out; those of a recalled batch leave stock at once. */
export const bringBack = (stock: Stock, event: Of<StockEvent, 'ReservationReleased' | 'UnitsReturned'>): readonly StockEvent[] => {
  const gone = event.ranges.filter(({ batchId }) => stock.batches.get(batchId)?.recalled);
  return [event, ...lossesOf(stock, gone, 'recalled', event.at)];
};

/** `events`, and what they mean for whoever asks whether there is any: sold out, back again, running low. */
export const withNews = (stock: Stock, events: readonly StockEvent[]): readonly StockEvent[] => {
  const before = stock.shelf.free;
  const after = freeAfter(stock, events);
  if (after > 0 && before > 0 && after > stock.lowStockAt && isReservation(events)) return events; // what nearly every order does is no news
  const { productId } = events.reduce<{ productId: string }>((known, event) => (event.type === 'StockReceived' ? event : known), stock);
  const lowStockAt = events.reduce((known, event) => (event.type === 'StockReceived' ? event.lowStockAt : known), stock.lowStockAt);
  const held = events.some(({ type }) => type === 'PoolHoldReleased');
  if (after > 0 && (before === 0 || held)) return [...events, { type: 'StockAvailable', productId, free: after }];
  if (after === 0 && before > 0) return [...events, { type: 'StockExhausted', productId, free: after }];
  return before > lowStockAt && after <= lowStockAt ? [...events, { type: 'StockLow', productId, free: after }] : events;
};
/** The usual single event is counted, not folded. */
const freeAfter = (stock: Stock, events: readonly StockEvent[]): number => {
  return isReservation(events) ? stock.shelf.free - events[0].quantity : events.reduce(evolve, stock).shelf.free;
};
const isReservation = (events: readonly StockEvent[]): events is readonly [Of<StockEvent, 'VouchersReserved'>] =>
  events.length === 1 && events[0]!.type === 'VouchersReserved';
