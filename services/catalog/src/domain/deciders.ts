import { accept, type Decider, type Instant, type Message, reject } from '@vouchsafe/kernel';
import type {
  BookSpec, ChannelSpec, ListingSpec, PriceListSpec, ProductGroupSpec, ProductSpec, SupplierSpec,
} from './records.js';
import { versioned, type VersionedEvent } from './versioned.js';

export type BookEvent = VersionedEvent<'Book', BookSpec>;
export type ProductGroupEvent = VersionedEvent<'ProductGroup', ProductGroupSpec>;
export type SupplierEvent = VersionedEvent<'Supplier', SupplierSpec>;
export type ProductEvent = VersionedEvent<'Product', ProductSpec>;
export type ChannelEvent = VersionedEvent<'Channel', ChannelSpec>;
export type PriceListEvent = VersionedEvent<'PriceList', PriceListSpec>;
export type ListingEvent = VersionedEvent<'Listing', ListingSpec>;

/** Stream `book-<id>`. */
export const bookDecider = versioned<'Book', BookSpec>('Book', []);
/** Stream `productgroup-<id>`. */
export const productGroupDecider = versioned<'ProductGroup', ProductGroupSpec>('ProductGroup', []);
/** Stream `supplier-<id>`. Its book is for ever: entries rest on it. */
export const supplierDecider = versioned<'Supplier', SupplierSpec>('Supplier', ['bookId', 'terms']);
/** Stream `product-<id>`. What it is and in which money it is counted never changes; a new product is made instead. */
export const productDecider = versioned<'Product', ProductSpec>('Product', ['kind', 'currency', 'bookId']);
/** Stream `channel-<id>`. A channel never moves in the tree, so there can be no cycle. */
export const channelDecider = versioned<'Channel', ChannelSpec>('Channel', ['parentId', 'currency', 'bookId', 'role']);
/** Stream `pricelist-<id>`. */
export const priceListDecider = versioned<'PriceList', PriceListSpec>('PriceList', ['channelId', 'currency']);
/** Stream `listing-<id>`. */
export const listingDecider = versioned<'Listing', ListingSpec>('Listing', ['channelId', 'productId']);

/** A price promised for some seconds: what was asked, and the answer as it was given (opaque to this decider). */
export type Quote<Q> = { readonly quoteId: string; readonly channelId: string; readonly expiresAt: Instant; readonly terms: Q };
export type QuoteCommand<Q> = Message<'IssueQuote', Quote<Q> & { readonly at: Instant }>;
export type QuoteEvent<Q> = Message<'PriceQuoted', Quote<Q> & { readonly at: Instant }>;
/** Stream `quote-<id>`: one event, never a second. */
export const quoteDecider = <Q>(): Decider<Quote<Q> | undefined, QuoteCommand<Q>, QuoteEvent<Q>, 'QUOTE_ID_REUSED'> => ({
  initial: undefined,
  decide: ({ type: _, ...issued }, quote) => (quote ? reject('QUOTE_ID_REUSED') : accept({ type: 'PriceQuoted', ...issued })),
  evolve: (_, { quoteId, channelId, expiresAt, terms }) => ({ quoteId, channelId, expiresAt, terms }),
});
