import { big, bool, dict, int, list, oneOf, optional, record, type Shape, text, time } from '@vouchsafe/codec';
import { productKind, presentation, settlementMode, supplierTerms } from '@vouchsafe/contracts';
import type { Specs } from '../domain/kinds.js';

const words = record({ zh: text(), en: text() });
const usage = record({
  usage: oneOf('single', 'times', 'balance'), times: int, validFrom: optional(time), validUntil: optional(time), validDays: optional(int), zone: text(),
  weekdays: list(int), fromMinute: optional(int), toMinute: optional(int), storeIds: list(text()), scenes: list(text()),
  reversalWindowMs: int, rediscloseForMs: int, rediscloseTimes: int, prepaidUntaxed: bool,
});
const topUp = record({
  provider: text(), providerSku: optional(text()), costMicros: big, inputTaxRateBp: int, guardMs: int, giveUpMs: int,
  accountFields: list(record({ name: text(), label: words, pattern: text(), required: bool })),
});
const priceTier = record({ minQuantity: int, memberTier: optional(text()), unitMicros: big });
const priceEntry = record({ productId: text(), unitMicros: big, floorMicros: optional(big), tiers: list(priceTier) });

/** Stored form of every kind of record. */
export const specShapes: { readonly [K in keyof Specs]: Shape<Specs[K]> } = {
  Book: record({ name: words, zone: text(), cutOffMinute: int }),
  ProductGroup: record({ name: words, description: optional(words) }),
  Supplier: record({
    name: words, terms: supplierTerms, presentation: optional(presentation), returnable: bool, inputTaxRateBp: int, prepaid: bool, bookId: optional(text()),
  }),
  Product: record({
    kind: productKind, name: words, description: optional(words), instructions: optional(words), pictureUrls: list(text()), groupId: optional(text()),
    currency: text(), faceMinor: big, taxClass: text(), taxRateBp: int, presentation: optional(presentation), businessLine: text(),
    supplierId: optional(text()), bookId: optional(text()), usage, topUp: optional(topUp), owedMicros: optional(big), lowStockAt: int,
    labels: dict(text()), withdrawn: bool,
  }),
  Channel: record({
    name: words, parentId: optional(text()), role: oneOf('reseller', 'agent'), commissionBp: int, settlement: optional(settlementMode),
    currency: optional(text()), bookId: optional(text()), floorBp: int, suspended: bool, paymentProvider: optional(text()),
    paymentWindowMs: optional(int), fulfilLatePayment: bool,
  }),
  PriceList: record({
    name: words, channelId: text(), currency: text(), from: optional(time), until: optional(time), priority: int, entries: list(priceEntry),
  }),
  Listing: record({
    channelId: text(), productId: text(), from: optional(time), until: optional(time), quota: optional(int), buyerLimit: optional(int),
    minRemainingValidityMs: optional(int), minQuantity: int, maxQuantity: int, suspended: bool,
  }),
  Store: record({
    name: words, zone: text(), address: optional(words), bookId: optional(text()), merchantId: optional(text()), commissionBp: int, commissionTaxRateBp: int,
  }),
  Terminal: record({ storeId: text(), name: words, scenes: list(text()), suspended: bool }),
};
