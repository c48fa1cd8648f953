import type { Instant, Message, Money, PersistentMap } from '@vouchsafe/kernel';
import type { List } from 'immutable';

/** Units `from` (inclusive) to `to` (exclusive) of a batch that all end at `validUntil` (absent: never). */
export type Units = { readonly batchId: string; readonly from: number; readonly to: number; readonly validUntil?: Instant };

export type SupplyTerms = 'purchased' | 'consignment' | 'postpaid';
/** What the ledger and a delivery need to know about a batch. Costs are micros of `currency` per unit; tax comes in addition. */
export type BatchTerms = {
  readonly supplierId: string; readonly terms: SupplyTerms; readonly presentation: 'principal' | 'agent';
  readonly unitCostMicros: bigint; readonly unitTaxMicros: bigint; readonly currency: string;
  readonly bookId: string; readonly businessLine: string;
  /** The supplier takes back what was not sold. */
  readonly returnable: boolean;
};

/** Whose units they are, and what is counted with them. */
export type Claim = {
  readonly reservationId: string; readonly orderId: string; readonly lineId: string; readonly channelId: string; readonly listingId: string;
  /** Present where the listing has a buyer limit, counted in a stream of its own. */
  readonly buyerToken?: string;
};
/** A committed reservation as the pool's own past tells it, fetched by whoever asks about one the pool has forgotten. */
export type Sale = {
  readonly claim: Claim;
  /** What is still out under it. */
  readonly out: readonly Units[];
  /** The pool's count of give-backs when this was read; a later one makes it stale. */
  readonly asOf: number;
};

export type StockCommand =
  | Message<'ReceiveBatch', { batchId: string; productId: string; terms: BatchTerms; segments: readonly Units[]; lowStockAt: number; at: Instant }>
  | Message<'ReserveVouchers', { claim: Claim; quantity: number; quota?: number; minValidUntil?: Instant; notAfter: Instant; heldUntil: Instant; at: Instant }>
  | Message<'CommitReservation', { reservationId: string; at: Instant }>
  | Message<'ReleaseReservation', { reservationId: string; notAfter: Instant; reason: string; known?: Sale; at: Instant }>
  | Message<'SweepReservations', { at: Instant }>
  | Message<'ReturnUnits', { refundId: string; reservationId: string; ranges: readonly Units[]; known?: Sale; at: Instant }>
  | Message<'ExpireStock', { at: Instant }>
  | Message<'RecallBatch', { batchId: string; reason: string; at: Instant }>
  | Message<'VoidUnits', { ranges: readonly Units[]; reason: string; at: Instant }>
  /** Units handed out of the platform by hand; all of them must be free. Idempotent by `exportId`. */
  | Message<'ExportUnits', { exportId: string; ranges: readonly Units[]; at: Instant }>
  | Message<'HoldPool', { epoch: number; at: Instant }>
  | Message<'ReleasePoolHold', { epoch: number; writeOff: readonly Units[]; at: Instant }>;

export type LostReason = 'expired' | 'recalled' | 'voided' | 'restored' | 'exported';
export type StockEvent =
  | Message<'StockReceived', { batchId: string; productId: string; terms: BatchTerms; segments: readonly Units[]; quantity: number; lowStockAt: number; at: Instant }>
  | Message<'VouchersReserved', { claim: Claim; quantity: number; ranges: readonly Units[]; heldUntil: Instant; notAfter: Instant; at: Instant }>
  | Message<'ReservationCommitted', { claim: Claim; quantity: number; ranges: readonly Units[]; at: Instant }>
  | Message<'ReservationReleased', { claim: Claim; quantity: number; ranges: readonly Units[]; was: 'open' | 'committed'; reason: string; notAfter: Instant; at: Instant }>
  | Message<'ReleaseRemembered', { reservationId: string; notAfter: Instant; at: Instant }>
  | Message<'ReservationsExpired', { expired: readonly { readonly claim: Claim; readonly quantity: number }[]; quantity: number; at: Instant }>
  | Message<'UnitsReturned', { refundId: string; claim: Claim; quantity: number; ranges: readonly Units[]; at: Instant }>
  | Message<'BatchRecalled', { batchId: string; reason: string; at: Instant }>
  | Message<'UnitsLost', UnitsLost>
  | Message<'PoolHeld', { epoch: number; at: Instant }>
  | Message<'PoolHoldReleased', { epoch: number; at: Instant }>
  | Message<'StockAvailable', Availability>
  | Message<'StockExhausted', Availability>
  | Message<'StockLow', Availability>;
