import { big, int, list, oneOf, optional, record, text, time, type TypeOf } from '@vouchsafe/codec';

export const productKind = oneOf('code', 'link', 'top_up', 'own_voucher');
/** Kind of product: imported secret, link, top-up at a provider, or minted by us. */
export type ProductKind = TypeOf<typeof productKind>;
export const settlementMode = oneOf('prepaid', 'credit', 'consumer_pay');
export type SettlementMode = TypeOf<typeof settlementMode>;
export const presentation = oneOf('principal', 'agent');
/** Whether revenue is shown gross (principal) or net (agent); ACCOUNTS, Rules. */
export type Presentation = TypeOf<typeof presentation>;
export const supplierTerms = oneOf('purchased', 'consignment', 'postpaid');
export type SupplierTerms = TypeOf<typeof supplierTerms>;
/** Tax class of own vouchers: untaxed under prepaid-card rules, or taxed when redeemed. */
export const ownVoucherClass = oneOf('prepaid_untaxed', 'taxed');
export type OwnVoucherClass = TypeOf<typeof ownVoucherClass>;

/** Supplier of products that name none: our own vouchers, minted by ourselves at no cost. Not in the catalogue. */
export const OWN_SUPPLIER = 'sup_own';

export const unitRange = record({ batchId: text(), from: int, to: int });

/** Committed units and what they cost: per unit, six decimals, without and with recoverable input tax apart. */
export const costedRange = record({
  batchId: text(), from: int, to: int,
  supplierId: text(), terms: supplierTerms,
  /** Cost of one unit without recoverable tax, and the recoverable tax in addition; micros of `currency`. */
  unitCostMicros: big, unitTaxMicros: big, currency: text(),
  /** Last instant the unit may be used, if it has one. */
  validUntil: optional(time),
});
export type CostedRange = TypeOf<typeof costedRange>;

/** Where a movement of money belongs (ACCOUNTS: every entry, every posting). */
export const dimensions = record({
  bookId: text(), channelId: optional(text()), businessLine: optional(text()), productId: optional(text()), supplierId: optional(text()),
  batchId: optional(text()), orderId: optional(text()), lineId: optional(text()),
});
export type Dimensions = TypeOf<typeof dimensions>;

/** How a unit of a grant may be used. Instants absolute; weekdays 1 (Monday) to 7; hours as minutes of the store's day. */
export const grantTerms = record({
  usage: oneOf('single', 'times', 'balance'),
  /** Uses per unit; 1 for single and balance. */
  times: int,
  /** Face value of a unit in minor units of `currency`; its opening balance where usage is balance. */
  faceMinor: big, currency: text(),
  validFrom: optional(time), validUntil: optional(time),
  /** Valid this many days from activation, to the end of that day in `zone`. */
  validDays: optional(int),
  zone: text(),
  weekdays: optional(list(int)), fromMinute: optional(int), toMinute: optional(int),
  storeIds: optional(list(text())), scenes: optional(list(text())),
  reversalWindowMs: int,
  rediscloseForMs: int, rediscloseTimes: int,
  ownClass: ownVoucherClass,
});
export type GrantTerms = TypeOf<typeof grantTerms>;
