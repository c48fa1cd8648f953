import { bookResource, productGroupResource, storeResource, supplierResource, terminalResource } from './parties.js';
import { productResource } from './product.js';
import { channelResource, listingResource, priceListResource } from './selling.js';

/** How each kind of record is read and shown. */
export const RESOURCES = {
  Book: bookResource, ProductGroup: productGroupResource, Supplier: supplierResource, Channel: channelResource, Product: productResource,
  PriceList: priceListResource, Store: storeResource, Terminal: terminalResource, Listing: listingResource,
} as const;
