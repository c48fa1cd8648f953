import type { Catalogue, CatalogueEntry } from '@vouchsafe/rpc';

const reason = (zh: string, en: string, remedyZh: string, remedyEn: string): CatalogueEntry => ({ kind: 'refused', zh, en, remedyZh, remedyEn });

/** Why an order (or a line of it) was rejected or cancelled. Part of the catalogue of errors; the catalogue service's own reasons come beside it. */
export const orderReasons = {
  MAX_AMOUNT_EXCEEDED: reason('总价超过 max_amount', 'the total is above max_amount', '核对价格后以新单号下单', 'check the price and order anew under another number'),
  RISK_DENIED: reason('风控未通过', 'the order was declined', '更换买家或联系平台', 'ask the platform'),
  CHALLENGE_REQUIRED: reason('需要买家完成验证', 'the buyer has to answer a challenge', '完成验证后携带凭证以新单号下单', 'let the buyer answer challenge_token, then place a new order with the proof'),
  REVIEW_DENIED: reason('人工审核未通过', 'a person declined the order', '联系平台', 'ask the platform'),
  REVIEW_TIMED_OUT: reason('审核超时，按未通过处理', 'nobody decided in time, which means no', '以新单号重新下单', 'order again under another number'),
  OUT_OF_STOCK: reason('库存不足', 'there is not enough stock', '减少数量或稍后再试', 'order fewer, or later'),
  QUOTA_SPENT: reason('渠道配额已用完', 'the listing’s quota is spent', '联系平台增加配额', 'ask the platform for more'),
  BUYER_LIMIT_REACHED: reason('超过每位买家的限购数量', 'the buyer has as many as the listing allows', '减少数量', 'order fewer'),
  STOCK_HELD: reason('库存暂时冻结', 'the stock is held back for a check', '稍后以新单号再试', 'try later under another number'),
  STOCK_SILENT: reason('库存未及时答复，订单已撤销', 'stock did not answer in time; the order was undone', '以新单号重新下单', 'order again under another number'),
  FUNDS_SILENT: reason('账务未及时答复，订单已撤销', 'the ledger did not answer in time; the order was undone', '以新单号重新下单', 'order again under another number'),
  RESERVATION_LAPSED: reason('预占已失效', 'the reservation lapsed before it was used', '以新单号重新下单', 'order again under another number'),
  RESERVATION_ID_REUSED: reason('内部冲突', 'a conflict on our side', '联系平台', 'ask the platform'),
  BALANCE_SHORT: reason('预存余额不足', 'the prepaid balance is short', '充值后以新单号下单', 'deposit money, then order under another number'),
  CREDIT_LIMIT_REACHED: reason('授信额度不足', 'the credit limit is reached', '还款或提高额度', 'settle, or have the limit raised'),
  ACCOUNT_UNKNOWN: reason('结算账户不存在', 'there is no account to settle on', '先开通并充值账户', 'have the account opened'),
  ACCOUNT_CLOSED: reason('结算账户已关闭', 'the account to settle on is closed', '联系平台', 'ask the platform'),
  CURRENCY_MISMATCH: reason('币种与账户不符', 'the account has another currency', '使用账户币种的上架', 'use a listing of the account’s currency'),
  HOLD_ID_REUSED: reason('内部冲突', 'a conflict on our side', '联系平台', 'ask the platform'),
  HOLD_EXPIRED: reason('资金预留已到期', 'the money was held as long as it may be', '以新单号重新下单', 'order again under another number'),
  CANCELLED_BY_CHANNEL: reason('渠道已取消', 'the channel cancelled it', '无需处理', 'nothing to do'),
  PAYMENT_TIMED_OUT: reason('买家未在时限内付款', 'the buyer did not pay in time', '以新单号重新下单', 'order again under another number'),
  PAYMENT_FAILED: reason('付款失败', 'the payment failed', '以新单号重新下单', 'order again under another number'),
  PAYMENT_CLOSED: reason('付款已关闭', 'the payment was closed', '以新单号重新下单', 'order again under another number'),
  PAYMENT_AMOUNT_WRONG: reason('付款金额与订单不符，已退款', 'another amount than the total was paid; it goes back', '以新单号重新下单', 'order again under another number'),
  PAYMENT_PROVIDER_UNKNOWN: reason('未配置该支付服务商', 'the payment provider is not configured here', '联系平台', 'ask the platform'),
  DELIVERY_FAILED: reason('未能交付，款项已退回', 'nothing could be delivered; the money goes back', '以新单号重新下单', 'order again under another number'),
  DUPLICATE_TOP_UP: reason('同一账号近期已充值同一商品', 'the same account had the same top-up a moment ago', '如确需再次充值，请设置 allow_repeat', 'set allow_repeat if it is meant'),
  PROVIDER_UNKNOWN: reason('未配置该直充服务商', 'the top-up provider is not configured here', '联系平台', 'ask the platform'),
  ACCOUNT_INVALID: reason('充值账号无效', 'the account to top up is not valid', '核对账号', 'check the account'),
  DELIVERY_ID_REUSED: reason('内部冲突', 'a conflict on our side', '联系平台', 'ask the platform'),
} as const satisfies Catalogue;
