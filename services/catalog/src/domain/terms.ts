import type { Currency, Instant } from '@vouchsafe/kernel';
import type {
  BookSpec, ChannelSpec, ListingSpec, PriceEntry, Presentation, ProductSpec, SettlementMode, StoreSpec, SupplierSpec, TerminalSpec,
} from './records.js';
import type { Versioned } from './versioned.js';

export type Product = Versioned<ProductSpec>;
export type Supplier = Versioned<SupplierSpec>;
export type Listing = Versioned<ListingSpec>;

/** A channel with everything it inherits worked out. */
export type Channel = {
  readonly id: string;
  readonly version: number;
  readonly spec: ChannelSpec;
  /** From the root down to this one. */
  readonly path: readonly Channel[];
  readonly bookId: string;
  readonly currency: Currency;
  /** Nearest at or above that settles; its own `settlement` is set. undefined: nobody does (an incomplete tree). */
  readonly settling: { readonly channelId: string; readonly mode: SettlementMode; readonly spec: ChannelSpec } | undefined;
  /** It or one above it is suspended. */
  readonly suspended: boolean;
};

/** One product's prices in one price list. */
export type PriceRow = {
  readonly priceListId: string;
  readonly from: Instant | undefined;
  readonly until: Instant | undefined;
  readonly priority: number;
  readonly entry: PriceEntry;
};

/** The present catalogue as pricing and checks look at it. Every look-up is a hash away. */
export interface Terms {
  product(id: string): Product | undefined;
  supplier(id: string): Supplier | undefined;
  channel(id: string): Channel | undefined;
  book(id: string): BookSpec | undefined;
  hasProductGroup(id: string): boolean;
  store(id: string): Versioned<StoreSpec> | undefined;
  terminal(id: string): Versioned<TerminalSpec> | undefined;
  /** Ids of the products that are (or were) listed on a channel. */
  listedOn(channelId: string): readonly string[];
  /** Listings of a product on a channel, in no particular order. */
  listings(channelId: string, productId: string): readonly Listing[];
  /** Prices of a product on the channel's own lists, the one that counts first. */
  prices(channelId: string, productId: string): readonly PriceRow[];
}

/** Order in which price rows count: higher priority, later start, smaller id. */
export const rowsInOrder = (a: PriceRow, b: PriceRow): number =>
  b.priority - a.priority || (b.from ?? -Infinity) - (a.from ?? -Infinity) || (a.priceListId < b.priceListId ? -1 : 1);

/** Whether `at` lies in [from, until). */
export const isOpen = ({ from, until }: { readonly from?: Instant; readonly until?: Instant }, at: Instant): boolean =>
  (from === undefined || at >= from) && (until === undefined || at < until);

/** How revenue of a product is shown: its own word, else its supplier's, else what the supplier's terms imply (ACCOUNTS). */
export const presentationOf = (product: ProductSpec, supplier: SupplierSpec | undefined): Presentation =>
  product.presentation ?? supplier?.presentation ?? (supplier && supplier.terms !== 'purchased' ? 'agent' : 'principal');

/** The books a product belongs to: its own word, else its supplier's, else the default one. */
export const bookOf = (product: ProductSpec, supplier: SupplierSpec | undefined, fallback: string): string =>
  product.bookId ?? supplier?.bookId ?? fallback;
