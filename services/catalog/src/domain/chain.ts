import { type Instant, lineAmount, type Micros, type Money, money, type Rejected, reject, roundHalfUp } from '@vouchsafe/kernel';
import type { Channel, Terms } from './terms.js';
import { type PriceSource, unitPrice } from './unit-price.js';

/** What one channel of the path pays (or sells at) for a unit, and what it earns on the whole line. */
export type ChainLevel = { readonly channelId: string; readonly unitMicros: Micros; readonly margin: Money };

type Sale = {
  readonly productId: string;
  readonly quantity: number;
  readonly at: Instant;
  readonly memberTier: string | undefined;
  readonly source: PriceSource;
  readonly gross: Money;
};
const FULL_BP = 10_000n;

/**
 * The price chain from the root down to the seller. A reseller above the seller earns the difference between the line at
 * the next reseller's price and at its own; an agent (at any level) its share of the line. A level never earns less than
 * nothing. Refused where a floor of the path is undercut.
 */
export const chainOf = (terms: Terms, seller: Channel, sale: Sale): { readonly levels: readonly ChainLevel[] } | Rejected<'BELOW_FLOOR'> => {
  const levels: ChainLevel[] = [];
  /** What of the line is left for the levels above. */
  let below = sale.gross.minor;
  let lower: Micros = sale.source.unitMicros;
  for (let i = seller.path.length - 1; i >= 0; i--) {
    const channel = seller.path[i]!;
    const isSeller = channel === seller;
    const source = isSeller ? sale.source : unitPrice(terms, channel, sale.productId, sale.quantity, sale.at, sale.memberTier);
    if (!source) continue; // a level that has no price of its own or above takes no part
    const undercut = floorOf(source, seller.path[i + 1], lower, sale.source.unitMicros);
    if (undercut) return undercut;
    lower = source.unitMicros;
    // An agent's margin does not hang on its own price: one multiplication less for our own channels at the top.
    const minor = isSeller || channel.spec.role === 'agent' ? sale.gross.minor : lineAmount(source.unitMicros, sale.quantity, seller.currency).minor;
    const margin = marginOf(channel, isSeller, minor, below, sale.gross);
    levels.push({ channelId: channel.id, unitMicros: source.unitMicros, margin: money(margin, seller.currency) });
    // A reseller passes its own price up; what an agent gets comes out of what the reseller above it earns.
    below = channel.spec.role === 'reseller' ? (minor < below ? minor : below) : below - margin;
  }
  return { levels: levels.reverse() };
};

const marginOf = (channel: Channel, isSeller: boolean, minor: bigint, below: bigint, gross: Money): bigint => {
  if (channel.spec.role === 'agent') {
    const commission = roundHalfUp(gross.minor * BigInt(channel.spec.commissionBp), FULL_BP);
    return commission < below ? commission : below; // nobody is paid what the line did not bring in
  }
  return isSeller || below <= minor ? 0n : below - minor;
};

/** Whose floor it is stays untold: a channel must not learn its parents' terms from a refusal. A list's floor binds its channel and all below; a channel's `floorBp` binds it to its parent's price. */
const floorOf = (
  source: PriceSource, child: Channel | undefined, childUnit: Micros, sellerUnit: Micros,
): Rejected<'BELOW_FLOOR'> | undefined => {
  const floor = source.row.entry.floorMicros;
  if (floor !== undefined && sellerUnit < floor) return reject('BELOW_FLOOR', { floor: 'list' });
  if (child && child.spec.floorBp > 0 && childUnit * FULL_BP < source.unitMicros * BigInt(child.spec.floorBp)) {
    return reject('BELOW_FLOOR', { floor: 'share_of_parent' });
  }
  return undefined;
};
