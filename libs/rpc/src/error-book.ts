import type { Catalogue, CatalogueEntry } from './failure.js';
import type { Refusal } from './refusal.js';

export type Locale = 'zh' | 'en';
/** What people read about a code: its meaning as title, what to do as remedy. */
export type Words = { readonly title: string; readonly remedy: string };

/** All catalogues of a deployment in one, with {@link commonErrors} beneath. */
export interface ErrorBook {
  /** By code; more than one entry where services mean different kinds of "no" by it. */
  readonly entries: ReadonlyMap<string, readonly CatalogueEntry[]>;
  /** Words of a code, of that kind if there are several; of its kind in general where the code has no entry. */
  words(refusal: Pick<Refusal, 'kind' | 'code'>, locale: Locale): Words;
}

/** Two services that share a code and kind share its words: the first catalogue's. */
export const errorBook = (catalogues: readonly Catalogue[]): ErrorBook => {
  const entries = new Map<string, CatalogueEntry[]>();
  for (const catalogue of [commonErrors, ...catalogues]) {
    for (const [code, entry] of Object.entries(catalogue)) {
      const known = entries.get(code);
      if (!known) entries.set(code, [entry]);
      else if (!known.some(({ kind }) => kind === entry.kind)) known.push(entry);
    }
  }
  return {
    entries,
    words: ({ kind, code }, locale) => {
      const known = entries.get(code) ?? entries.get(GENERIC[kind])!;
      const entry = known.find((one) => one.kind === kind) ?? known[0]!;
      return locale === 'zh' ? { title: entry.zh, remedy: entry.remedyZh } : { title: entry.en, remedy: entry.remedyEn };
    },
  };
};

/** The code whose words stand in for an unlisted one of that kind. */
const GENERIC: Readonly<Record<Refusal['kind'], string>> = {
  invalid: 'REQUEST_INVALID', unauthenticated: 'CREDENTIAL_INVALID', forbidden: 'PERMISSION_MISSING', missing: 'NOT_FOUND', duplicate: 'ALREADY_EXISTS',
  refused: 'REFUSED', throttled: 'BUSY', aborted: 'ABORTED', unavailable: 'UNAVAILABLE', deadline: 'DEADLINE_EXCEEDED', cancelled: 'CANCELLED', internal: 'INTERNAL',
};

