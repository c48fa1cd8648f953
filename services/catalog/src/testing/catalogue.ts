import { instant, parseMicros } from '@vouchsafe/kernel';
import { CatalogueMemory } from '../application/catalogue-memory.js';
import type { Kind, Specs } from '../domain/kinds.js';
import type { ChannelSpec, ListingSpec, PriceListSpec, PriceTier, ProductSpec, SupplierSpec } from '../domain/records.js';

const name = { zh: '名', en: 'name' };
export const micros = (text: string): bigint => parseMicros(text)!;

export const aProduct = (more: Partial<ProductSpec> = {}): ProductSpec => ({
  kind: 'code', name, pictureUrls: [], currency: 'CNY', faceMinor: 1000n, taxClass: 'standard', taxRateBp: 600, businessLine: 'video',
  usage: {
    usage: 'single', times: 1, zone: 'Asia/Shanghai', weekdays: [], storeIds: [], scenes: [], reversalWindowMs: 0, rediscloseForMs: 0, rediscloseTimes: 10,
    prepaidUntaxed: false,
  },
  lowStockAt: 0, labels: {}, withdrawn: false, ...more,
});
export const aChannel = (more: Partial<ChannelSpec> = {}): ChannelSpec => ({
  name, role: 'reseller', commissionBp: 0, floorBp: 0, suspended: false, fulfilLatePayment: false, ...more,
});
export const aSupplier = (more: Partial<SupplierSpec> = {}): SupplierSpec => ({ name, terms: 'purchased', returnable: false, inputTaxRateBp: 0, prepaid: false, ...more });
export const aListing = (channelId: string, productId: string, more: Partial<ListingSpec> = {}): ListingSpec => ({
  channelId, productId, minQuantity: 1, maxQuantity: 10_000, suspended: false, ...more,
});
export const tier = (minQuantity: number, price: string, memberTier?: string): PriceTier => ({ minQuantity, unitMicros: micros(price), ...(memberTier && { memberTier }) });
export const aPriceList = (channelId: string, prices: Record<string, string>, more: Partial<PriceListSpec> & { floor?: string; tiers?: readonly PriceTier[] } = {}): PriceListSpec => {
  const { floor, tiers = [], ...rest } = more;
  return {
    name, channelId, currency: 'CNY', priority: 0, ...rest,
    entries: Object.entries(prices).map(([productId, price]) => ({ productId, unitMicros: micros(price), tiers, ...(floor !== undefined && { floorMicros: micros(floor) }) })),
  };
};

/** A catalogue of these records, all in their first version. */
export const catalogueOf = (records: { readonly [K in Kind]?: Readonly<Record<string, Specs[K]>> }): CatalogueMemory => {
  const memory = new CatalogueMemory({ name, zone: 'Asia/Shanghai', cutOffMinute: 0 });
  for (const [kind, byId] of Object.entries(records) as [Kind, Record<string, Specs[Kind]>][]) put(memory, kind, byId);
  return memory;
};
/** Puts records (of a newer version) into a catalogue. */
export const put = <K extends Kind>(memory: CatalogueMemory, kind: K, byId: Readonly<Record<string, Specs[K]>>): void => {
  for (const [id, spec] of Object.entries(byId)) {
    memory.put(kind, { id, version: (memory.get(kind, id)?.version ?? 0) + 1, spec, createdAt: instant(0), revisedAt: instant(0), recent: [] });
  }
};
