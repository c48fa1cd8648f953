import type { Collection } from '@vouchsafe/read-store';
import { type Figure, type Figures, type Log, noFigures, type Stop, type Timers } from '@vouchsafe/runtime';
import type { StockCard } from '../projections/stock-cards.js';

/** Stock lies in views: it is looked at now and then, not at every fetch. */
const EVERY_MS = 15_000;
/** Products told of one by one, those low on stock before others; a catalogue may have thousands. */
const PRODUCTS_MAX = 200;

const KINDS = [['all', {}], ['low', { low: true }], ['held', { held: true }]] as const;

export type StockFigures = { readonly figures?: Figures; readonly stock: Collection<StockCard>; readonly timers: Timers; readonly log: Log };

/** Tells the stock of each product's pools, and how many products are low or held; until stopped. Every replica tells the same: take the greatest. */
export const startStockFigures = ({ figures = noFigures, stock, timers, log }: StockFigures): Stop => {
  if (figures === noFigures) return async () => {};
  let cards: readonly StockCard[] = [];
  let products: readonly Figure[] = [];
  const look = async (): Promise<void> => {
    const low = await stock.find({ where: { low: true }, limit: PRODUCTS_MAX });
    const others = await stock.find({ where: { low: false }, limit: PRODUCTS_MAX - low.length + 1 });
    cards = [...low, ...others].slice(0, PRODUCTS_MAX).map(({ value }) => value);
    products = await Promise.all(KINDS.map(async ([kind, where]) => ({ labels: [kind], value: await stock.count(where) })));
  };
  const onError = (error: unknown): void => log.warn({ error: String(error) }, 'the stock cannot be looked at');
  figures.read('vouchsafe_stock_units', 'Units in a product’s pools, by what is with them', {
    labels: ['product', 'state'],
    values: () => cards.flatMap(({ productId, free, reserved }) => [{ labels: [productId, 'free'], value: free }, { labels: [productId, 'reserved'], value: reserved }]),
  });
  figures.read('vouchsafe_stock_products', 'Products with pools: all, those low on stock, those held', { labels: ['kind'], values: () => products });
  look().catch(onError);
  return timers.every(EVERY_MS, look, onError);
};
