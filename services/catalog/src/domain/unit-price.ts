import type { Instant, Micros } from '@vouchsafe/kernel';
import type { PriceTier } from './records.js';
import { type Channel, isOpen, type PriceRow, type Terms } from './terms.js';

/** Where a unit price came from, for whoever asks why. */
export type PriceSource = {
  /** Channel whose list it is: the seller's own, or the nearest above that has a price. */
  readonly channelId: string;
  readonly priceListId: string;
  /** The tier that counted; undefined = the entry's base price. */
  readonly tier: PriceTier | undefined;
  readonly unitMicros: Micros;
  readonly row: PriceRow;
};
/** The unit price on `channel`, or on the nearest channel above that has one for the product. */
export const unitPrice = (
  terms: Terms, channel: Channel, productId: string, quantity: number, at: Instant, memberTier: string | undefined,
): PriceSource | undefined => {
  for (let level = channel.path.length - 1; level >= 0; level--) {
    const { id } = channel.path[level]!;
    for (const row of terms.prices(id, productId)) {
      if (!isOpen(row, at)) continue;
      const tier = bestTier(row, quantity, memberTier);
      return { channelId: id, priceListId: row.priceListId, tier, unitMicros: tier?.unitMicros ?? row.entry.unitMicros, row };
    }
  }
  return undefined;
};

/** The cheapest tier the quantity and member qualify for, where it is cheaper than the base price. So more never costs more a piece. */
const bestTier = ({ entry }: PriceRow, quantity: number, memberTier: string | undefined): PriceTier | undefined => {
  let best: PriceTier | undefined;
  let lowest = entry.unitMicros;
  for (const tier of entry.tiers) {
    if (quantity < tier.minQuantity || (tier.memberTier !== undefined && tier.memberTier !== memberTier) || tier.unitMicros >= lowest) continue;
    best = tier;
    lowest = tier.unitMicros;
  }
  return best;
};
