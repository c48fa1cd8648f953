import type { Projection } from '@vouchsafe/read-store';
import type { StockEvent } from '../domain/stock-types.js';

/** A product's stock for lists, sweeps and forecasts. */
export type StockCard = {
  readonly productId: string; readonly received: number; readonly free: number; readonly reserved: number; readonly sold: number; readonly lost: number;
  readonly lowStockAt: number; readonly low: boolean; readonly held: boolean; readonly heldEpoch: number;
  /** Expiries of what was received, those already swept left out; the first of them, 0 for none. */
  readonly expiries: readonly number[]; readonly nextExpiry: number;
  /** Units committed per day (epoch day → units), the last eight days. */
  readonly soldByDay: Readonly<Record<string, number>>;
};

const DAY_MS = 86_400_000;
const DAYS_KEPT = 8;
/** Distinct expiries kept; a later look finds those beyond. */
const EXPIRIES_MAX = 2_000;
const none: Omit<StockCard, 'productId'> = {
  received: 0, free: 0, reserved: 0, sold: 0, lost: 0, lowStockAt: 0, low: false, held: false, heldEpoch: 0, expiries: [], nextExpiry: 0, soldByDay: {},
};

/** Product of `pool-<product>_<shard>`. */
export const productOfPool = (stream: string): string => stream.slice('pool-'.length, stream.lastIndexOf('_'));

export const stockCards: Projection<StockEvent, StockCard> = {
  collection: { name: 'stock_v1', indexes: [{ fields: ['reserved'] }, { fields: ['nextExpiry'] }, { fields: ['held'] }, { fields: ['low'] }] },
  idsOf: (_, { stream }) => [productOfPool(stream)],
  apply: (card, event, _, productId) => {
    const next = applyTo(card ?? { productId, ...none }, event);
    return { ...next, low: next.lowStockAt > 0 && next.free <= next.lowStockAt };
  },
};

const applyTo = (card: StockCard, event: StockEvent): StockCard => {
  switch (event.type) {
    case 'StockReceived': return received(card, event);
    case 'VouchersReserved': return { ...card, free: card.free - event.quantity, reserved: card.reserved + event.quantity };
    case 'ReservationCommitted':
      return { ...card, reserved: card.reserved - event.quantity, sold: card.sold + event.quantity, soldByDay: counted(card.soldByDay, event.at, event.quantity) };
    case 'ReservationReleased':
      return event.was === 'open'
        ? { ...card, reserved: card.reserved - event.quantity, free: card.free + event.quantity }
        : { ...card, sold: card.sold - event.quantity, free: card.free + event.quantity };
    case 'ReservationsExpired': return { ...card, reserved: card.reserved - event.quantity, free: card.free + event.quantity };
    case 'UnitsReturned': return { ...card, sold: card.sold - event.quantity, free: card.free + event.quantity };
    case 'UnitsLost': return swept({ ...card, free: card.free - event.quantity, lost: card.lost + event.quantity }, event.reason === 'expired' ? event.at : 0);
    case 'PoolHeld': return { ...card, held: true, heldEpoch: event.epoch };
    case 'PoolHoldReleased': return { ...card, held: false };
    case 'ReleaseRemembered':
    case 'BatchRecalled':
    case 'StockAvailable':
    case 'StockExhausted':
    case 'StockLow': return card;
  }
};

const received = (card: StockCard, { quantity, lowStockAt, segments }: Extract<StockEvent, { type: 'StockReceived' }>): StockCard => {
  const all = new Set([...card.expiries, ...segments.flatMap(({ validUntil }) => validUntil ?? [])]);
  const expiries = [...all].sort((a, b) => a - b).slice(0, EXPIRIES_MAX);
  return { ...card, received: card.received + quantity, free: card.free + quantity, lowStockAt, expiries, nextExpiry: expiries[0] ?? 0 };
};
const swept = (card: StockCard, until: number): StockCard => {
  const expiries = card.expiries.filter((at) => at > until);
  return { ...card, expiries, nextExpiry: expiries[0] ?? 0 };
};
const counted = (byDay: StockCard['soldByDay'], at: number, quantity: number): StockCard['soldByDay'] => {
  const day = Math.floor(at / DAY_MS);
  const kept = byDay[day] === undefined ? Object.fromEntries(Object.entries(byDay).filter(([other]) => Number(other) > day - DAYS_KEPT)) : byDay;
  return { ...kept, [day]: (kept[day] ?? 0) + quantity };
};
/** Units sold a day over the last seven whole or begun days; 0 if none. */
export const pacePerDay = ({ soldByDay }: StockCard, now: number): number => {
  const today = Math.floor(now / DAY_MS);
  return Object.entries(soldByDay).reduce((sum, [day, n]) => (Number(day) > today - 7 ? sum + n : sum), 0) / 7;
};
