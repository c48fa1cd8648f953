import { accept, type Decider, type Decision, type Instant, type Of, reject } from '@vouchsafe/kernel';
import { lapsed, recall } from './pending.js';
import { expiredOn, onShelf, pick, quantityOf, shared } from './shelf.js';
import { emptyStock, evolve, partsOut } from './stock-evolve.js';
import { bringBack, lossesOf, withNews } from './stock-losses.js';
import type { Claim, OpenReservation, Stock, StockCommand, StockEvent, StockRejection, Units } from './stock-types.js';

/**
 * Unsold vouchers of one product: received, reserved, committed, given back, lost. Stream `pool-<product>_<shard>`. What it
 * forgot (answers older than their commands' horizon) the asker brings along as `known`, read from the pool's own past.
 */
export const decide = (command: StockCommand, stock: Stock): Verdict => {
  const at = command.at > stock.now ? command.at : stock.now; // a clock that jumped back must not revive what lapsed
  switch (command.type) {
    case 'ReceiveBatch': return receive(command, stock, at);
    case 'ReserveVouchers': return reserve(command, stock, at);
    case 'CommitReservation': return commit(command, stock, at);
    case 'ReleaseReservation': return release(command, stock, at);
    case 'SweepReservations': return news(stock, expire(lapsed(stock.due, stock.open, at, SWEEP_MAX), at));
    case 'ReturnUnits': return giveBack(command, stock, at);
    case 'ExpireStock': return news(stock, lossesOf(stock, expiredOn(stock.shelf, at), 'expired', at));
    case 'RecallBatch': return recallBatch(command, stock, at);
    case 'VoidUnits': return news(stock, withdraw(stock, command.ranges, 'voided', at, command.reason));
    case 'ExportUnits': return exportUnits(command, stock, at);
    case 'HoldPool': return hold(command, stock, at);
    case 'ReleasePoolHold': return releaseHold(command, stock, at);
  }
};

type Verdict = Decision<StockEvent, StockRejection>;
/** Reservations one sweep lets lapse, at most; the next sweep takes the rest. */
const SWEEP_MAX = 256;

const news = (stock: Stock, events: readonly StockEvent[]): Verdict => ({ ok: true, events: withNews(stock, events) });

const receive = (command: Of<StockCommand, 'ReceiveBatch'>, stock: Stock, at: Instant): Verdict => {
  const { batchId, productId, terms, segments, lowStockAt } = command;
  const known = stock.batches.get(batchId);
  if (known) return known.quantity === quantityOf(segments) ? accept() : reject('BATCH_DIFFERS');
  return news(stock, [{ type: 'StockReceived', batchId, productId, terms, segments, quantity: quantityOf(segments), lowStockAt, at }]);
};

const reserve = (command: Of<StockCommand, 'ReserveVouchers'>, stock: Stock, at: Instant): Verdict => {
  const { claim, quantity, minValidUntil, notAfter, heldUntil } = command;
  const before = reservedBefore(command, stock);
  if (before) return before;
  if (at > notAfter) return reject('TOO_LATE'); // asked only now: what exists, exists however late the question
  if (stock.heldEpoch !== undefined) return reject('POOL_HELD');
  if (isOverQuota(command, stock)) return reject('QUOTA_SPENT');
  const ranges = pick(stock.shelf, quantity, at, minValidUntil);
  if (!ranges) return scarce(command, stock, at);
  return news(stock, [{ type: 'VouchersReserved', claim, quantity, ranges, heldUntil, notAfter, at }]);
};
/** The answer where the id was used before: the asker minted it, so the same ask again is a retry of an answer that got lost. */
const reservedBefore = ({ claim, quantity }: Of<StockCommand, 'ReserveVouchers'>, stock: Stock): Verdict | undefined => {
  const open = stock.open.get(claim.reservationId);
  if (open) return isSame(open, claim, quantity) ? accept() : reject('RESERVATION_ID_REUSED');
  const closed = recall(stock.memory, claim.reservationId);
  if (!closed) return undefined;
  return closed.kind === 'committed' && isSame(closed, claim, quantity) ? accept() : reject('RESERVATION_ID_REUSED', { state: closed.kind });
};
const isSame = (as: { readonly quantity: number; readonly claim: Claim }, claim: Claim, quantity: number): boolean =>
  as.quantity === quantity && as.claim.orderId === claim.orderId;
/** Listings without a quota say nothing, or zero. */
const isOverQuota = ({ claim, quantity, quota }: Of<StockCommand, 'ReserveVouchers'>, { quotas }: Stock): boolean =>
  !!quota && (quotas.get(claim.listingId) ?? 0) + quantity > quota;
/** Before anybody is told "out of stock", what lapsed is taken back. */
const scarce = (command: Of<StockCommand, 'ReserveVouchers'>, stock: Stock, at: Instant): Verdict => {
  const lapse = expire(lapsed(stock.due, stock.open, at, SWEEP_MAX), at);
  if (lapse.length === 0) return reject('OUT_OF_STOCK', { free: String(stock.shelf.free) });
  const decision = decide(command, lapse.reduce(evolve, stock));
  return decision.ok ? accept(...lapse, ...decision.events) : decision;
};

const commit = ({ reservationId }: Of<StockCommand, 'CommitReservation'>, stock: Stock, at: Instant): Verdict => {
  const open = stock.open.get(reservationId);
  if (!open) return committedBefore(stock, reservationId);
  if (stock.heldEpoch !== undefined) return reject('POOL_HELD');
  // Lapsing is recorded at once, so that no later commit with an older clock can still win.
  if (at > open.heldUntil) return news(stock, expire([open], at));
  return accept({ type: 'ReservationCommitted', claim: open.claim, quantity: open.quantity, ranges: open.ranges, at } as const);
};
const committedBefore = (stock: Stock, reservationId: string): Verdict => {
  const closed = recall(stock.memory, reservationId);
  switch (closed?.kind) {
    case 'committed': return accept();
    case 'expired': return reject('RESERVATION_EXPIRED');
    case 'released': return reject('RESERVATION_RELEASED');
    case 'returned':
    case 'exported':
    case undefined: return reject('RESERVATION_UNKNOWN');
  }
};

