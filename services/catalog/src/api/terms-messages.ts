import { OWN_SUPPLIER } from '@vouchsafe/contracts';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { exponentOf, type Money } from '@vouchsafe/kernel';
import { AccountFieldSchema, type PricedLine as PricedLineMessage, type PriceOrderResponse, type ProductTermsSchema, type TopUpTerms } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { type Money as MoneyMessage, ProductKind, SettlementMode, type UsageTerms, UsageTerms_Usage } from '@vouchsafe/proto/common/v1/types';
import type { Priced, PricedLine } from '../domain/price.js';
import { DEFAULT_BOOK, type ProductSpec } from '../domain/records.js';
import { bookOf, presentationOf, type Product, type Supplier, type Terms } from '../domain/terms.js';

export const KIND = { code: ProductKind.CODE, link: ProductKind.LINK, top_up: ProductKind.TOP_UP, own_voucher: ProductKind.OWN_VOUCHER } as const;
export const MODE = { prepaid: SettlementMode.PREPAID, credit: SettlementMode.CREDIT, consumer_pay: SettlementMode.CONSUMER_PAY } as const;
const USAGE = { single: UsageTerms_Usage.SINGLE, times: UsageTerms_Usage.TIMES, balance: UsageTerms_Usage.BALANCE } as const;

/** Money as it travels between services; nobody reads `display` there. */
const bare = ({ minor, currency }: Money): MoneyMessage => ({ $typeName: 'vouchsafe.common.v1.Money', currency, minor, display: '' });
const NO_DETAILS: PriceOrderResponse['details'] = {};

/** The answer to order for priced lines. A whole message: within the process it passes as it is. */
export const pricedOrder = (terms: Terms, { channel, lines, total }: Priced): PriceOrderResponse => {
  const settling = channel.settling!;
  return {
    $typeName: 'vouchsafe.catalog.internal.v1.PriceOrderResponse',
    rejection: '',
    details: NO_DETAILS,
    lines: lines.map((line) => pricedLine(line, terms)),
    total: bare(total),
    settlement: MODE[settling.mode],
    settlementChannelId: settling.channelId,
    bookId: channel.bookId,
    paymentProvider: settling.spec.paymentProvider ?? '',
    paymentWindowMs: BigInt(settling.spec.paymentWindowMs ?? 0),
    fulfilLatePayment: settling.spec.fulfilLatePayment,
  };
};

const pricedLine = (line: PricedLine, terms: Terms): PricedLineMessage => {
  const { spec, id, version } = line.product;
  const supplier = spec.supplierId === undefined ? undefined : terms.supplier(spec.supplierId)?.spec;
  const agent = presentationOf(spec, supplier) === 'agent';
  const { quota, buyerLimit, minRemainingValidityMs } = line.listing.spec;
  return {
    $typeName: 'vouchsafe.catalog.internal.v1.PricedLine',
    lineId: line.lineId, productId: id, productVersion: version, kind: KIND[spec.kind], name: { $typeName: 'vouchsafe.common.v1.Text', zh: spec.name.zh, en: spec.name.en },
    listingId: line.listing.id, priceListId: line.source.priceListId, quantity: line.quantity, unitMicros: line.source.unitMicros,
    gross: bare(line.gross), taxRateBp: spec.taxRateBp, taxClass: spec.taxClass, agent,
    stockPaid: agent && supplier?.terms === 'purchased',
    businessLine: spec.businessLine, supplierId: spec.supplierId ?? OWN_SUPPLIER,
    quota: BigInt(quota ?? 0), buyerLimit: buyerLimit ?? 0, minRemainingValidityMs: BigInt(minRemainingValidityMs ?? 0),
    usage: usageMessage(spec),
    chain: line.chain.map(({ channelId, unitMicros, margin }) => ({ $typeName: 'vouchsafe.catalog.internal.v1.ChainLevel', channelId, unitMicros, margin: bare(margin) })),
    topUp: spec.topUp && topUpMessage(spec),
    owedMicros: spec.owedMicros ?? 0n,
  };
};

const topUpMessage = ({ topUp, faceMinor, currency }: ProductSpec): TopUpTerms => ({
  $typeName: 'vouchsafe.catalog.internal.v1.TopUpTerms',
  provider: topUp!.provider, providerSku: topUp!.providerSku ?? '', face: bare({ minor: faceMinor, currency }), costMicros: topUp!.costMicros,
  inputTaxRateBp: topUp!.inputTaxRateBp, guardMs: BigInt(topUp!.guardMs), giveUpMs: BigInt(topUp!.giveUpMs),
  accountFields: topUp!.accountFields.map((field) => create(AccountFieldSchema, field)),
});

export const usageMessage = ({ usage, faceMinor }: ProductSpec): UsageTerms => ({
  $typeName: 'vouchsafe.common.v1.UsageTerms',
  usage: USAGE[usage.usage], times: usage.times, faceMinor,
  validFromMs: BigInt(usage.validFrom ?? 0), validUntilMs: BigInt(usage.validUntil ?? 0), validDays: usage.validDays ?? 0, zone: usage.zone,
  weekdays: [...usage.weekdays], fromMinute: usage.fromMinute ?? 0, toMinute: usage.toMinute ?? 0, storeIds: [...usage.storeIds], scenes: [...usage.scenes],
  reversalWindowMs: BigInt(usage.reversalWindowMs), rediscloseForMs: BigInt(usage.rediscloseForMs), rediscloseTimes: usage.rediscloseTimes,
  prepaidUntaxed: usage.prepaidUntaxed,
});

export const productTerms = ({ id, version, spec }: Product, supplier: Supplier | undefined): MessageInitShape<typeof ProductTermsSchema> => ({
  found: true, productId: id, version, kind: KIND[spec.kind], name: spec.name, currency: spec.currency, businessLine: spec.businessLine,
  supplierId: spec.supplierId ?? OWN_SUPPLIER, agent: presentationOf(spec, supplier?.spec) === 'agent', taxRateBp: spec.taxRateBp,
  usage: usageMessage(spec), bookId: bookOf(spec, supplier?.spec, DEFAULT_BOOK), lowStockAt: BigInt(spec.lowStockAt),
});

/** Minor units of micros of the major unit, if they come out whole. */
export const wholeMinor = (micros: bigint, currency: string): bigint | undefined => {
  const scaled = micros * 10n ** BigInt(exponentOf(currency));
  return scaled % 1_000_000n === 0n ? scaled / 1_000_000n : undefined;
};
