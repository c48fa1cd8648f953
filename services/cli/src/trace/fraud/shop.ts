import type { MessageInitShape } from '@bufbuild/protobuf';
import { ChannelRole, SupplierTerms, Usage_Kind } from '@vouchsafe/proto/catalog/v1/resources';
import { type CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { mintVouchers } from '../../client/mint.js';
import { stockUp } from '../../demo/furnish.js';
import type { Stage } from '../stage.js';
import { type Purchase, type Source, SOURCES } from './purchases.js';

export const CURRENCY = 'USD';
export const BOOK = 'bok_shop';
export const TILL = 'trm_till';
export const SCENE = 'counter';
const SUPPLIER = 'sup_codes';
/** Imports at a time, and how often they are asked how far they are. */
const LANES = 6;
const POLL_MS = 5;
const FUNDS_MINOR = 500_000_000n;

export const channelOf = (source: Source): string => `chn_${source.toLowerCase()}`;
/** Every fifth value is sold as a voucher of ours, so that some are redeemed at a till; of those the even ones are a balance. */
export const kindOf = (value: number): 'code' | 'single' | 'balance' => (value % 5 !== 0 ? 'code' : value % 2 === 0 ? 'balance' : 'single');
export const productOf = (value: number): string => `prd_value-${value}`;
const same = (text: string) => ({ zh: text, en: text });
const decimal = (value: number): string => value.toFixed(2);

const productFor = (value: number) => {
  const kind = kindOf(value);
  const plain = {
    id: productOf(value), name: { zh: `${value} 美元商品`, en: `Item of ${value} dollars` }, currency: CURRENCY, faceValue: decimal(value), taxRateBp: 600, bookId: BOOK, businessLine: kind,
  };
  if (kind === 'code') return { ...plain, kind: ProductKind.CODE, supplierId: SUPPLIER };
  return { ...plain, kind: ProductKind.OWN_VOUCHER, usage: { kind: kind === 'balance' ? Usage_Kind.BALANCE : Usage_Kind.SINGLE, validDays: 365, zone: 'UTC', storeIds: ['sto_shop'] } };
};

/** Three channels by source, one product per distinct value, each at its value everywhere. */
export const shopCatalog = (values: readonly number[]): MessageInitShape<typeof CatalogDocumentSchema> => ({
  books: [{ id: BOOK, name: { zh: '网店账套', en: 'Books of the shop' }, zone: 'UTC' }],
  suppliers: [{ id: SUPPLIER, name: { zh: '卡密供应商', en: 'Supplier of codes' }, terms: SupplierTerms.PURCHASED, inputTaxRateBp: 600, bookId: BOOK }],
  channels: SOURCES.map((source) => ({
    id: channelOf(source), name: same(source), role: ChannelRole.RESELLER, currency: CURRENCY, bookId: BOOK,
    settlement: source === 'Ads' ? SettlementMode.CREDIT : SettlementMode.PREPAID,
  })),
  products: values.map(productFor),
  priceLists: SOURCES.map((source) => ({
    id: `plt_${source.toLowerCase()}`, name: same(source), channelId: channelOf(source), entries: values.map((value) => ({ productId: productOf(value), unitPrice: decimal(value) })),
  })),
  listings: SOURCES.flatMap((source) => values.map((value) => ({ id: `lst_${source.toLowerCase()}-${value}`, channelId: channelOf(source), productId: productOf(value) }))),
  stores: [{ id: 'sto_shop', name: { zh: '门店', en: 'The shop' }, zone: 'UTC', bookId: BOOK }],
  terminals: [{ id: TILL, storeId: 'sto_shop', name: { zh: '收银台', en: 'The till' }, scenes: [SCENE] }],
});

/** The catalogue, funds, and a unit for every purchase: codes imported from files, own vouchers minted. */
export const furnishShop = async (stage: Stage, purchases: readonly Purchase[]): Promise<void> => {
  const admin = stage.as('admin');
  const wanted = new Map<number, number>();
  for (const { value } of purchases) wanted.set(value, (wanted.get(value) ?? 0) + 1);
  const values = [...wanted.keys()].sort((a, b) => a - b);
  await admin.call(CatalogService.method.applyCatalog, { document: shopCatalog(values) });
  const amount = { minor: FUNDS_MINOR, currency: CURRENCY };
  for (const source of SOURCES) {
    const channelId = channelOf(source);
    if (source === 'Ads') await admin.call(LedgerService.method.updateCreditLimit, { channelId, limit: amount });
    else await admin.call(LedgerService.method.createDeposit, { channelId, amount, bank: 'bank', bankReference: `FUNDS-${source}` });
  }
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let value = values[next++]; value !== undefined; value = values[next++]) await stock(stage, value, wanted.get(value)!);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
};

const stock = async (stage: Stage, value: number, count: number): Promise<void> => {
  const admin = stage.as('admin');
  if (kindOf(value) !== 'code') {
    await mintVouchers(admin, productOf(value), count, POLL_MS);
    return;
  }
  // Three quarters of the value, to six digits: costs that do not come out even.
  const unitCost = (value * 0.7654321).toFixed(6);
  await stockUp(admin, { folder: stage.folder, salt: `value-${value}`, product: productOf(value), supplier: SUPPLIER, count, unitCost, pollMs: POLL_MS });
};
