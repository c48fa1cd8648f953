import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Ids, Log, Namespace, Random, ServiceModule, Timers } from '@vouchsafe/runtime';
import { bookCodec, channelCodec, listingCodec, priceListCodec, productCodec, productGroupCodec, quoteCodec, storeCodec, supplierCodec } from './adapters/codecs.js';
import { catalogHandlers } from './api/catalog-handlers.js';
import { Pricing } from './api/pricing.js';
import { termsHandlers } from './api/terms-handlers.js';
import { CatalogueMemory } from './application/catalogue-memory.js';
import { Quotes } from './application/quotes.js';
import { follow, rebuild } from './application/rebuild.js';
import { type Codecs, Records } from './application/records.js';
import type { CatalogConfig } from './config.js';

export type CatalogPorts = {
  readonly namespace: Namespace; readonly store: EventStore; readonly bus: Bus; readonly readStore: ReadStore; readonly rpc: Rpc; readonly clock: Clock;
  readonly random: Random; readonly ids: Ids; readonly timers: Timers; readonly log: Log;
};

const codecs: Codecs = {
  Book: bookCodec, ProductGroup: productGroupCodec, Supplier: supplierCodec, Channel: channelCodec, Product: productCodec, PriceList: priceListCodec,
  Listing: listingCodec, Store: storeCodec,
};

/** What is sold where at which price. Serves once its catalogue is read back from the events. */
export const createCatalog = (ports: CatalogPorts, config: CatalogConfig): ServiceModule => {
  const { store, clock, random, ids, rpc, log } = ports;
  const memory = new CatalogueMemory({ name: { zh: '主账套', en: 'Main books' }, zone: config.zone, cutOffMinute: 0 });
  const stopped = new AbortController();
  let following: Promise<void> = Promise.resolve();
  return {
    name: 'catalog',
    needs: [],
    start: async () => {
      const after = await rebuild(memory, codecs, store);
      if (!store.exclusive) following = follow(memory, codecs, store, after, stopped.signal);
      const records = new Records({ store, clock, random, codecs, memory });
      const quotes = new Quotes({ store, clock, random, codec: quoteCodec });
      const pricing = new Pricing({ memory, quotes, clock, ids, quoteValidMs: config.quoteValidMs });
      rpc.serve(CatalogTermsService, termsHandlers(memory, pricing));
      rpc.serve(CatalogService, catalogHandlers({ records, memory, store, codecs, clock, ids }, pricing));
      log.info({ products: memory.all('Product').length, channels: memory.all('Channel').length }, 'catalogue read');
    },
    stop: async () => {
      stopped.abort();
      await following;
    },
  };
};
