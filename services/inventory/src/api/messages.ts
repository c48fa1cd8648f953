import type { MessageInitShape } from '@bufbuild/protobuf';
import { displayMoney, money } from '@vouchsafe/kernel';
import { type ImportSchema, ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import type { BatchSchema, StockSchema } from '@vouchsafe/proto/inventory/v1/stock';
import type { Stock } from '../domain/stock-types.js';
import type { BatchCard, BatchState } from '../projections/batches.js';
import { pacePerDay, type StockCard } from '../projections/stock-cards.js';
import { timestamp } from './reading.js';

export const STATES: Readonly<Record<BatchState, ImportState>> = {
  RECEIVING: ImportState.RECEIVING, PROCESSING: ImportState.PROCESSING, READY: ImportState.READY, COMPLETED: ImportState.COMPLETED, ABORTED: ImportState.ABORTED,
};
export const moneyMessage = (minor: bigint, currency: string) => ({ minor, currency, display: displayMoney(money(minor, currency)) });

export type ImportFacts = {
  readonly importId: string; readonly batchId: string; readonly productId: string; readonly state: BatchState; readonly nextOffset: number; readonly lines: number;
  readonly accepted: number; readonly refused: number; readonly reason: string; readonly startedAt: number; readonly endedAt: number; readonly minted: boolean; readonly version: number;
};
export const importMessage = (facts: ImportFacts): MessageInitShape<typeof ImportSchema> => ({
  importId: facts.importId, batchId: facts.batchId, productId: facts.productId, state: STATES[facts.state], nextOffset: BigInt(facts.nextOffset), lines: BigInt(facts.lines),
  accepted: BigInt(facts.accepted), refused: BigInt(facts.refused), reason: facts.reason, startedAt: timestamp(facts.startedAt), endedAt: timestamp(facts.endedAt),
  minted: facts.minted, etag: `"${facts.version}"`,
});

export const batchMessage = (card: BatchCard): MessageInitShape<typeof BatchSchema> => ({
  batchId: card.batchId, importId: card.importId, productId: card.productId, supplierId: card.supplierId, state: STATES[card.state], quantity: BigInt(card.quantity),
  lost: BigInt(card.lost), recalled: card.recalled, usesPerCode: card.uses, cost: moneyMessage(card.costMinor, card.currency), inputTax: moneyMessage(card.taxMinor, card.currency),
  completedAt: timestamp(card.state === 'COMPLETED' ? card.endedAt : 0), firstExpiry: timestamp(card.firstExpiry), lastExpiry: timestamp(card.lastExpiry), minted: card.minted,
  etag: `"${card.version}"`,
});

const DAY_MS = 86_400_000;
/** As the pool has it; the forecast from the view of the last days. */
export const stockMessage = (productId: string, stock: Stock, card: StockCard | undefined, now: number): MessageInitShape<typeof StockSchema> => {
  const expiry = stock.shelf.lanes[0]?.validUntil ?? Number.POSITIVE_INFINITY;
  const { free } = stock.shelf;
  return {
    productId, free: BigInt(free), reserved: BigInt(stock.reserved), sold: BigInt(stock.sold), lost: BigInt(stock.lost), received: BigInt(free + stock.reserved + stock.sold + stock.lost),
    lowStockAt: BigInt(stock.lowStockAt), held: stock.heldEpoch !== undefined, nextExpiry: timestamp(Number.isFinite(expiry) ? expiry : 0),
    soldOutForecast: forecast(card, free, now),
  };
};
export const stockCardMessage = (card: StockCard, now: number): MessageInitShape<typeof StockSchema> => ({
  productId: card.productId, free: BigInt(card.free), reserved: BigInt(card.reserved), sold: BigInt(card.sold), lost: BigInt(card.lost), received: BigInt(card.received),
  lowStockAt: BigInt(card.lowStockAt), held: card.held, nextExpiry: timestamp(card.nextExpiry), soldOutForecast: forecast(card, card.free, now),
});
const forecast = (card: StockCard | undefined, free: number, now: number) => {
  const pace = card ? pacePerDay(card, now) : 0;
  return pace > 0 ? timestamp(Math.floor(now + (free / pace) * DAY_MS)) : undefined;
};
