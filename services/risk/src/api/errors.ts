import type { Catalogue } from '@vouchsafe/rpc';
import type { ListRejection } from '../domain/list.js';
import type { ReviewRejection } from '../domain/review.js';
import type { RuleSetRejection } from '../domain/ruleset.js';

export type RiskCode =
  | ListRejection | RuleSetRejection | Exclude<ReviewRejection, 'REVIEW_UNKNOWN'> | 'NOT_FOUND' | 'INVALID_REQUEST' | 'RULES_INVALID' | 'REQUEST_ID_REUSED'
  | 'FILTER_INVALID' | 'FILE_UNKNOWN' | 'CHANNEL_REQUIRED';

/** Every code this service answers. */
export const riskErrors: Catalogue<RiskCode> = {
  NOT_FOUND: { kind: 'missing', zh: '不存在', en: 'there is no such thing', remedyZh: '检查编号', remedyEn: 'check the id' },
  INVALID_REQUEST: { kind: 'invalid', zh: '请求中有字段不正确', en: 'fields of the request are wrong', remedyZh: '按所列字段逐一更正', remedyEn: 'mend the fields that are listed' },
  RULES_INVALID: { kind: 'invalid', zh: '有规则不能编译，全部未生效', en: 'rules do not compile; none of them was taken', remedyZh: '按所列规则与位置更正', remedyEn: 'mend the rules at the places listed' },
  REQUEST_ID_REUSED: { kind: 'duplicate', zh: 'request_id 已用于另一信号', en: 'the request_id was used for another signal', remedyZh: '为新信号使用新的 request_id', remedyEn: 'use a fresh request_id for a new signal' },
  FILTER_INVALID: { kind: 'invalid', zh: '筛选条件无法理解', en: 'the filter is not understood', remedyZh: '使用 state = "STATE_OPEN"、channel_id = "…"，以 AND 连接', remedyEn: 'write state = "STATE_OPEN" or channel_id = "…", joined by AND' },
  FILE_UNKNOWN: { kind: 'missing', zh: '名单目录中没有该文件', en: 'the configured folder has no such file', remedyZh: '放入该文件，或直接上传内容', remedyEn: 'put it there, or send its content' },
  CHANNEL_REQUIRED: { kind: 'invalid', zh: '请指明渠道', en: 'name the channel', remedyZh: '填写 channel_id', remedyEn: 'fill in channel_id' },
  LIST_UNKNOWN: { kind: 'missing', zh: '名单不存在', en: 'there is no such list', remedyZh: '先创建名单', remedyEn: 'create the list first' },
  LIST_EXISTS: { kind: 'duplicate', zh: '该编号已用于另一名单', en: 'the id is taken by another list', remedyZh: '换一个编号', remedyEn: 'use another id' },
  LIST_FULL: { kind: 'refused', zh: '名单条目过多', en: 'the list would have too many entries', remedyZh: '改为导入文件', remedyEn: 'import them as a file' },
  NO_DRAFT: { kind: 'refused', zh: '没有草稿可以发布', en: 'there is no draft to publish', remedyZh: '先保存草稿，或在请求中给出规则', remedyEn: 'save a draft first, or give the rules' },
  VERSION_UNKNOWN: { kind: 'missing', zh: '没有该版本的规则', en: 'there is no such version of the rules', remedyZh: '查看规则版本列表', remedyEn: 'look at the list of versions' },
  ETAG_MISMATCH: { kind: 'aborted', zh: '期间已发布了另一版本', en: 'another version was published meanwhile', remedyZh: '以新版本为基础重新修改', remedyEn: 'make the change again on the newest version' },
  REVIEW_TIMED_OUT: { kind: 'refused', zh: '审核已超时，订单已按默认拒绝', en: 'the time was up; the order was denied by default', remedyZh: '请买家重新下单', remedyEn: 'let the buyer order again' },
  REVIEW_ALREADY_RESOLVED: { kind: 'refused', zh: '审核已有不同结论', en: 'it was decided otherwise before', remedyZh: '无法更改', remedyEn: 'it cannot be changed' },
};