type Availability = { readonly productId: string; readonly free: number };
/** Units of one batch leave stock unsold. The ledger books `factId` once. */
export type UnitsLost = {
  readonly factId: string; readonly batchId: string; readonly productId: string; readonly terms: BatchTerms; readonly quantity: number;
  readonly cost: Money; readonly inputTax: Money; readonly reason: LostReason; readonly note?: string; readonly ranges: readonly Units[]; readonly at: Instant;
};

export type StockRejection =
  | 'OUT_OF_STOCK' | 'QUOTA_SPENT' | 'TOO_LATE' | 'POOL_HELD' | 'RESERVATION_ID_REUSED' | 'RESERVATION_UNKNOWN' | 'RESERVATION_EXPIRED'
  | 'RESERVATION_RELEASED' | 'UNITS_NOT_OUT' | 'BATCH_UNKNOWN' | 'BATCH_DIFFERS' | 'UNITS_NOT_FREE' | 'HISTORY_STALE';

/** Free units of one expiry, a queue: `head` is the range being dealt from, so that a sale touches nothing else. */
export type Lane = { readonly validUntil: number; readonly free: number; readonly head: Units | undefined; readonly rest: List<Units> };
/** Free units, lanes sorted by expiry: first expiring, first out. */
export type Shelf = { readonly free: number; readonly lanes: readonly Lane[] };

export type OpenReservation = { readonly claim: Claim; readonly quantity: number; readonly ranges: readonly Units[]; readonly heldUntil: Instant; readonly notAfter: Instant };
export type Closed =
  | {
      readonly kind: 'committed'; readonly claim: Claim; readonly quantity: number; readonly ranges: readonly Units[]; readonly out: readonly Units[];
      /** Of the commit in the pool's stream. */
      readonly revision: number;
    }
  | { readonly kind: 'released' | 'expired' | 'returned' | 'exported' };
/** Answers given lately, in two generations: the older one is dropped once none of its commands may come again. */
export type Memory = { readonly recent: PersistentMap<string, Closed>; readonly recentUntil: number; readonly older: PersistentMap<string, Closed>; readonly olderUntil: number };
export type DueBucket = { readonly open: number; readonly ids: Cons | undefined };
export type Cons = { readonly id: string; readonly next: Cons | undefined };

/** `holes`: units that left stock unsold, sorted, neighbours joined. */
export type PoolBatch = { readonly terms: BatchTerms; readonly quantity: number; readonly recalled: boolean; readonly holes: readonly Units[] };

export type Stock = {
  readonly productId: string;
  readonly shelf: Shelf;
  readonly reserved: number;
  /** Committed and not given back. */
  readonly sold: number;
  readonly lost: number;
  readonly batches: ReadonlyMap<string, PoolBatch>;
  readonly open: PersistentMap<string, OpenReservation>;
  /** Open reservations by the minute they lapse in. */
  readonly due: PersistentMap<number, DueBucket>;
  readonly memory: Memory;
  /** Units sold and held by listing. */
  readonly quotas: PersistentMap<string, number>;
  readonly lowStockAt: number;
  /** Epoch of the restore since which nothing is sold, and the last one that was reconciled. */
  readonly heldEpoch: number | undefined;
  readonly reconciledEpoch: number;
  /** How often units came back from being out. */
  readonly giveBacks: number;
  readonly losses: number;
  /** Of the last event folded. */
  readonly revision: number;
  /** The latest instant seen; a clock that jumps back does not move it. */
  readonly now: Instant;
};
