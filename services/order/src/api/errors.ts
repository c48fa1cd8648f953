import type { Catalogue, CatalogueEntry, Kind } from '@vouchsafe/rpc';
import type { OrderRejection } from '../domain/order-events.js';
import { orderReasons } from './reasons.js';

const entry = (kind: Kind, zh: string, en: string, [remedyZh, remedyEn]: readonly [string, string]): CatalogueEntry => ({ kind, zh, en, remedyZh, remedyEn });
const ASK_STATE = ['先查询订单的当前状态', 'read the order’s present state first'] as const;

const rejections = {
  ORDER_UNKNOWN: entry('missing', '订单不存在，或不属于您', 'there is no such order, or it is not yours', ['检查订单号', 'check the id or number']),
  ORDER_NUMBER_REUSED: entry('duplicate', '该单号已用于内容不同的订单', 'the number was used for another order', ['新订单使用新单号', 'use a fresh number for a new order']),
  ORDER_NOT_CANCELLABLE: entry('refused', '订单已确认或已结束，不能取消', 'the order is confirmed or has ended', ['已交付的可申请退款', 'what was delivered can be refunded']),
  REVIEW_NOT_OPEN: entry('refused', '订单不在审核中', 'the order is not in review', ASK_STATE),
  PAYMENT_NOT_WANTED: entry('refused', '订单不再等待付款', 'the order no longer waits for money', ASK_STATE),
  UNDO_PENDING: entry('refused', '订单正在撤销', 'the order is being undone', ['稍后再试', 'try again in a moment']),
  TOP_UP_NOT_OPEN: entry('refused', '该直充行不在进行中', 'the line’s top-up is not going on', ASK_STATE),
  LINE_UNKNOWN: entry('missing', '订单没有该行，或尚未结束', 'the order has no such line, or has not ended', ['检查行号', 'check the line id']),
  REFUND_EXCEEDS_LINE: entry('refused', '退款超过该行已交付的数量', 'more than the line still has', ['减少退款数量', 'refund fewer units']),
} as const satisfies Catalogue<OrderRejection>;

/** Every code this service answers with, the reasons of orders included. */
export const orderErrors = {
  ...rejections,
  ...orderReasons,
  SOLD_OUT_FOR_NOW: entry('throttled', '商品暂时售罄', 'the product is sold out just now', ['等待 Retry-After 后以同一单号再试', 'wait for Retry-After; the number is still free']),
  BUSY: entry('throttled', '处理中的订单过多', 'too many orders are in progress', ['等待 Retry-After 后以同一单号再试', 'wait for Retry-After; the number is still free']),
  REQUEST_INVALID: entry('invalid', '请求有误', 'the request is wrong', ['按 errors 中的字段说明修改后重发', 'correct the fields named in errors']),
  CHANNEL_REQUIRED: entry('invalid', '必须指定渠道', 'name the channel', ['填写 channel_id', 'fill in channel_id']),
  ORDER_NOT_ENDED: entry('refused', '订单尚未结束，不能退款', 'the order goes on; nothing can be refunded yet', ['等待订单结束，或取消订单', 'wait for its end, or cancel it']),
  NOTHING_TO_REFUND: entry('refused', '没有可退的已交付单位', 'nothing that was delivered can be taken back', ASK_STATE),
  REFUND_NEEDS_TWO_PERSONS: entry('refused', '退款金额超过单人权限', 'more than one person may give back', ['改用 CreateLargeRefund，并由第二人批准', 'use CreateLargeRefund, which a second person approves']),
  LINE_NOT_REFUNDABLE: entry('refused', '直充成功后不可退款', 'a top-up that reached its account cannot be taken back', ['联系平台', 'ask the platform']),
  REFUND_UNKNOWN: entry('missing', '退款不存在，或不属于您', 'there is no such refund, or it is not yours', ['检查退款号', 'check the id']),
  REQUEST_ID_REUSED: entry('duplicate', 'request_id 已用于另一请求', 'the request_id was used for another request', ['为新请求使用新的 request_id', 'use a fresh request_id']),
  PAYMENT_UNKNOWN: entry('missing', '付款不存在，或不属于您', 'there is no such payment, or it is not yours', ['检查付款号', 'check the id']),
  VOUCHER_UNKNOWN: entry('missing', '该券不属于此订单行', 'the voucher is not one of this line', ['检查券号', 'check the voucher ids']),
  PROVIDER_UNCONFIGURED: entry('missing', '没有该支付服务商', 'there is no such payment provider', ['检查通知地址', 'check the address of the notices']),
  NOTICE_FORGED: entry('forbidden', '通知签名无效', 'the notice’s signature is wrong', ['检查密钥', 'check the key']),
  NOTICE_STALE: entry('forbidden', '通知时间戳超出允许范围', 'the notice was signed too long ago', ['重新签名后发送', 'sign it again and send it']),
  NOTICE_MALFORMED: entry('invalid', '通知内容无法解析', 'the notice cannot be read', ['检查通知格式', 'check its form']),
  NOTICE_MISDIRECTED: entry('forbidden', '通知与我方商户或付款不符', 'the notice is not about our merchant account or a payment of ours', ['检查商户号与付款号', 'check merchant and payment ids']),
  FILTER_INVALID: entry('invalid', '筛选或排序条件无法理解', 'the filter or order is not understood', ['使用 字段 = 值，以 AND 连接', 'write field = value, joined by AND']),
  FIELD_REQUIRED: entry('invalid', '缺少必填字段', 'a required field is missing', ['补上该字段', 'add it']),
} as const satisfies Catalogue;
export type OrderCode = keyof typeof orderErrors;
