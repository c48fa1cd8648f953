import type { Catalogue } from '@vouchsafe/rpc';

export type InsightCode = 'SUBJECT_REQUIRED' | 'SUBJECT_UNKNOWN' | 'CURSOR_INVALID';

/** What insight answers when it cannot. */
export const insightErrors: Catalogue<InsightCode> = {
  SUBJECT_REQUIRED: {
    kind: 'invalid', zh: '请且仅请指定券、订单、渠道、账户之一。', en: 'Name exactly one of voucher, order, channel and account.',
    remedyZh: '只填写一个标识后重试。', remedyEn: 'Set one id and call again.',
  },
  SUBJECT_UNKNOWN: {
    kind: 'missing', zh: '找不到该对象的任何事件。', en: 'There is no event about it.',
    remedyZh: '请核对标识；刚发生的事件约一秒内可见。', remedyEn: 'Check the id; what just happened shows within about a second.',
  },
  CURSOR_INVALID: {
    kind: 'invalid', zh: '游标无效。', en: 'The cursor is not one of ours.',
    remedyZh: '使用上一次应答给出的游标，或留空从头开始。', remedyEn: 'Use a cursor from an earlier answer, or none to begin at the start.',
  },
};
