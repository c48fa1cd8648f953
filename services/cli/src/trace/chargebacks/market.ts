import type { MessageInitShape } from '@bufbuild/protobuf';
import { CatalogService, type CatalogDocumentSchema } from '@vouchsafe/proto/catalog/v1/catalog';
import { Presentation, SupplierTerms, Usage_Kind } from '@vouchsafe/proto/catalog/v1/resources';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { mintVouchers } from '../../client/mint.js';
import { stockUp } from '../../demo/furnish.js';
import type { Stage } from '../stage.js';
import type { CardPayment } from './payments.js';

export const CURRENCY = 'BRL';
export const BOOK = 'bok_market';
export const CHANNEL = 'chn_market';
export const TILL = 'trm_market';
/** The product that is a voucher of ours, and what one costs. */
export const OWN = 'prd_hundred';
export const VOUCHER_MINOR = 10_000n;
const TAX = { taxRateBp: 600, bookId: BOOK, currency: CURRENCY };
const POLL_MS = 5;

/** An amount is made up of these, so that every payment buys several kinds at once, to the cent. */
type Denomination = { readonly productId: string; readonly minor: bigint; readonly supplierId?: string; readonly unitCost?: string };
export const DENOMINATIONS: readonly Denomination[] = [
  { productId: OWN, minor: VOUCHER_MINOR },
  // Bought in advance, stock of ours.
  { productId: 'prd_five', minor: 500n, supplierId: 'sup_bought', unitCost: '3.987654' },
  // Paid for in advance under an agency contract.
  { productId: 'prd_quarter', minor: 25n, supplierId: 'sup_agency', unitCost: '0.231111' },
  // On consignment: the issuer's until sold.
  { productId: 'prd_cent', minor: 1n, supplierId: 'sup_consigned', unitCost: '0' },
];
/** So many of each make up `minor`. */
export const linesOf = (minor: bigint): readonly { readonly productId: string; readonly quantity: number }[] => {
  let left = minor;
  return DENOMINATIONS.flatMap(({ productId, minor: worth }) => {
    const quantity = Number(left / worth);
    left %= worth;
    return quantity > 0 ? [{ productId, quantity }] : [];
  });
};

const same = (text: string) => ({ zh: text, en: text });
const decimal = (minor: bigint): string => (Number(minor) / 100).toFixed(2);
const marketCatalog: MessageInitShape<typeof CatalogDocumentSchema> = {
  books: [{ id: BOOK, name: { zh: '市集账套', en: 'Books of the market' }, zone: 'America/Sao_Paulo' }],
  suppliers: [
    { id: 'sup_bought', name: { zh: '买断供应商', en: 'Sold to us' }, terms: SupplierTerms.PURCHASED, inputTaxRateBp: 600, bookId: BOOK },
    { id: 'sup_agency', name: { zh: '代理供应商', en: 'Sold for them, paid ahead' }, terms: SupplierTerms.PURCHASED, presentation: Presentation.AGENT, inputTaxRateBp: 600, bookId: BOOK },
    { id: 'sup_consigned', name: { zh: '寄售供应商', en: 'On consignment' }, terms: SupplierTerms.CONSIGNMENT, returnable: true, bookId: BOOK },
  ],
  channels: [{ id: CHANNEL, name: { zh: '市集', en: 'The market' }, settlement: SettlementMode.CONSUMER_PAY, paymentProvider: 'sandbox', paymentWindow: { seconds: 900n }, currency: CURRENCY, bookId: BOOK }],
  products: [
    {
      id: OWN, kind: ProductKind.OWN_VOUCHER, name: { zh: '百元券', en: 'Voucher of 100' }, faceValue: '100.00', businessLine: 'own', ...TAX,
      usage: { kind: Usage_Kind.SINGLE, validDays: 365, zone: 'America/Sao_Paulo', storeIds: ['sto_market'] },
    },
    { id: 'prd_five', kind: ProductKind.CODE, name: { zh: '五元码', en: 'Code of 5' }, faceValue: '5.00', businessLine: 'bought', supplierId: 'sup_bought', ...TAX },
    { id: 'prd_quarter', kind: ProductKind.CODE, name: { zh: '两角五码', en: 'Code of 0.25' }, faceValue: '0.25', businessLine: 'agency', supplierId: 'sup_agency', ...TAX },
    { id: 'prd_cent', kind: ProductKind.CODE, name: { zh: '一分码', en: 'Code of 0.01' }, faceValue: '0.01', businessLine: 'consigned', supplierId: 'sup_consigned', owed: '0.0075', ...TAX },
  ],
  priceLists: [{ id: 'plt_market', name: same('market'), channelId: CHANNEL, entries: DENOMINATIONS.map(({ productId, minor }) => ({ productId, unitPrice: decimal(minor) })) }],
  listings: DENOMINATIONS.map(({ productId }) => ({ id: `lst_${productId.slice(4)}`, channelId: CHANNEL, productId })),
  stores: [{ id: 'sto_market', name: { zh: '市集店', en: 'Market hall' }, zone: 'America/Sao_Paulo', bookId: BOOK }],
  terminals: [{ id: TILL, storeId: 'sto_market', name: { zh: '收银台', en: 'Till' } }],
};

/** The catalogue, and units for every payment. */
export const furnishMarket = async (stage: Stage, payments: readonly CardPayment[]): Promise<void> => {
  const admin = stage.as('admin');
  await admin.call(CatalogService.method.applyCatalog, { document: marketCatalog });
  const wanted = new Map<string, number>();
  for (const { minor } of payments) for (const { productId, quantity } of linesOf(minor)) wanted.set(productId, (wanted.get(productId) ?? 0) + quantity);
  await Promise.all(DENOMINATIONS.map(async ({ productId: product, supplierId: supplier, unitCost }) => {
    const count = wanted.get(product) ?? 0;
    if (supplier === undefined || unitCost === undefined) return void (await mintVouchers(admin, product, count, POLL_MS));
    await stockUp(admin, { folder: stage.folder, salt: product, product, supplier, count, unitCost, pollMs: POLL_MS });
  }));
};
