import type { Currency, Instant, Micros } from '@vouchsafe/kernel';

/** A name in both languages; neither may be empty. */
export type Text = { readonly zh: string; readonly en: string };

/** A legal entity's books. `cutOffMinute`: minute of the day (in `zone`) from which an entry belongs to the next day. */
export type BookSpec = { readonly name: Text; readonly zone: string; readonly cutOffMinute: number };
/** The books there are without anybody defining any. */
export const DEFAULT_BOOK = 'bok_main';

export type ProductGroupSpec = { readonly name: Text; readonly description?: Text };

export type Presentation = 'principal' | 'agent';
/** Where codes and top-ups come from, and on what terms. `presentation` overrides what the terms imply. */
export type SupplierSpec = {
  readonly name: Text;
  readonly terms: 'purchased' | 'consignment' | 'postpaid';
  readonly presentation?: Presentation;
  readonly returnable: boolean;
  readonly inputTaxRateBp: number;
  /** Paid out of an advance; else a payable arises. */
  readonly prepaid: boolean;
  readonly bookId?: string;
};

/** How one unit may be used. Times are instants, minutes of the store's day, weekdays 1 (Monday) to 7. */
export type UsageTerms = {
  readonly usage: 'single' | 'times' | 'balance';
  readonly times: number;
  readonly validFrom?: Instant;
  readonly validUntil?: Instant;
  /** Days from activation, to the end of that day in `zone`. */
  readonly validDays?: number;
  readonly zone: string;
  readonly weekdays: readonly number[];
  readonly fromMinute?: number;
  readonly toMinute?: number;
  readonly storeIds: readonly string[];
  readonly scenes: readonly string[];
  readonly reversalWindowMs: number;
  readonly rediscloseForMs: number;
  readonly rediscloseTimes: number;
  /** Prepaid-card rules: not taxed before use. */
  readonly prepaidUntaxed: boolean;
};

/** One field of the account a top-up goes to; `pattern` (RE2) must match the whole value. */
export type AccountField = { readonly name: string; readonly label: Text; readonly pattern: string; readonly required: boolean };
export type TopUpTerms = {
  readonly provider: string;
  readonly providerSku?: string;
  /** Cost of one unit without recoverable tax, micros of the product's currency. */
  readonly costMicros: Micros;
  readonly inputTaxRateBp: number;
  /** Same account and product within this time under another number is refused; 0 = never. */
  readonly guardMs: number;
  readonly giveUpMs: number;
  readonly accountFields: readonly AccountField[];
};

export type ProductKind = 'code' | 'link' | 'top_up' | 'own_voucher';
/** What is sold: one sellable SKU. Every revision is a version that old orders go on naming. */
export type ProductSpec = {
  readonly kind: ProductKind;
  readonly name: Text;
  readonly description?: Text;
  readonly instructions?: Text;
  readonly pictureUrls: readonly string[];
  readonly groupId?: string;
  readonly currency: Currency;
  readonly faceMinor: bigint;
  readonly taxClass: string;
  readonly taxRateBp: number;
  readonly presentation?: Presentation;
  readonly businessLine: string;
  readonly supplierId?: string;
  readonly bookId?: string;
  readonly usage: UsageTerms;
  readonly topUp?: TopUpTerms;
  /** Agency: what the issuer is owed for one unit. */
  readonly owedMicros?: Micros;
  /** StockLow is told at and below so many units; 0 = never. */
  readonly lowStockAt: number;
  /** Words of the source that had no field of their own (a mapped catalogue), for people only. */
  readonly labels: Readonly<Record<string, string>>;
  readonly withdrawn: boolean;
};

export type SettlementMode = 'prepaid' | 'credit' | 'consumer_pay';
/** A place of sale. Without `settlement` its orders settle on the nearest channel above that has one. */
export type ChannelSpec = {
  readonly name: Text;
  readonly parentId?: string;
  /** A reseller buys at its price; an agent sells at retail for a commission (`commissionBp` of the line). */
  readonly role: 'reseller' | 'agent';
  readonly commissionBp: number;
  readonly settlement?: SettlementMode;
  readonly currency?: Currency;
  readonly bookId?: string;
  /** Its unit prices are at least this share of its parent's, in basis points; 0 = no such floor. */
  readonly floorBp: number;
  readonly suspended: boolean;
  readonly paymentProvider?: string;
  readonly paymentWindowMs?: number;
  readonly fulfilLatePayment: boolean;
};

/** A price from `minQuantity` units on, for everybody or for one member tier. */
export type PriceTier = { readonly minQuantity: number; readonly memberTier?: string; readonly unitMicros: Micros };
/** `floorMicros`: neither this channel nor any below it sells under it. */
export type PriceEntry = {
  readonly productId: string;
  readonly unitMicros: Micros;
  readonly floorMicros?: Micros;
  readonly tiers: readonly PriceTier[];
};
/** Prices of one channel within a window; of several that apply the higher `priority` counts, then the later start. */
export type PriceListSpec = {
  readonly name: Text;
  readonly channelId: string;
  readonly currency: Currency;
  readonly from?: Instant;
  readonly until?: Instant;
  readonly priority: number;
  readonly entries: readonly PriceEntry[];
};

/** A product on a channel. Windows of one (channel, product) do not overlap. */
export type ListingSpec = {
  readonly channelId: string;
  readonly productId: string;
  readonly from?: Instant;
  readonly until?: Instant;
  /** Units it may sell in all. */
  readonly quota?: number;
  /** Units one buyer may have; needs a buyer reference on the order. */
  readonly buyerLimit?: number;
  readonly minRemainingValidityMs?: number;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly suspended: boolean;
};

/** A shop. A partner's one names its merchant and what we keep of a redemption there. */
export type StoreSpec = {
  readonly name: Text;
  readonly zone: string;
  readonly address?: Text;
  readonly bookId?: string;
  readonly merchantId?: string;
  readonly commissionBp: number;
  readonly commissionTaxRateBp: number;
};
export type TerminalSpec = {
  readonly storeId: string;
  readonly name: Text;
  readonly scenes: readonly string[];
  readonly suspended: boolean;
};
