import type { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import type { Handlers } from '@vouchsafe/rpc';
import type { CatalogueMemory } from '../application/catalogue-memory.js';
import { DEFAULT_BOOK } from '../domain/records.js';
import type { Pricing } from './pricing.js';
import { MODE, productTerms } from './terms-messages.js';

/** What the other services ask. Everything is answered from memory; only an order under a quote may read a stream. */
export const termsHandlers = (memory: CatalogueMemory, pricing: Pricing): Handlers<typeof CatalogTermsService> => ({
  priceOrder: (request) => pricing.priceOrder(request),
  getProductTerms: async ({ productId }) => {
    const product = memory.product(productId);
    return product ? productTerms(product, memory.supplier(product.spec.supplierId ?? '')) : { found: false };
  },
  getChannelTerms: async ({ channelId }) => {
    const channel = memory.channel(channelId);
    if (!channel) return { found: false };
    return {
      found: true, channelId, path: channel.path.map(({ id }) => id), bookId: channel.bookId, currency: channel.currency, suspended: channel.suspended,
      name: channel.spec.name, settlement: channel.settling ? MODE[channel.settling.mode] : 0,
    };
  },
  getSupplierTerms: async ({ supplierId }) => {
    const supplier = memory.supplier(supplierId)?.spec;
    if (!supplier) return { found: false };
    const { terms, presentation, returnable, inputTaxRateBp, prepaid, bookId } = supplier;
    return {
      found: true, supplierId, terms, agent: (presentation ?? (terms === 'purchased' ? 'principal' : 'agent')) === 'agent', returnable, inputTaxRateBp, prepaid,
      bookId: bookId ?? DEFAULT_BOOK,
    };
  },
  getTerminalTerms: async ({ terminalId }) => {
    const terminal = memory.terminal(terminalId)?.spec;
    const store = terminal && memory.store(terminal.storeId)?.spec;
    if (!terminal || !store) return { found: false };
    return {
      found: true, terminalId, storeId: terminal.storeId, zone: store.zone, scenes: [...terminal.scenes], active: !terminal.suspended,
      merchantId: store.merchantId ?? '', commissionBp: store.commissionBp, commissionTaxRateBp: store.commissionTaxRateBp, bookId: store.bookId ?? DEFAULT_BOOK,
    };
  },
  getBookTerms: async ({ bookId }) => {
    const book = memory.book(bookId);
    return book ? { found: true, bookId, zone: book.zone, cutOffMinute: book.cutOffMinute } : { found: false };
  },
});
