import type { Json } from '@vouchsafe/codec';

/** One SKU of the source: a carrier's benefit package (权益包). */
export type CarrierSku = {
  readonly packageId: number; readonly package: string; readonly tag: string; readonly groupId: number; readonly group: string; readonly item: string;
  readonly showTitle: string; readonly skuId: number; readonly sku: string; readonly parValue: number | null; readonly totalCycleNum: number; readonly takeMode: number;
};
/** Where the benefits are sold. Without a channel there are products only. `price` is asked where the source has no yuan amount. */
export type CarrierOptions = { readonly channelId?: string; readonly price?: string; readonly provider?: string };
/** What is wrong with the source, at which record. */
export class CarrierSourceError extends Error {
  constructor(readonly index: number, readonly field: string) {
    super(`record ${index}: ${field} is missing or of another type`);
  }
}

const SUPPLIER = 'sup_carrier-benefits';
/** Titles as the source has them; one that is not here is shown in Chinese in both languages. */
const ENGLISH: Readonly<Record<string, string>> = {
  联通VV会员: 'VV membership', '1GB流量日包': '1 GB data day pass', '0.2元话费红包': 'CNY 0.20 phone credit', 最高3元缴费红包: 'Up to CNY 3 off a bill',
  最高10元出行红包: 'Up to CNY 10 off a ride', 天猫超市5折起优惠券: 'Tmall Supermarket, 50 % off and more', 喜马拉雅5折月卡: 'Ximalaya month at half price',
  '6折优酷月卡': 'Youku month at 40 % off', 饿了么最高66元: 'Ele.me, up to CNY 66', 淘宝心选10包抽纸: 'Ten packs of tissues', 芒果TV: 'Mango TV',
  尊享会员: 'Premium package', 订购主商品: 'Main product', '5G流量日包': '5G data day passes', 话费红包: 'Phone credit', 生活权益: 'Daily life',
};
const words = (zh: string): Json => ({ zh, en: ENGLISH[zh] ?? zh });
const bare = (title: string): string => title.replace(/\(隐藏\)$/, '');

/**
 * A carrier's benefits as a catalogue document (ProtoJSON of `CatalogDocument`). Stated rules:
 * - An id follows from the SKU's number; **titles may repeat**: buyers of five equal titles see the same words, staff tell
 *   them apart by the label `sku`, which is the source's own name.
 * - `parValue` has **mixed units**: the title tells which. `…元` is a face value in yuan; `…GB` is an amount of data, no
 *   money: it goes to the provider's SKU (`data-1GB`) and the labels, and the face value stays zero.
 * - Data and phone credit are top-ups to a mobile number; everything else is a code; what the source hides (`隐藏`) is
 *   the membership itself, our own voucher, and is not listed.
 */
export const carrierBenefits = (source: Json, options: CarrierOptions = {}): Json => {
  const skus = checked(source);
  const provider = options.provider ?? 'sandbox';
  const groups = [...new Map(skus.map((sku) => [sku.groupId, bare(sku.group)])).entries()];
  return {
    productGroups: groups.map(([id, title]) => ({ id: `pgr_cu.${id}`, name: words(title) })),
    suppliers: [{ id: SUPPLIER, name: { zh: '运营商权益平台', en: 'Carrier benefits platform' }, terms: 'SUPPLIER_TERMS_POSTPAID', inputTaxRateBp: 900 }],
    products: skus.map((sku) => productOf(sku, provider)),
    ...(options.channelId !== undefined && selling(skus.filter((sku) => !isHidden(sku)), options.channelId, options.price ?? '1.00')),
  };
};

type Unit = 'yuan' | 'GB' | 'none';
const unitOf = ({ parValue, showTitle }: CarrierSku): Unit => {
  if (parValue === null) return 'none';
  if (showTitle.includes(`${parValue}GB`)) return 'GB';
  return showTitle.includes(`${parValue}元`) ? 'yuan' : 'none';
};
const isHidden = ({ tag }: CarrierSku): boolean => tag.includes('隐藏');
const isTopUp = (sku: CarrierSku): boolean => unitOf(sku) !== 'none';
const productIdOf = ({ skuId }: CarrierSku): string => `prd_cu.${skuId}`;

const productOf = (sku: CarrierSku, provider: string): Json => {
  const [unit, topUp] = [unitOf(sku), isTopUp(sku)];
  return {
    id: productIdOf(sku), kind: topUp ? 'PRODUCT_KIND_TOP_UP' : isHidden(sku) ? 'PRODUCT_KIND_OWN_VOUCHER' : 'PRODUCT_KIND_CODE',
    name: words(sku.showTitle), groupId: `pgr_cu.${sku.groupId}`, currency: 'CNY', businessLine: 'carrier', taxRateBp: topUp ? 900 : 600,
    supplierId: SUPPLIER, faceValue: unit === 'yuan' ? String(sku.parValue) : '0',
    labels: {
      sku: sku.sku, item: sku.item, package: `${sku.packageId} ${sku.package}`, tag: sku.tag, cycles: String(sku.totalCycleNum), take_mode: String(sku.takeMode),
      ...(unit !== 'none' && { par_value: `${sku.parValue} ${unit === 'yuan' ? 'CNY' : unit}` }),
    },
    ...(topUp && {
      topUp: {
        provider, providerSku: unit === 'GB' ? `data-${sku.parValue}GB` : `phone-${sku.parValue}`, cost: unit === 'yuan' ? String(sku.parValue) : '0', guard: '0s',
        accountFields: [{ name: 'phone', label: { zh: '手机号', en: 'Mobile number' }, pattern: '1[3-9][0-9]{9}', required: true }],
      },
    }),
  };
};

const selling = (skus: readonly CarrierSku[], channelId: string, price: string): Record<string, Json> => ({
  priceLists: [{
    id: `plt_cu.${channelId.replace(/^chn_/, '')}`, name: { zh: '运营商权益', en: 'Carrier benefits' }, channelId,
    entries: skus.map((sku) => ({ productId: productIdOf(sku), unitPrice: unitOf(sku) === 'yuan' ? String(sku.parValue) : price })),
  }],
  listings: skus.map((sku) => ({ id: `lst_cu.${channelId.replace(/^chn_/, '')}.${sku.skuId}`, channelId, productId: productIdOf(sku) })),
});

const TYPES: Readonly<Record<keyof CarrierSku, 'number' | 'string' | 'number or null'>> = {
  packageId: 'number', package: 'string', tag: 'string', groupId: 'number', group: 'string', item: 'string', showTitle: 'string', skuId: 'number', sku: 'string',
  parValue: 'number or null', totalCycleNum: 'number', takeMode: 'number',
};
const checked = (source: Json): readonly CarrierSku[] => {
  if (!Array.isArray(source)) throw new CarrierSourceError(0, 'the list');
  return source.map((record: Json, index) => {
    const fields = record as Readonly<Record<string, Json>>;
    for (const [field, type] of Object.entries(TYPES)) {
      const value = fields?.[field];
      const fits = type === 'number or null' ? value === null || typeof value === 'number' : typeof value === type;
      if (!fits) throw new CarrierSourceError(index, field);
    }
    return record as CarrierSku;
  });
};
