import { instant, type Instant, invariant, type Money } from '@vouchsafe/kernel';
import { CatalogTermsService, type PricedLine, type PriceOrderRequest, type PriceOrderResponse } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { type Money as ProtoMoney, ProductKind, SettlementMode, UsageTerms_Usage } from '@vouchsafe/proto/common/v1/types';
import type { CallContext, Rpc } from '@vouchsafe/rpc';
import type { ChainLevel, OrderLine, ProductKind as Kind, SettlementMode as Mode, TopUpTerms, UsageTerms } from '../domain/terms.js';
import { lineIdOf, type OrderAsk } from './order-ask.js';
import type { Protected } from './protection.js';

/** What the order would cost on its channel now, or why it cannot be had; the catalogue's words. */
export const price = (rpc: Rpc, { channelId, quoteId, memberTier, lines }: OrderAsk, at: Instant, context: CallContext): Promise<PriceOrderResponse> => {
  const request: PriceOrderRequest = {
    $typeName: 'vouchsafe.catalog.internal.v1.PriceOrderRequest', channelId, quoteId, memberTier, atMs: BigInt(at),
    lines: lines.map(({ productId, quantity }, index) => ({ $typeName: 'vouchsafe.catalog.internal.v1.PriceOrderRequest.Line', lineId: lineIdOf(index), productId, quantity })),
  };
  return rpc.call(CatalogTermsService.method.priceOrder, request, context);
};

export const amountOf = (amount: ProtoMoney | undefined): Money => {
  invariant(amount, 'a priced order has amounts');
  return { minor: amount.minor, currency: amount.currency };
};

/** A priced line as the order keeps it. `account`: of a top-up. */
export const lineOf = (priced: PricedLine, account: Protected | undefined, allowRepeat: boolean): OrderLine => ({
  lineId: priced.lineId, productId: priced.productId, productVersion: priced.productVersion, kind: kindOf(priced.kind),
  listingId: priced.listingId, priceListId: priced.priceListId, quantity: priced.quantity,
  unitMicros: priced.unitMicros, grossMinor: amountOf(priced.gross).minor, taxRateBp: priced.taxRateBp,
  ...(priced.taxClass !== '' && { taxClass: priced.taxClass }),
  agent: priced.agent, stockPaid: priced.stockPaid, businessLine: priced.businessLine, supplierId: priced.supplierId, owedMicros: priced.owedMicros,
  ...(priced.quota > 0n && { quota: Number(priced.quota) }),
  ...(priced.buyerLimit > 0 && { buyerLimit: priced.buyerLimit }),
  ...(priced.minRemainingValidityMs > 0n && { minValidMs: Number(priced.minRemainingValidityMs) }),
  usage: usageOf(priced), chain: chainOf(priced),
  ...(priced.topUp && { topUp: topUpOf(priced, account, allowRepeat) }),
});

export const settlementOf = (mode: SettlementMode): Mode => {
  switch (mode) {
    case SettlementMode.PREPAID: return 'prepaid';
    case SettlementMode.CREDIT: return 'credit';
    case SettlementMode.CONSUMER_PAY: return 'consumer_pay';
    case SettlementMode.UNSPECIFIED: return invariant(false, 'a priced order settles somehow') as never;
  }
};

const kindOf = (kind: ProductKind): Kind => {
  switch (kind) {
    case ProductKind.CODE: return 'code';
    case ProductKind.LINK: return 'link';
    case ProductKind.TOP_UP: return 'top_up';
    case ProductKind.OWN_VOUCHER: return 'own_voucher';
    case ProductKind.UNSPECIFIED: return invariant(false, 'a product has a kind') as never;
  }
};

/** A chain of the seller alone, who earns nothing on it, says nothing that the line does not. */
const chainOf = ({ chain }: PricedLine): readonly ChainLevel[] =>
  chain.length === 1 && (chain[0]!.margin?.minor ?? 0n) === 0n
    ? NO_CHAIN
    : chain.map(({ channelId, unitMicros, margin }) => ({ channelId, unitMicros, marginMinor: margin?.minor ?? 0n }));
const NO_CHAIN: readonly ChainLevel[] = [];

const topUpOf = ({ topUp }: PricedLine, account: Protected | undefined, allowRepeat: boolean): TopUpTerms => {
  invariant(topUp && account, 'a top-up has terms and an account');
  return {
    provider: topUp.provider, faceMinor: topUp.face?.minor ?? 0n, costMicros: topUp.costMicros, inputTaxRateBp: topUp.inputTaxRateBp,
    guardMs: Number(topUp.guardMs), giveUpMs: Number(topUp.giveUpMs),
    ...(topUp.providerSku !== '' && { providerSku: topUp.providerSku }), accountRef: account.ref, accountToken: account.token, allowRepeat,
  };
};

const usageOf = ({ usage }: PricedLine): UsageTerms => {
  invariant(usage, 'a priced line has usage terms');
  return {
    usage: usage.usage === UsageTerms_Usage.TIMES ? 'times' : usage.usage === UsageTerms_Usage.BALANCE ? 'balance' : 'single',
    times: Math.max(1, usage.times), faceMinor: usage.faceMinor, zone: usage.zone,
    ...(usage.validFromMs > 0n && { validFrom: instant(Number(usage.validFromMs)) }),
    ...(usage.validUntilMs > 0n && { validUntil: instant(Number(usage.validUntilMs)) }),
    ...(usage.validDays > 0 && { validDays: usage.validDays }),
    ...(usage.weekdays.length > 0 && { weekdays: usage.weekdays }),
    ...((usage.fromMinute > 0 || usage.toMinute > 0) && { fromMinute: usage.fromMinute, toMinute: usage.toMinute }),
    ...(usage.storeIds.length > 0 && { storeIds: usage.storeIds }),
    ...(usage.scenes.length > 0 && { scenes: usage.scenes }),
    reversalWindowMs: Number(usage.reversalWindowMs), rediscloseForMs: Number(usage.rediscloseForMs), rediscloseTimes: usage.rediscloseTimes,
    prepaidUntaxed: usage.prepaidUntaxed,
  };
};
