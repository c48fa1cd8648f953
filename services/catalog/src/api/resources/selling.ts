import { ChannelSchema, ListingSchema, type PriceEntry, PriceListSchema } from '@vouchsafe/proto/catalog/v1/resources';
import { LINE_UNITS_MAX } from '../../domain/price.js';
import type * as domain from '../../domain/records.js';
import { decimal, duration, etagOf, timestamp } from '../printing.js';
import type { Reading } from '../reading.js';
import { roleFrom, roleTo, settlementFrom, settlementTo } from './enums.js';
import type { Resource } from './resource.js';

const PAYMENT_WINDOW_MS = 15 * 60_000;
const PRIORITY_MAX = 1_000;
const QUOTA_MAX = 1_000_000_000;
const ENTRIES_MAX = 5_000;
const TIERS_MAX = 50;

export const channelResource: Resource<'Channel', typeof ChannelSchema> = {
  kind: 'Channel', idKind: 'channel', message: ChannelSchema,
  parse: (m, at, reading) => ({
    name: reading.words(`${at}/name`, m.name),
    parentId: reading.ref(`${at}/parentId`, 'channel', m.parentId),
    role: roleFrom(m.role),
    commissionBp: reading.bp(`${at}/commissionBp`, m.commissionBp),
    settlement: settlementFrom(m.settlement),
    currency: m.currency === '' ? undefined : reading.currency(`${at}/currency`, m.currency),
    bookId: reading.ref(`${at}/bookId`, 'book', m.bookId),
    floorBp: reading.within(`${at}/floorBp`, m.floorBp, 0, 100_000),
    suspended: m.suspended,
    paymentProvider: m.paymentProvider || undefined,
    paymentWindowMs: settlementFrom(m.settlement) === 'consumer_pay'
      ? reading.duration(`${at}/paymentWindow`, m.paymentWindow, PAYMENT_WINDOW_MS)
      : reading.duration(`${at}/paymentWindow`, m.paymentWindow, undefined),
    fulfilLatePayment: m.fulfilLatePayment,
  }),
  print: ({ id, version, spec }, audience, terms) => ({
    id, version, etag: etagOf(version), name: spec.name, parentId: spec.parentId ?? '', role: roleTo(spec.role), commissionBp: spec.commissionBp,
    settlement: settlementTo(spec.settlement), currency: spec.currency ?? '', bookId: spec.bookId ?? '', floorBp: spec.floorBp, suspended: spec.suspended,
    paymentProvider: spec.paymentProvider ?? '', paymentWindow: duration(spec.paymentWindowMs), fulfilLatePayment: spec.fulfilLatePayment,
    path: audience.kind === 'staff' ? (terms.channel(id)?.path.map((one) => one.id) ?? []) : [],
  }),
  shownTo: ({ id }, channelId) => id === channelId,
};

const entry = (m: PriceEntry, at: string, reading: Reading): domain.PriceEntry => ({
  productId: reading.required(`${at}/productId`, m.productId),
  unitMicros: reading.price(`${at}/unitPrice`, m.unitPrice),
  floorMicros: reading.decimal(`${at}/floor`, m.floor),
  tiers: m.tiers.slice(0, reading.within(`${at}/tiers`, m.tiers.length, 0, TIERS_MAX)).map((tier, i) => ({
    minQuantity: reading.within(`${at}/tiers/${i}/minQuantity`, tier.minQuantity || 1, 1, LINE_UNITS_MAX),
    memberTier: tier.memberTier || undefined,
    unitMicros: reading.price(`${at}/tiers/${i}/unitPrice`, tier.unitPrice),
  })),
});

export const priceListResource: Resource<'PriceList', typeof PriceListSchema> = {
  kind: 'PriceList', idKind: 'priceList', message: PriceListSchema,
  parse: (m, at, reading, terms) => {
    const [from, until] = [reading.time(`${at}/validFrom`, m.validFrom), reading.time(`${at}/validUntil`, m.validUntil)];
    reading.window(`${at}/validUntil`, from, until);
    const channelId = reading.required(`${at}/channelId`, m.channelId);
    return {
      name: reading.words(`${at}/name`, m.name), channelId,
      currency: reading.currency(`${at}/currency`, m.currency || (terms.channel(channelId)?.currency ?? 'CNY')),
      from, until,
      priority: reading.within(`${at}/priority`, m.priority, -PRIORITY_MAX, PRIORITY_MAX),
      entries: m.entries.slice(0, reading.within(`${at}/entries`, m.entries.length, 0, ENTRIES_MAX)).map((one, i) => entry(one, `${at}/entries/${i}`, reading)),
    };
  },
  print: ({ id, version, spec }, audience) => ({
    id, version, etag: etagOf(version), name: spec.name, channelId: spec.channelId, currency: spec.currency, validFrom: timestamp(spec.from),
    validUntil: timestamp(spec.until), priority: spec.priority,
    entries: spec.entries.map(({ productId, unitMicros, floorMicros, tiers }) => ({
      productId, unitPrice: decimal(unitMicros), floor: audience.kind === 'staff' ? decimal(floorMicros) : '',
      tiers: tiers.map((tier) => ({ minQuantity: tier.minQuantity, memberTier: tier.memberTier ?? '', unitPrice: decimal(tier.unitMicros) })),
    })),
  }),
  shownTo: ({ spec }, channelId) => spec.channelId === channelId,
};

export const listingResource: Resource<'Listing', typeof ListingSchema> = {
  kind: 'Listing', idKind: 'listing', message: ListingSchema,
  parse: (m, at, reading) => {
    const [from, until] = [reading.time(`${at}/openFrom`, m.openFrom), reading.time(`${at}/openUntil`, m.openUntil)];
    reading.window(`${at}/openUntil`, from, until);
    return {
      channelId: reading.required(`${at}/channelId`, m.channelId),
      productId: reading.required(`${at}/productId`, m.productId),
      from, until,
      quota: reading.within(`${at}/quota`, Number(m.quota), 0, QUOTA_MAX) || undefined,
      buyerLimit: reading.within(`${at}/buyerLimit`, m.buyerLimit, 0, LINE_UNITS_MAX) || undefined,
      minRemainingValidityMs: reading.duration(`${at}/minRemainingValidity`, m.minRemainingValidity, undefined),
      minQuantity: reading.within(`${at}/minQuantity`, m.minQuantity || 1, 1, LINE_UNITS_MAX),
      maxQuantity: reading.within(`${at}/maxQuantity`, m.maxQuantity || LINE_UNITS_MAX, 1, LINE_UNITS_MAX),
      suspended: m.suspended,
    };
  },
  print: ({ id, version, spec }) => ({
    id, version, etag: etagOf(version), channelId: spec.channelId, productId: spec.productId, openFrom: timestamp(spec.from), openUntil: timestamp(spec.until),
    quota: BigInt(spec.quota ?? 0), buyerLimit: spec.buyerLimit ?? 0, minRemainingValidity: duration(spec.minRemainingValidityMs),
    minQuantity: spec.minQuantity, maxQuantity: spec.maxQuantity, suspended: spec.suspended,
  }),
  shownTo: ({ spec }, channelId) => spec.channelId === channelId,
};
