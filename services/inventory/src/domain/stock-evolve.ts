import { type Instant, instant, type Of, PersistentMap } from '@vouchsafe/kernel';
import { age, closeDue, keep, noMemory, noteDue, recall } from './pending.js';
import { emptyShelf, put, quantityOf, shared, take, without } from './shelf.js';
import type { Closed, OpenReservation, Stock, StockEvent, Units } from './stock-types.js';

export const emptyStock: Stock = {
  productId: '', shelf: emptyShelf, reserved: 0, sold: 0, lost: 0, batches: new Map(), open: PersistentMap.empty(), due: PersistentMap.empty(), memory: noMemory,
  quotas: PersistentMap.empty(), lowStockAt: 0, heldEpoch: undefined, reconciledEpoch: 0, giveBacks: 0, losses: 0, revision: -1, now: instant(0),
};

/** How long the answer to a commit or a return is kept in memory; later ones are looked up in the pool's past. */
const ANSWER_MS = 30_000;
/** An export's answer may get lost with the codes in it: it can be asked for again this long. */
const EXPORT_MS = 24 * 3_600_000;

/** What every order does twice is done in one step; all else by the way. */
export const evolve = (before: Stock, event: StockEvent): Stock => {
  switch (event.type) {
    case 'VouchersReserved': return reserved(before, event);
    case 'ReservationCommitted': return committed(before, event);
    default: return changed({ ...before, revision: before.revision + 1 }, event);
  }
};
const changed = (stock: Stock, event: Exclude<StockEvent, { type: 'VouchersReserved' | 'ReservationCommitted' }>): Stock => {
  switch (event.type) {
    case 'StockReceived': return received(stock, event);
    case 'ReservationReleased': return released(seen(stock, event.at), event);
    case 'ReleaseRemembered': return { ...stock, now: later(stock, event.at), memory: keep(stock.memory, event.reservationId, { kind: 'released' }, event.notAfter) };
    case 'ReservationsExpired': return expired(seen(stock, event.at), event);
    case 'UnitsReturned': return returned(seen(stock, event.at), event);
    case 'BatchRecalled': return { ...stock, now: later(stock, event.at), batches: recalled(stock, event.batchId) };
    case 'UnitsLost': return lost(stock, event);
    case 'PoolHeld': return { ...stock, now: later(stock, event.at), heldEpoch: event.epoch };
    case 'PoolHoldReleased': return { ...stock, now: later(stock, event.at), heldEpoch: undefined, reconciledEpoch: event.epoch };
    case 'StockAvailable':
    case 'StockExhausted':
    case 'StockLow': return stock;
  }
};

const later = (stock: Stock, at: Instant): Instant => (at > stock.now ? at : stock.now);
const seen = (stock: Stock, at: Instant): Stock => ({ ...stock, now: later(stock, at), memory: age(stock.memory, later(stock, at)) });

const received = (stock: Stock, { batchId, productId, terms, segments, quantity, lowStockAt, at }: Of<StockEvent, 'StockReceived'>): Stock => ({
  ...stock, productId, lowStockAt, now: later(stock, at),
  shelf: put(stock.shelf, segments, 'last'),
  batches: new Map(stock.batches).set(batchId, { terms, quantity, recalled: false, holes: [] }),
});
const recalled = ({ batches }: Stock, batchId: string): Stock['batches'] =>
  new Map([...batches].map(([id, batch]) => [id, id === batchId ? { ...batch, recalled: true } : batch]));

const counted = (stock: Stock, listingId: string, by: number): Stock['quotas'] => stock.quotas.set(listingId, (stock.quotas.get(listingId) ?? 0) + by);

const reserved = (stock: Stock, event: Of<StockEvent, 'VouchersReserved'>): Stock => {
  const { claim, quantity, ranges, heldUntil, notAfter } = event;
  const now = later(stock, event.at);
  return {
    ...stock, revision: stock.revision + 1, now, memory: age(stock.memory, now),
    shelf: take(stock.shelf, ranges), reserved: stock.reserved + quantity,
    open: stock.open.set(claim.reservationId, { claim, quantity, ranges, heldUntil, notAfter }),
    due: noteDue(stock.due, claim.reservationId, heldUntil),
    quotas: counted(stock, claim.listingId, quantity),
  };
};

const closed = (stock: Stock, id: string, open: OpenReservation, answer: Closed): Pick<Stock, 'open' | 'due' | 'memory' | 'reserved'> => ({
  open: stock.open.delete(id),
  due: closeDue(stock.due, open.heldUntil),
  memory: keep(stock.memory, id, answer, Math.max(open.notAfter, stock.now + ANSWER_MS)),
  reserved: stock.reserved - open.quantity,
});

