import type { Catalogue } from '@vouchsafe/rpc';
import type { PriceRejection } from '../domain/price.js';
import type { StoreRejection } from '../domain/store.js';

export type QuoteRejection = 'QUOTE_EXPIRED' | 'QUOTE_DIFFERS';
export type CatalogCode = StoreRejection | PriceRejection | QuoteRejection | 'NOT_FOUND' | 'INVALID_REQUEST' | 'FILTER_INVALID' | 'MASK_INVALID';

/** Every code this service answers. What is wrong with single fields stands beside `INVALID_REQUEST`, each with its own code and words. */
export const catalogErrors: Catalogue<CatalogCode> = {
  NOT_FOUND: { kind: 'missing', zh: '不存在，或您无权查看', en: 'there is no such record, or it is not yours to see', remedyZh: '检查编号', remedyEn: 'check the id' },
  INVALID_REQUEST: { kind: 'invalid', zh: '请求中有字段不正确', en: 'fields of the request are wrong', remedyZh: '按所列字段逐一更正', remedyEn: 'mend the fields that are listed' },
  FILTER_INVALID: { kind: 'invalid', zh: '筛选条件无法理解', en: 'the filter or order is not understood', remedyZh: '使用 字段 = "值"，以 AND 连接', remedyEn: 'write field = "value", joined by AND' },
  MASK_INVALID: { kind: 'invalid', zh: 'update_mask 中有未知字段', en: 'update_mask names a field that is not there', remedyZh: '使用记录中的字段名', remedyEn: 'name fields of the record' },
  ALREADY_EXISTS: { kind: 'duplicate', zh: '该编号已用于内容不同的记录', en: 'the id is taken by a record of other content', remedyZh: '换一个编号，或使用更新', remedyEn: 'use another id, or update the record' },
  RECORD_UNKNOWN: { kind: 'missing', zh: '记录不存在', en: 'there is no such record', remedyZh: '先创建', remedyEn: 'create it first' },
  STORE_UNKNOWN: { kind: 'missing', zh: '门店不存在', en: 'there is no such store', remedyZh: '先创建门店', remedyEn: 'create the store first' },
  ETAG_MISMATCH: { kind: 'aborted', zh: '记录已被他人修改', en: 'the record was changed meanwhile', remedyZh: '重新读取后再改', remedyEn: 'read it again and repeat the change' },
  REQUEST_ID_REUSED: { kind: 'duplicate', zh: 'request_id 已用于另一请求', en: 'the request_id was used for another request', remedyZh: '为新请求使用新的 request_id', remedyEn: 'use a fresh request_id for a new request' },
  FIELD_IMMUTABLE: { kind: 'refused', zh: '该字段创建后不可更改', en: 'the field named in the details never changes after creation', remedyZh: '新建一条记录', remedyEn: 'make a new record' },
  CHANNEL_UNKNOWN: { kind: 'missing', zh: '渠道不存在', en: 'there is no such channel', remedyZh: '检查渠道编号', remedyEn: 'check the channel id' },
  CHANNEL_SUSPENDED: { kind: 'refused', zh: '渠道（或其上级）已停用', en: 'the channel, or one above it, is suspended', remedyZh: '联系平台', remedyEn: 'ask the platform' },
  CHANNEL_DOES_NOT_SETTLE: { kind: 'refused', zh: '该渠道没有结算方式', en: 'neither the channel nor one above it has a settlement mode', remedyZh: '为渠道设置结算方式', remedyEn: 'give the channel a settlement mode' },
  NOT_LISTED: { kind: 'refused', zh: '商品未在该渠道上架', en: 'the product is not listed on the channel', remedyZh: '检查商品编号；需销售该商品请联系平台上架', remedyEn: 'check the product id; ask the platform to list it' },
  LISTING_NOT_OPEN: { kind: 'refused', zh: '不在上架时间内，或已暂停', en: 'the listing is not open now', remedyZh: '在上架时间内下单', remedyEn: 'order within its window' },
  QUANTITY_NOT_ALLOWED: { kind: 'refused', zh: '数量超出该上架允许的范围', en: 'the quantity lies outside what the listing allows', remedyZh: '按详情中的最小与最大数量下单', remedyEn: 'keep to min and max of the details' },
  NO_PRICE: { kind: 'refused', zh: '该渠道此刻没有该商品的价格', en: 'the channel has no price for the product now', remedyZh: '在价格策略中定价', remedyEn: 'put a price into a list of the channel' },
  BELOW_FLOOR: { kind: 'refused', zh: '价格低于底价', en: 'the price undercuts a floor above the channel', remedyZh: '提高价格或调整底价', remedyEn: 'raise the price or change the floor' },
  MIXED_BOOKS: { kind: 'refused', zh: '商品与渠道属于不同账套', en: 'product and channel belong to different books', remedyZh: '在同一账套内上架', remedyEn: 'list it within its own books' },
  OVERFLOW: { kind: 'refused', zh: '金额过大', en: 'the amount is too large', remedyZh: '拆分订单', remedyEn: 'split the order' },
  QUOTE_EXPIRED: { kind: 'refused', zh: '报价已过期或不存在', en: 'the quote has expired or never was', remedyZh: '重新询价', remedyEn: 'ask for a new quote' },
  QUOTE_DIFFERS: { kind: 'refused', zh: '订单与报价的内容不同', en: 'the order is not what was quoted', remedyZh: '按报价的商品与数量下单', remedyEn: 'order the products and quantities that were quoted' },
};
