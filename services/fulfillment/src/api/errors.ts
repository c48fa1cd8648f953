import type { Catalogue } from '@vouchsafe/rpc';
import type { GuardRejection } from '../domain/top-up-guard.js';
import type { TopUpRejection } from '../domain/top-up-messages.js';

/** What deciders refuse with, but for what stays between driver and decider: a new code without words does not compile. */
type Answerable = GuardRejection | Exclude<TopUpRejection, 'ATTEMPT_OPEN' | 'ATTEMPT_UNKNOWN'>;

/** Every code fulfillment can answer with: what it means, what to do. */
export const fulfillmentErrors = {
  DELIVERY_UNKNOWN: {
    kind: 'missing', zh: '没有此交付。', en: 'There is no such delivery.',
    remedyZh: '核对订单与行；订单尚未交付时请稍候。', remedyEn: 'Check order and line; if the order is not delivered yet, wait.',
  },
  ORDER_UNKNOWN: {
    kind: 'missing', zh: '没有此订单，或尚无可取的券码。', en: 'There is no such order, or nothing of it can be fetched yet.',
    remedyZh: '核对订单号；查询订单状态后再取。', remedyEn: 'Check the order id; see the state of the order first.',
  },
  NOT_YOURS: {
    kind: 'forbidden', zh: '只有下单的主体可以取码；此次尝试已记录。', en: 'Only the principal that placed the order may fetch its secrets; this attempt was recorded.',
    remedyZh: '使用下单的凭证所属主体。', remedyEn: 'Use the principal that placed the order.',
  },
  DISCLOSURE_ALLOWANCE_SPENT: {
    kind: 'refused', zh: '取码次数或时限已用完。', en: 'The allowance of disclosures is spent.',
    remedyZh: '请联系平台；员工可双人审批后取码。', remedyEn: 'Ask the platform; staff can disclose with a second person.',
  },
  ENCRYPTION_KEY_MISSING: {
    kind: 'refused', zh: '渠道只接受加密卡密，但没有有效公钥。', en: 'This channel gets its secrets encrypted only, and has no live key.',
    remedyZh: '登记新的公钥（RegisterEncryptionKey）后再取。', remedyEn: 'Have a new key registered (RegisterEncryptionKey), then fetch them.',
  },
  BREAK_GLASS_NEEDED: {
    kind: 'forbidden', zh: '员工取码须填写原因并经第二人审批。', en: 'Staff need a reason and the approval of a second person.',
    remedyZh: '填写 reason 与 approval_id。', remedyEn: 'Set `reason` and `approval_id`.',
  },
  GRANT_UNKNOWN: {
    kind: 'missing', zh: '没有此发放。', en: 'There is no such grant.',
    remedyZh: '核对订单与行。', remedyEn: 'Check order and line.',
  },
  GRANT_HELD: {
    kind: 'refused', zh: '恢复备份后暂停取码，待核对不可撤销日志。', en: 'Held after a restore until the journal of the irrevocable is reconciled.',
    remedyZh: '运行 vouchsafe restore 的核对步骤。', remedyEn: 'Run the reconciliation of `vouchsafe restore`.',
  },
  NOT_ESCALATED: {
    kind: 'refused', zh: '此直充未上报人工，仍在自动处理。', en: 'This top-up is not escalated; it is still worked on.',
    remedyZh: '等待其自动完成或上报。', remedyEn: 'Wait until it ends or is escalated.',
  },
  TOP_UP_ENDED: {
    kind: 'refused', zh: '此直充已有不同的最终结果。', en: 'This top-up has ended otherwise already.',
    remedyZh: '查询交付的最终状态。', remedyEn: 'Read the delivery.',
  },
  QUANTITY_OUT_OF_RANGE: {
    kind: 'invalid', zh: '部分成功的数量须大于 0 且小于订购数量。', en: 'A partial quantity lies between 0 and the ordered one, both excluded.',
    remedyZh: '更正 delivered_quantity，或选择成功、失败。', remedyEn: 'Mend `delivered_quantity`, or say succeeded or failed.',
  },
  ETAG_DIFFERS: {
    kind: 'aborted', zh: '此交付在此期间已变化。', en: 'The delivery has changed meanwhile.',
    remedyZh: '重新读取后再决定。', remedyEn: 'Read it again and decide anew.',
  },
  FIELD_INVALID: {
    kind: 'invalid', zh: '字段不合规。', en: 'A field is not as it must be.',
    remedyZh: '见 errors 中的字段。', remedyEn: 'See the fields in `errors`.',
  },
  DUPLICATE_TOP_UP: {
    kind: 'refused', zh: '同一账户短时间内已有同款直充。', en: 'The same product was topped up to this account a moment ago.',
    remedyZh: '确需再次充值，请在订单中允许重复。', remedyEn: 'If a second one is wanted, allow it on the order.',
  },
  PROVIDER_UNKNOWN: {
    kind: 'refused', zh: '未配置此直充供应商。', en: 'This top-up provider is not configured.',
    remedyZh: '在 fulfillment 配置中添加该供应商。', remedyEn: 'Add it to the configuration of fulfillment.',
  },
  ACCOUNT_INVALID: {
    kind: 'refused', zh: '充值账户缺失或不合规。', en: 'The account to fill is missing or malformed.',
    remedyZh: '按商品的账户字段规则填写。', remedyEn: "Follow the product's account fields.",
  },
  DELIVERY_ID_REUSED: {
    kind: 'duplicate', zh: '该交付 ID 已用于其他内容。', en: 'The delivery id was used with other content.',
    remedyZh: '这是内部不一致，请告警。', remedyEn: 'This is an inconsistency inside; raise an alarm.',
  },
} as const satisfies Catalogue & Catalogue<Answerable>;
export type FulfillmentCode = keyof typeof fulfillmentErrors;
