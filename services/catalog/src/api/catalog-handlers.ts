import type { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import type { Handlers } from '@vouchsafe/rpc';
import { Applying } from './apply.js';
import { Crud, type CrudPorts } from './crud.js';
import type { Pricing } from './pricing.js';
import { RESOURCES } from './resources/all.js';

type All = Handlers<typeof CatalogService>;
/** The four methods of one kind of record. */
type Of<One extends string, Many extends string> = Pick<All, Extract<keyof All, `create${One}` | `update${One}` | `get${One}` | `list${Many}`>>;

/** The public contract: each kind of record served alike. */
export const catalogHandlers = (ports: CrudPorts, pricing: Pricing): All => {
  const applying = new Applying(ports);
  return {
    ...books(ports),
    ...productGroups(ports),
    ...suppliers(ports),
    ...channels(ports),
    ...products(ports),
    ...priceLists(ports),
    ...listings(ports),
    ...stores(ports),
    ...terminals(ports),
    quotePrice: (request, context) => pricing.quote(request, context),
    applyCatalog: (request, context) => applying.apply(request, context),
  };
};

const books = (ports: CrudPorts): Of<'Book', 'Books'> => {
  const crud = new Crud(ports, RESOURCES.Book);
  return {
    createBook: (request, context) => crud.create(request.book, request, context),
    updateBook: (request, context) => crud.update(request.book, request.updateMask?.paths ?? [], request, context),
    getBook: ({ id, version }, context) => crud.get(id, version, context),
    listBooks: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { books: [...items], nextPageToken };
    },
  };
};

const productGroups = (ports: CrudPorts): Of<'ProductGroup', 'ProductGroups'> => {
  const crud = new Crud(ports, RESOURCES.ProductGroup);
  return {
    createProductGroup: (request, context) => crud.create(request.productGroup, request, context),
    updateProductGroup: (request, context) => crud.update(request.productGroup, request.updateMask?.paths ?? [], request, context),
    getProductGroup: ({ id, version }, context) => crud.get(id, version, context),
    listProductGroups: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { productGroups: [...items], nextPageToken };
    },
  };
};

const suppliers = (ports: CrudPorts): Of<'Supplier', 'Suppliers'> => {
  const crud = new Crud(ports, RESOURCES.Supplier);
  return {
    createSupplier: (request, context) => crud.create(request.supplier, request, context),
    updateSupplier: (request, context) => crud.update(request.supplier, request.updateMask?.paths ?? [], request, context),
    getSupplier: ({ id, version }, context) => crud.get(id, version, context),
    listSuppliers: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { suppliers: [...items], nextPageToken };
    },
  };
};

const channels = (ports: CrudPorts): Of<'Channel', 'Channels'> => {
  const crud = new Crud(ports, RESOURCES.Channel);
  return {
    createChannel: (request, context) => crud.create(request.channel, request, context),
    updateChannel: (request, context) => crud.update(request.channel, request.updateMask?.paths ?? [], request, context),
    getChannel: ({ id, version }, context) => crud.get(id, version, context),
    listChannels: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { channels: [...items], nextPageToken };
    },
  };
};

const products = (ports: CrudPorts): Of<'Product', 'Products'> => {
  const crud = new Crud(ports, RESOURCES.Product);
  return {
    createProduct: (request, context) => crud.create(request.product, request, context),
    updateProduct: (request, context) => crud.update(request.product, request.updateMask?.paths ?? [], request, context),
    getProduct: ({ id, version }, context) => crud.get(id, version, context),
    listProducts: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { products: [...items], nextPageToken };
    },
  };
};

const priceLists = (ports: CrudPorts): Of<'PriceList', 'PriceLists'> => {
  const crud = new Crud(ports, RESOURCES.PriceList);
  return {
    createPriceList: (request, context) => crud.create(request.priceList, request, context),
    updatePriceList: (request, context) => crud.update(request.priceList, request.updateMask?.paths ?? [], request, context),
    getPriceList: ({ id, version }, context) => crud.get(id, version, context),
    listPriceLists: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { priceLists: [...items], nextPageToken };
    },
  };
};

const listings = (ports: CrudPorts): Of<'Listing', 'Listings'> => {
  const crud = new Crud(ports, RESOURCES.Listing);
  return {
    createListing: (request, context) => crud.create(request.listing, request, context),
    updateListing: (request, context) => crud.update(request.listing, request.updateMask?.paths ?? [], request, context),
    getListing: ({ id, version }, context) => crud.get(id, version, context),
    listListings: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { listings: [...items], nextPageToken };
    },
  };
};

const stores = (ports: CrudPorts): Of<'Store', 'Stores'> => {
  const crud = new Crud(ports, RESOURCES.Store);
  return {
    createStore: (request, context) => crud.create(request.store, request, context),
    updateStore: (request, context) => crud.update(request.store, request.updateMask?.paths ?? [], request, context),
    getStore: ({ id, version }, context) => crud.get(id, version, context),
    listStores: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { stores: [...items], nextPageToken };
    },
  };
};

const terminals = (ports: CrudPorts): Of<'Terminal', 'Terminals'> => {
  const crud = new Crud(ports, RESOURCES.Terminal);
  return {
    createTerminal: (request, context) => crud.create(request.terminal, request, context),
    updateTerminal: (request, context) => crud.update(request.terminal, request.updateMask?.paths ?? [], request, context),
    getTerminal: ({ id, version }, context) => crud.get(id, version, context),
    listTerminals: async (request, context) => {
      const { items, nextPageToken } = crud.list(request, context);
      return { terminals: [...items], nextPageToken };
    },
  };
};