/** Codes that any call can be answered with. */
export const commonErrors = {
  REQUEST_INVALID: {
    kind: 'invalid', zh: '请求有误', en: 'The request is wrong',
    remedyZh: '按 errors 中的字段说明修改后重发。', remedyEn: 'Correct the fields named in errors and send it again.',
  },
  REQUEST_MALFORMED: {
    kind: 'invalid', zh: '请求无法解析', en: 'The request cannot be read',
    remedyZh: '检查正文是否为完整的 JSON（UTF-8）或该方法的 protobuf 消息。', remedyEn: 'Check that the body is complete JSON in UTF-8, or the method’s protobuf message.',
  },
  FIELD_UNKNOWN: {
    kind: 'invalid', zh: '存在未知字段', en: 'A field is unknown',
    remedyZh: '去掉或改正 errors 所指的字段；字段名见接口文档。', remedyEn: 'Remove or correct the field named in errors; the API pages list the names.',
  },
  FIELD_INVALID: {
    kind: 'invalid', zh: '字段值不合要求', en: 'A field has a wrong value',
    remedyZh: '按 errors 的说明改正该字段。', remedyEn: 'Correct the field as errors says.',
  },
  FIELD_REQUIRED: {
    kind: 'invalid', zh: '缺少必填字段', en: 'A required field is missing',
    remedyZh: '补上 errors 所指的字段。', remedyEn: 'Add the field named in errors.',
  },
  OUT_OF_RANGE: {
    kind: 'invalid', zh: '数值超出范围', en: 'A value is out of range',
    remedyZh: '按 errors 中的范围修改。', remedyEn: 'Keep to the range that errors says.',
  },
  TEXT_TOO_LONG: {
    kind: 'invalid', zh: '文本过长', en: 'A text is too long',
    remedyZh: '按 errors 中的上限缩短。', remedyEn: 'Shorten it to what errors allows.',
  },
  ID_INVALID: {
    kind: 'invalid', zh: '编号格式不正确', en: 'An id has not the form of one',
    remedyZh: '检查前缀与字符；编号形如 ord_…。', remedyEn: 'Check its prefix and characters; ids look like ord_….',
  },
  DECIMAL_INVALID: {
    kind: 'invalid', zh: '小数不合要求', en: 'A decimal is not usable',
    remedyZh: '写成字符串，最多六位小数，例如 "9.90"。', remedyEn: 'Write it as text with at most six digits behind the point, such as "9.90".',
  },
  IP_INVALID: {
    kind: 'invalid', zh: '不是 IP 地址', en: 'This is no IP address',
    remedyZh: '填写 IPv4 或 IPv6 地址，不带端口。', remedyEn: 'Give an IPv4 or IPv6 address without a port.',
  },
  PAGE_TOKEN_INVALID: {
    kind: 'invalid', zh: '分页标记无效', en: 'The page token is not one of this list',
    remedyZh: '翻页时保持列表、filter 与 order_by 不变；或不带标记，从第一页重新开始。', remedyEn: 'Keep list, filter and order_by while going through pages, or begin again without a token.',
  },
  FORMAT_UNKNOWN: {
    kind: 'invalid', zh: '无法识别的格式', en: 'The format is not known',
    remedyZh: '可用格式见 errors。', remedyEn: 'The formats there are stand in errors.',
  },
  CREDENTIAL_INVALID: {
    kind: 'unauthenticated', zh: '凭证无效', en: 'The credential is not valid',
    remedyZh: '检查 Authorization 头；密钥可能抄错或已作废。', remedyEn: 'Check the Authorization header; the key may be mistyped or no longer exist.',
  },
  PERMISSION_MISSING: {
    kind: 'forbidden', zh: '没有此操作的权限', en: 'You may not do this',
    remedyZh: '请管理员授予 details.permission 所示权限的角色。', remedyEn: 'Ask an administrator for a role with the permission named in permission.',
  },
  NOT_FOUND: {
    kind: 'missing', zh: '不存在', en: 'There is no such thing',
    remedyZh: '检查标识是否正确、是否属于你的渠道。', remedyEn: 'Check the id and that it belongs to you.',
  },
  ALREADY_EXISTS: {
    kind: 'duplicate', zh: '已存在且内容不同', en: 'It exists already and differs',
    remedyZh: '换一个标识，或按原内容重发。', remedyEn: 'Use another id, or send what you sent at first.',
  },
  REFUSED: {
    kind: 'refused', zh: '当前状态下不允许', en: 'Not in the present state',
    remedyZh: '先查询当前状态。', remedyEn: 'Read the present state first.',
  },
  BUSY: {
    kind: 'throttled', zh: '请求过多，请稍后再试', en: 'Too many requests; try again later',
    remedyZh: '等待 Retry-After 后以同一 request_id（订单用同一单号）重发。', remedyEn: 'Wait for Retry-After, then repeat with the same request_id (orders: the same number).',
  },
  ABORTED: {
    kind: 'aborted', zh: '与并发请求冲突，未执行', en: 'Lost a race with another request; nothing was done',
    remedyZh: '以同一 request_id 重试。', remedyEn: 'Repeat it with the same request_id.',
  },
  UNAVAILABLE: {
    kind: 'unavailable', zh: '服务暂不可用', en: 'The service is not available just now',
    remedyZh: '稍后以同一 request_id 重试；结果以重试的答复为准。', remedyEn: 'Repeat it later with the same request_id; the answer to that counts.',
  },
  STORE_READ_ONLY: {
    kind: 'unavailable', zh: '存储空间不足，暂停写入（可查询）', en: 'The disk is full: writes are refused, reads go on',
    remedyZh: '运维释放空间后自动恢复；请稍后重试。', remedyEn: 'It resumes by itself once there is space; repeat it later.',
  },
  DEADLINE_EXCEEDED: {
    kind: 'unavailable', zh: '超过时限，结果未知', en: 'The deadline passed; the outcome is unknown',
    remedyZh: '以同一 request_id（订单用同一单号）重发或查询，即得真实结果。', remedyEn: 'Repeat it with the same request_id (orders: number), or query: that tells the true outcome.',
  },
  CANCELLED: {
    kind: 'unavailable', zh: '调用方已取消', en: 'The caller cancelled',
    remedyZh: '如仍需要，以同一 request_id 重发。', remedyEn: 'If still wanted, repeat it with the same request_id.',
  },
  INTERNAL: {
    kind: 'unavailable', zh: '内部错误', en: 'Something is wrong on our side',
    remedyZh: '请将 requestId 告知支持人员。', remedyEn: 'Tell support the requestId.',
  },
} as const satisfies Catalogue;
