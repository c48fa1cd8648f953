import type { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import type { Handlers } from '@vouchsafe/rpc';
import { Applying } from './apply.js';
import { Crud, type CrudPorts } from './crud.js';
import type { Pricing } from './pricing.js';
import { RESOURCES } from './resources/all.js';

/** The public contract: one line per method, each kind of record served alike. */
export const catalogHandlers = (ports: CrudPorts, pricing: Pricing): Handlers<typeof CatalogService> => {
  const books = new Crud(ports, RESOURCES.Book);
  const groups = new Crud(ports, RESOURCES.ProductGroup);
  const suppliers = new Crud(ports, RESOURCES.Supplier);
  const channels = new Crud(ports, RESOURCES.Channel);
  const products = new Crud(ports, RESOURCES.Product);
  const priceLists = new Crud(ports, RESOURCES.PriceList);
  const listings = new Crud(ports, RESOURCES.Listing);
  const stores = new Crud(ports, RESOURCES.Store);
  const terminals = new Crud(ports, RESOURCES.Terminal);
  const applying = new Applying(ports);
  return {
    createBook: (request, context) => books.create(request.book, request, context),
    updateBook: (request, context) => books.update(request.book, request.updateMask?.paths ?? [], request, context),
    getBook: ({ id, version }, context) => books.get(id, version, context),
    listBooks: async (request, context) => {
      const { items, nextPageToken } = books.list(request, context);
      return { books: [...items], nextPageToken };
    },
    createProductGroup: (request, context) => groups.create(request.productGroup, request, context),
    updateProductGroup: (request, context) => groups.update(request.productGroup, request.updateMask?.paths ?? [], request, context),
    getProductGroup: ({ id, version }, context) => groups.get(id, version, context),
    listProductGroups: async (request, context) => {
      const { items, nextPageToken } = groups.list(request, context);
      return { productGroups: [...items], nextPageToken };
    },
    createSupplier: (request, context) => suppliers.create(request.supplier, request, context),
    updateSupplier: (request, context) => suppliers.update(request.supplier, request.updateMask?.paths ?? [], request, context),
    getSupplier: ({ id, version }, context) => suppliers.get(id, version, context),
    listSuppliers: async (request, context) => {
      const { items, nextPageToken } = suppliers.list(request, context);
      return { suppliers: [...items], nextPageToken };
    },
    createChannel: (request, context) => channels.create(request.channel, request, context),
    updateChannel: (request, context) => channels.update(request.channel, request.updateMask?.paths ?? [], request, context),
    getChannel: ({ id, version }, context) => channels.get(id, version, context),
    listChannels: async (request, context) => {
      const { items, nextPageToken } = channels.list(request, context);
      return { channels: [...items], nextPageToken };
    },
    createProduct: (request, context) => products.create(request.product, request, context),
    updateProduct: (request, context) => products.update(request.product, request.updateMask?.paths ?? [], request, context),
    getProduct: ({ id, version }, context) => products.get(id, version, context),
    listProducts: async (request, context) => {
      const { items, nextPageToken } = products.list(request, context);
      return { products: [...items], nextPageToken };
    },
    createPriceList: (request, context) => priceLists.create(request.priceList, request, context),
    updatePriceList: (request, context) => priceLists.update(request.priceList, request.updateMask?.paths ?? [], request, context),
    getPriceList: ({ id, version }, context) => priceLists.get(id, version, context),
    listPriceLists: async (request, context) => {
      const { items, nextPageToken } = priceLists.list(request, context);
      return { priceLists: [...items], nextPageToken };
    },
    createListing: (request, context) => listings.create(request.listing, request, context),
    updateListing: (request, context) => listings.update(request.listing, request.updateMask?.paths ?? [], request, context),
    getListing: ({ id, version }, context) => listings.get(id, version, context),
    listListings: async (request, context) => {
      const { items, nextPageToken } = listings.list(request, context);
      return { listings: [...items], nextPageToken };
    },
    createStore: (request, context) => stores.create(request.store, request, context),
    updateStore: (request, context) => stores.update(request.store, request.updateMask?.paths ?? [], request, context),
    getStore: ({ id, version }, context) => stores.get(id, version, context),
    listStores: async (request, context) => {
      const { items, nextPageToken } = stores.list(request, context);
      return { stores: [...items], nextPageToken };
    },
    createTerminal: (request, context) => terminals.create(request.terminal, request, context),
    updateTerminal: (request, context) => terminals.update(request.terminal, request.updateMask?.paths ?? [], request, context),
    getTerminal: ({ id, version }, context) => terminals.get(id, version, context),
    listTerminals: async (request, context) => {
      const { items, nextPageToken } = terminals.list(request, context);
      return { terminals: [...items], nextPageToken };
    },
    quotePrice: (request, context) => pricing.quote(request, context),
    applyCatalog: (request, context) => applying.apply(request, context),
  };
};