const committed = (stock: Stock, { claim, quantity, ranges, at }: Of<StockEvent, 'ReservationCommitted'>): Stock => {
  const { reservationId } = claim;
  const { notAfter, heldUntil, quantity: held } = stock.open.get(reservationId)!;
  const revision = stock.revision + 1;
  const now = later(stock, at);
  return {
    ...stock, revision, now, sold: stock.sold + quantity, reserved: stock.reserved - held,
    open: stock.open.delete(reservationId), due: closeDue(stock.due, heldUntil),
    memory: keep(age(stock.memory, now), reservationId, { kind: 'committed', claim, quantity, ranges, out: ranges, revision }, Math.max(notAfter, now + ANSWER_MS)),
  };
};

const released = (stock: Stock, event: Of<StockEvent, 'ReservationReleased'>): Stock => {
  const { claim, quantity, ranges, was, notAfter } = event;
  const back = { ...stock, shelf: put(stock.shelf, ranges, 'first'), quotas: counted(stock, claim.listingId, -quantity) };
  if (was === 'open') return { ...back, ...closed(stock, claim.reservationId, stock.open.get(claim.reservationId)!, { kind: 'released' }) };
  const memory = keep(stock.memory, claim.reservationId, { kind: 'released' }, Math.max(notAfter, stock.now + ANSWER_MS));
  return { ...back, sold: stock.sold - quantity, giveBacks: stock.giveBacks + 1, memory };
};

const expired = (stock: Stock, event: Of<StockEvent, 'ReservationsExpired'>): Stock => {
  let next = stock;
  for (const { claim, quantity } of event.expired) {
    const open = next.open.get(claim.reservationId)!;
    next = {
      ...next, shelf: put(next.shelf, open.ranges, 'first'), quotas: counted(next, claim.listingId, -quantity),
      ...closed(next, claim.reservationId, open, { kind: 'expired' }),
    };
  }
  return next;
};

const returned = (stock: Stock, { refundId, claim, quantity, ranges }: Of<StockEvent, 'UnitsReturned'>): Stock => {
  const answer = recall(stock.memory, claim.reservationId);
  const until = stock.now + ANSWER_MS;
  let memory = keep(stock.memory, refundId, { kind: 'returned' }, until);
  if (answer?.kind === 'committed') memory = keep(memory, claim.reservationId, { ...answer, out: stillOut(answer.out, ranges) }, until);
  return {
    ...stock, memory, shelf: put(stock.shelf, ranges, 'first'), sold: stock.sold - quantity,
    quotas: counted(stock, claim.listingId, -quantity), giveBacks: stock.giveBacks + 1,
  };
};
/** `out` without what came back. */
export const stillOut = (out: readonly Units[], back: readonly Units[]): readonly Units[] =>
  back.reduce((left, cut) => left.flatMap((range) => without(range, cut)), out);
/** The parts of `out` that `ranges` name, with their expiry; undefined unless all of `ranges` is out, each unit named once. */
export const partsOut = (out: readonly Units[], ranges: readonly Units[]): readonly Units[] | undefined => {
  const parts = ranges.flatMap((range) => out.flatMap((held) => shared(held, range) ?? []));
  const left = stillOut(out, ranges);
  return quantityOf(parts) === quantityOf(ranges) && quantityOf(out) - quantityOf(left) === quantityOf(ranges) ? parts : undefined;
};

const lost = (stock: Stock, { batchId, ranges, quantity, reason, note, at }: Of<StockEvent, 'UnitsLost'>): Stock => {
  const batch = stock.batches.get(batchId)!;
  const next = { ...stock, now: later(stock, at), shelf: take(stock.shelf, ranges), lost: stock.lost + quantity, losses: stock.losses + 1 };
  const batches = new Map(stock.batches).set(batchId, { ...batch, holes: joined([...batch.holes, ...ranges]) });
  const memory = reason === 'exported' && note !== undefined ? keep(stock.memory, note, { kind: 'exported' }, next.now + EXPORT_MS) : stock.memory;
  return { ...next, batches, memory };
};
const joined = (ranges: readonly Units[]): readonly Units[] => {
  const out: Units[] = [];
  for (const { batchId, from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = out[out.length - 1];
    if (last?.to === from) out[out.length - 1] = { ...last, to };
    else out.push({ batchId, from, to });
  }
  return out;
};
