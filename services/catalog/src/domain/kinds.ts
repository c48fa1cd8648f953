import type {
  BookSpec, ChannelSpec, ListingSpec, PriceListSpec, ProductGroupSpec, ProductSpec, StoreSpec, SupplierSpec, TerminalSpec,
} from './records.js';

/** Every kind of catalogue record, and what a record of it says. */
export type Specs = {
  Book: BookSpec; ProductGroup: ProductGroupSpec; Supplier: SupplierSpec; Channel: ChannelSpec; Product: ProductSpec;
  PriceList: PriceListSpec; Store: StoreSpec; Terminal: TerminalSpec; Listing: ListingSpec;
};
export type Kind = keyof Specs;
/** In the order in which they may be made: each names only kinds before it. */
export const KINDS = ['Book', 'ProductGroup', 'Supplier', 'Channel', 'Product', 'PriceList', 'Store', 'Terminal', 'Listing'] as const satisfies readonly Kind[];