const release = (command: Of<StockCommand, 'ReleaseReservation'>, stock: Stock, at: Instant): Verdict => {
  const { reservationId, notAfter, reason, known } = command;
  const open = stock.open.get(reservationId);
  if (open) return news(stock, [freed(open, reason, at)]);
  const closed = recall(stock.memory, reservationId);
  const sale = closed?.kind === 'committed' ? closed : known;
  if (closed && closed.kind !== 'committed') return accept();
  if (!sale) return at > notAfter ? accept() : accept({ type: 'ReleaseRemembered', reservationId, notAfter, at } as const);
  if (!closed && known && known.asOf !== stock.giveBacks) return reject('HISTORY_STALE');
  if (sale.out.length === 0) return accept();
  return news(stock, bringBack(stock, { type: 'ReservationReleased', claim: sale.claim, quantity: quantityOf(sale.out), ranges: sale.out, was: 'committed', reason, notAfter, at }));
};
const freed = ({ claim, quantity, ranges, notAfter }: OpenReservation, reason: string, at: Instant): StockEvent => ({
  type: 'ReservationReleased', claim, quantity, ranges, was: 'open', reason, notAfter, at,
});

const expire = (reservations: readonly OpenReservation[], at: Instant): readonly StockEvent[] => {
  if (reservations.length === 0) return [];
  const expired = reservations.map(({ claim, quantity }) => ({ claim, quantity }));
  return [{ type: 'ReservationsExpired', expired, quantity: expired.reduce((n, { quantity }) => n + quantity, 0), at }];
};

const giveBack = (command: Of<StockCommand, 'ReturnUnits'>, stock: Stock, at: Instant): Verdict => {
  const { refundId, reservationId, ranges, known } = command;
  if (recall(stock.memory, refundId)?.kind === 'returned') return accept();
  const closed = recall(stock.memory, reservationId);
  if (!closed && known && known.asOf !== stock.giveBacks) return reject('HISTORY_STALE');
  if (closed && closed.kind !== 'committed') return reject('UNITS_NOT_OUT', { state: closed.kind });
  const sale = closed ?? known;
  if (!sale) return reject('RESERVATION_UNKNOWN');
  const parts = partsOut(sale.out, ranges);
  if (!parts) return reject('UNITS_NOT_OUT');
  return news(stock, bringBack(stock, { type: 'UnitsReturned', refundId, claim: sale.claim, quantity: quantityOf(parts), ranges: parts, at }));
};

const recallBatch = ({ batchId, reason }: Of<StockCommand, 'RecallBatch'>, stock: Stock, at: Instant): Verdict => {
  const batch = stock.batches.get(batchId);
  if (!batch) return reject('BATCH_UNKNOWN');
  if (batch.recalled) return accept();
  const all = { batchId, from: 0, to: Number.MAX_SAFE_INTEGER };
  return news(stock, [{ type: 'BatchRecalled', batchId, reason, at }, ...withdraw(stock, [all], 'recalled', at, reason)]);
};

/** Takes `cuts` off sale: reservations that hold some are freed first, then what is free leaves stock. Units sold or gone are passed over. */
const withdraw = (stock: Stock, cuts: readonly Units[], why: 'recalled' | 'voided' | 'restored', at: Instant, note?: string): readonly StockEvent[] => {
  const hit = (range: Units): readonly Units[] => cuts.flatMap((cut) => shared(range, cut) ?? []);
  const releases: StockEvent[] = [];
  for (const open of stock.open.values()) if (open.ranges.some((range) => hit(range).length > 0)) releases.push(freed(open, why, at));
  const after = releases.reduce(evolve, stock);
  return [...releases, ...lossesOf(after, onShelf(after.shelf, hit), why, at, note)];
};

const exportUnits = ({ exportId, ranges }: Of<StockCommand, 'ExportUnits'>, stock: Stock, at: Instant): Verdict => {
  if (recall(stock.memory, exportId)?.kind === 'exported') return accept();
  if (stock.heldEpoch !== undefined) return reject('POOL_HELD');
  const free = onShelf(stock.shelf, (range) => ranges.flatMap((cut) => shared(range, cut) ?? []));
  return quantityOf(free) === quantityOf(ranges) ? news(stock, lossesOf(stock, free, 'exported', at, exportId)) : reject('UNITS_NOT_FREE');
};

const hold = ({ epoch }: Of<StockCommand, 'HoldPool'>, stock: Stock, at: Instant): Verdict =>
  epoch <= stock.reconciledEpoch || (stock.heldEpoch ?? -1) >= epoch ? accept() : accept({ type: 'PoolHeld', epoch, at } as const);

const releaseHold = ({ epoch, writeOff }: Of<StockCommand, 'ReleasePoolHold'>, stock: Stock, at: Instant): Verdict => {
  if (stock.heldEpoch === undefined) return accept();
  if (stock.heldEpoch !== epoch) return reject('POOL_HELD', { epoch: String(stock.heldEpoch) });
  return news(stock, [...withdraw(stock, writeOff, 'restored', at), { type: 'PoolHoldReleased', epoch, at }]);
};

export const stock: Decider<Stock, StockCommand, StockEvent, StockRejection> = { decide, evolve, initial: emptyStock };
