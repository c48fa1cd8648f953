import { create, fromJson, toJson } from '@bufbuild/protobuf';
import type { Json } from '@vouchsafe/codec';
import { type Instant, instant, plusMs, taxWithin } from '@vouchsafe/kernel';
import { type PriceOrderRequest, type PriceOrderResponse, PriceOrderResponseSchema } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { type QuotePriceRequest, type QuotePriceResponse, QuotePriceResponseSchema } from '@vouchsafe/proto/catalog/v1/catalog';
import { type CallContext, failureOf, invalidField } from '@vouchsafe/rpc';
import type { CatalogueMemory } from '../application/catalogue-memory.js';
import type { Quotes } from '../application/quotes.js';
import { type Priced, type PricedLine, priceLines } from '../domain/price.js';
import { audienceOf, type CrudPorts, envelopeOf } from './crud.js';
import { catalogErrors } from './errors.js';
import { decimal, shown, timestamp } from './printing.js';
import { MODE, pricedOrder } from './terms-messages.js';

export type PricingPorts = Pick<CrudPorts, 'clock' | 'ids'> & { readonly memory: CatalogueMemory; readonly quotes: Quotes; readonly quoteValidMs: number };
/** Lines of one order at most. */
const LINES_MAX = 100;
type Asked = { readonly productId: string; readonly quantity: number };
/** What a quote keeps: what was asked, and the answer for order as it was then. */
type QuotedTerms = { readonly memberTier: string; readonly lines: readonly Asked[]; readonly answer: Json };

/** Prices orders and quotes from one catalogue. */
export class Pricing {
  constructor(readonly ports: PricingPorts) {}

  /** Answers order: priced lines, or a rejection as data. */
  priceOrder(request: PriceOrderRequest): Promise<PriceOrderResponse> | PriceOrderResponse {
    if (request.quoteId !== '') return this.#fromQuote(request);
    const { memory } = this.ports;
    const answer = priceLines(memory, {
      channelId: request.channelId, lines: request.lines, at: instant(Number(request.atMs)), ...(request.memberTier !== '' && { memberTier: request.memberTier }),
    });
    return answer.ok ? pricedOrder(memory, answer) : create(PriceOrderResponseSchema, { rejection: answer.code, details: answer.details });
  }

  async #fromQuote(request: PriceOrderRequest): Promise<PriceOrderResponse> {
    const no = (rejection: string): PriceOrderResponse => create(PriceOrderResponseSchema, { rejection });
    const quote = await this.ports.quotes.find(request.quoteId);
    if (!quote || quote.channelId !== request.channelId || Number(request.atMs) > quote.expiresAt) return no('QUOTE_EXPIRED');
    if (this.ports.memory.channel(request.channelId)?.suspended !== false) return no('CHANNEL_SUSPENDED');
    const terms = quote.terms as QuotedTerms;
    const same = terms.memberTier === request.memberTier && terms.lines.length === request.lines.length &&
      terms.lines.every(({ productId, quantity }, i) => request.lines[i]!.productId === productId && request.lines[i]!.quantity === quantity);
    if (!same) return no('QUOTE_DIFFERS');
    const answer = fromJson(PriceOrderResponseSchema, terms.answer as never);
    answer.lines.forEach((line, i) => { line.lineId = request.lines[i]!.lineId; });
    return answer;
  }

  /** Prices for whoever asks, with reasons; held for some seconds where they want it. */
  async quote(request: QuotePriceRequest, context: CallContext): Promise<QuotePriceResponse> {
    const audience = audienceOf(context);
    const channelId = audience.kind === 'channel' ? audience.channelId : request.channelId;
    if (request.lines.length === 0 || request.lines.length > LINES_MAX) {
      throw invalidField('/lines', 'OUT_OF_RANGE', `应有 1 到 ${LINES_MAX} 行`, `takes 1 to ${LINES_MAX} lines`);
    }
    const at = this.ports.clock.now();
    const lines = request.lines.map(({ productId, quantity }, i) => ({ lineId: String(i + 1), productId, quantity }));
    const priced = priceLines(this.ports.memory, { channelId, lines, at, ...(request.memberTier !== '' && { memberTier: request.memberTier }) });
    if (!priced.ok) throw failureOf(catalogErrors, priced.code, priced.details);
    const held = request.hold ? await this.#hold(priced, request.memberTier, at, context) : undefined;
    return create(QuotePriceResponseSchema, {
      quoteId: held?.quoteId ?? '', expiresAt: timestamp(held?.expiresAt), total: shown(priced.total), settlement: MODE[priced.channel.settling!.mode],
      settlementChannelId: audience.kind === 'staff' ? priced.channel.settling!.channelId : '',
      lines: priced.lines.map((line) => explained(line, audience.kind === 'staff' ? undefined : channelId)),
    });
  }

  async #hold(priced: Priced, memberTier: string, at: Instant, context: CallContext) {
    const { ids, quotes, quoteValidMs, memory } = this.ports;
    const quoteId = ids.mint('quote');
    const expiresAt = plusMs(at, quoteValidMs);
    const answer = toJson(PriceOrderResponseSchema, pricedOrder(memory, priced)) as Json;
    const terms: QuotedTerms = { memberTier, lines: priced.lines.map(({ product, quantity }) => ({ productId: product.id, quantity })), answer };
    await quotes.issue({ quoteId, channelId: priced.channel.id, expiresAt, terms }, at, envelopeOf(this.ports, `Quote.${quoteId}`, '', context));
    return { quoteId, expiresAt };
  }
}

/** `onlyLevel`: a channel sees its own level of the chain, and no floors. */
const explained = ({ product, listing, quantity, source, gross, chain }: PricedLine, onlyLevel: string | undefined) => {
  const { tier, row } = source;
  const levels = onlyLevel === undefined ? chain : chain.filter(({ channelId }) => channelId === onlyLevel);
  return {
    productId: product.id, productVersion: product.version, name: product.spec.name, quantity, unitPrice: decimal(source.unitMicros), amount: shown(gross),
    tax: shown(taxWithin(gross, product.spec.taxRateBp)),
    explanation: {
      listingId: listing.id, priceListId: source.priceListId, priceChannelId: onlyLevel === undefined ? source.channelId : '',
      basePrice: decimal(row.entry.unitMicros), tierMinQuantity: tier?.minQuantity ?? 0, tierMember: tier?.memberTier ?? '',
      floor: onlyLevel === undefined ? decimal(row.entry.floorMicros) : '',
      chain: levels.map(({ channelId, unitMicros, margin }) => ({ channelId, unitPrice: decimal(unitMicros), margin: shown(margin) })),
      words: wordsOf(decimal(row.entry.unitMicros), decimal(source.unitMicros), tier, quantity),
    },
  };
};

const wordsOf = (base: string, unit: string, tier: { minQuantity: number; memberTier?: string } | undefined, quantity: number) => {
  if (!tier) return { zh: `单价 ${base}，共 ${quantity} 件，整行四舍五入一次`, en: `${base} each, ${quantity} units, the line rounded once` };
  const [zh, en] = tier.memberTier ? [`，会员等级 ${tier.memberTier}`, ` for members of tier ${tier.memberTier}`] : ['', ''];
  return {
    zh: `原价 ${base}；满 ${tier.minQuantity} 件${zh}，单价 ${unit}，整行四舍五入一次`,
    en: `${base} each; from ${tier.minQuantity} units on${en} ${unit} each, the line rounded once`,
  };
};
