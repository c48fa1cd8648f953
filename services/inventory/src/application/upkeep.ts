import type { Envelope, EventStore } from '@vouchsafe/event-store';
import type { Collection } from '@vouchsafe/read-store';
import type { Clock, Ids, Log, Stop, Timers } from '@vouchsafe/runtime';
import { startDeadlines } from '@vouchsafe/read-store';
import type { BatchCard } from '../projections/batches.js';
import type { Chore } from '../projections/chores.js';
import type { StockCard } from '../projections/stock-cards.js';
import type { Imports } from './imports.js';
import type { Pools } from './pools.js';

export type UpkeepOptions = {
  readonly store: EventStore; readonly pools: Pools; readonly imports: Imports; readonly stock: Collection<StockCard>; readonly chores: Collection<Chore>; readonly cards: Collection<BatchCard>;
  readonly projections: { caughtUp(): Promise<void> }; readonly clock: Clock; readonly timers: Timers; readonly ids: Ids; readonly log: Log; readonly sweepMs: number;
};
/** Pools looked at in one round. */
const POOLS_MAX = 10_000;
const PAGE = 200;

/** Lets lapsed reservations go, writes expired stock off, and finishes what a crash left between two streams. */
export const startUpkeep = (options: UpkeepOptions): Stop => {
  const { chores, projections, clock, timers, log, sweepMs } = options;
  const onError = (error: unknown): void => log.error({ error }, 'upkeep of stock failed; it is tried again');
  const sweeps = timers.every(sweepMs, () => sweep(options), onError);
  const deadlines = startDeadlines({ collection: chores, clock, timers, projections, onDue: ({ value }) => doChore(options, value), onError });
  return async () => {
    await sweeps();
    await deadlines();
  };
};

const envelopeOf = ({ ids, clock }: UpkeepOptions, correlation: string): Envelope => ({ commandId: ids.uuid(), correlation, principal: 'svc_inventory', at: clock.now() });

/** One round over the pools that have open reservations or expired units, and imports whose sealing stopped (no space, a restart). */
export const sweep = async (options: UpkeepOptions): Promise<void> => {
  const { pools, clock, cards, imports } = options;
  for (const { id } of await cards.find({ where: { state: 'PROCESSING' }, limit: PAGE })) imports.process(id);
  for (const productId of await productsWhere(options, { reserved: { gt: 0 } })) {
    await pools.decide(productId, { type: 'SweepReservations', at: clock.now() }, envelopeOf(options, productId));
  }
  for (const productId of await productsWhere(options, { nextExpiry: { gt: 0, lte: clock.now() } })) {
    await pools.decide(productId, { type: 'ExpireStock', at: clock.now() }, envelopeOf(options, productId));
  }
};
const productsWhere = async ({ stock }: UpkeepOptions, where: Parameters<Collection<StockCard>['count']>[0]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (let after: { values: []; id: string } | undefined; found.length < POOLS_MAX; ) {
    const page = await stock.find({ where, limit: PAGE, ...(after && { after }) });
    found.push(...page.map(({ id }) => id));
    if (page.length < PAGE) break;
    after = { values: [], id: page[page.length - 1]!.id };
  }
  return found;
};

const doChore = async (options: UpkeepOptions, chore: Chore): Promise<void> => {
  const { imports, pools } = options;
  switch (chore.kind) {
    case 'settle-import':
      await imports.processed(chore.batchId);
      return imports.settle(chore.batchId, envelopeOf(options, chore.batchId));
    case 'give-back': {
      const { reservationId, listingId, buyerToken, giveBackId, quantity } = chore;
      const claim = { reservationId, listingId, buyerToken, orderId: '', lineId: '', channelId: '' };
      return pools.giveBack({ claim, giveBackId, ...(quantity > 0 && { quantity }) }, envelopeOf(options, reservationId));
    }
    case 'check-limit': {
      const { productId, reservationId, listingId, buyerToken } = chore;
      // Its reserve can no longer come: what the pool does not know now, it never will.
      if (await pools.knows(productId, reservationId)) return;
      const claim = { reservationId, listingId, buyerToken, orderId: '', lineId: '', channelId: '' };
      return pools.giveBack({ claim, giveBackId: 'never-reserved' }, envelopeOf(options, reservationId));
    }
  }
};
