import { type Instant, lineAmount, type Money, money, type Rejected, reject } from '@vouchsafe/kernel';
import { chainOf, type ChainLevel } from './chain.js';
import { DEFAULT_BOOK } from './records.js';
import { bookOf, type Channel, isOpen, type Listing, type Product, type Terms } from './terms.js';
import { type PriceSource, unitPrice } from './unit-price.js';

export type PriceAsk = {
  readonly channelId: string;
  readonly lines: readonly { readonly lineId: string; readonly productId: string; readonly quantity: number }[];
  readonly at: Instant;
  readonly memberTier?: string;
};
export type PricedLine = {
  readonly lineId: string;
  readonly product: Product;
  readonly listing: Listing;
  readonly quantity: number;
  readonly source: PriceSource;
  readonly gross: Money;
  readonly chain: readonly ChainLevel[];
};
export type Priced = { readonly ok: true; readonly channel: Channel; readonly lines: readonly PricedLine[]; readonly total: Money };
export type PriceRejection =
  | 'CHANNEL_UNKNOWN' | 'CHANNEL_SUSPENDED' | 'CHANNEL_DOES_NOT_SETTLE' | 'NOT_LISTED' | 'LISTING_NOT_OPEN'
  | 'QUANTITY_NOT_ALLOWED' | 'NO_PRICE' | 'BELOW_FLOOR' | 'MIXED_BOOKS' | 'OVERFLOW';

/** A line's quantity at most; a larger order has more lines or more orders. */
export const LINE_UNITS_MAX = 10_000;
/** What fits a signed 64-bit integer, as money travels. */
const MINOR_MAX = 2n ** 63n - 1n;

/**
 * Prices lines on a channel at one moment: the channel's price for that quantity and member, each line rounded once, the
 * price of every level above. Pure; the same catalogue and question give the same answer.
 */
export const priceLines = (terms: Terms, ask: PriceAsk): Priced | Rejected<PriceRejection> => {
  const channel = terms.channel(ask.channelId);
  if (!channel) return reject('CHANNEL_UNKNOWN', { channelId: ask.channelId });
  if (channel.suspended) return reject('CHANNEL_SUSPENDED', { channelId: channel.id });
  if (!channel.settling) return reject('CHANNEL_DOES_NOT_SETTLE', { channelId: channel.id });
  const lines: PricedLine[] = [];
  let minor = 0n;
  for (const line of ask.lines) {
    const priced = priceLine(terms, channel, ask, line);
    if ('code' in priced) return reject(priced.code, { lineId: line.lineId, productId: line.productId, ...priced.details });
    lines.push(priced);
    minor += priced.gross.minor;
  }
  if (minor > MINOR_MAX) return reject('OVERFLOW');
  return { ok: true, channel, lines, total: money(minor, channel.currency) };
};

const priceLine = (
  terms: Terms, channel: Channel, ask: PriceAsk, { lineId, productId, quantity }: PriceAsk['lines'][number],
): PricedLine | Rejected<PriceRejection> => {
  const product = terms.product(productId);
  if (!product) return reject('NOT_LISTED'); // as one listed elsewhere: a channel cannot ask which products there are
  const listing = openListing(terms.listings(channel.id, productId), product, ask.at);
  if ('code' in listing) return listing;
  if (!isAllowed(quantity, listing)) {
    return reject('QUANTITY_NOT_ALLOWED', { min: String(listing.spec.minQuantity), max: String(listing.spec.maxQuantity) });
  }
  const supplier = product.spec.supplierId === undefined ? undefined : terms.supplier(product.spec.supplierId)?.spec;
  if (bookOf(product.spec, supplier, DEFAULT_BOOK) !== channel.bookId) return reject('MIXED_BOOKS');
  const source = unitPrice(terms, channel, productId, quantity, ask.at, ask.memberTier);
  if (!source) return reject('NO_PRICE');
  const gross = lineAmount(source.unitMicros, quantity, channel.currency);
  if (gross.minor > MINOR_MAX) return reject('OVERFLOW');
  const chain = chainOf(terms, channel, { productId, quantity, at: ask.at, memberTier: ask.memberTier, source, gross });
  if ('code' in chain) return chain;
  return { lineId, product, listing, quantity, source, gross, chain: chain.levels };
};

const isAllowed = (quantity: number, { spec }: Listing): boolean =>
  Number.isSafeInteger(quantity) && quantity >= Math.max(1, spec.minQuantity) && quantity <= Math.min(LINE_UNITS_MAX, spec.maxQuantity);

/** The listing that is open at `at`; of several (they should not overlap) the one that started last. */
const openListing = (listings: readonly Listing[], product: Product, at: Instant): Listing | Rejected<'NOT_LISTED' | 'LISTING_NOT_OPEN'> => {
  if (listings.length === 0 || product.spec.withdrawn) return reject('NOT_LISTED');
  let open: Listing | undefined;
  for (const listing of listings) {
    if (listing.spec.suspended || !isOpen(listing.spec, at)) continue;
    if (!open || (listing.spec.from ?? -Infinity) > (open.spec.from ?? -Infinity)) open = listing;
  }
  return open ?? reject('LISTING_NOT_OPEN');
};
