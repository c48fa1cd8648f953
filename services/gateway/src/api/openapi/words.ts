/** The languages that the contract is described in. */
export type Language = 'en' | 'zh';

/** What the document says besides the contract's own comments. */
export type Words = {
  readonly introduction: string;
  readonly problem: string; readonly problemShape: string; readonly remedy: string; readonly codes: string; readonly pointer: string;
  readonly approval: string; readonly lastEvent: string;
  readonly lines: string; readonly bytes: string; readonly stream: string; readonly ok: string;
  readonly atMostOne: (names: readonly string[]) => string;
};

export const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    introduction: [
      'Sell, deliver and redeem virtual entitlements. gRPC serves the same methods under the same names; reflection tells them where it is on.',
      'Keys name their mode: `vs_live_…` or `vs_sandbox_…`. Every mutation takes a `requestId` (orders: their number; header `Idempotency-Key` is the same) and may be repeated. Unknown fields are refused. 64-bit integers are strings.',
    ].join('\n\n'),
    problem: 'Why not, in one shape on every route.',
    problemShape: 'RFC 9457. `title`, `detail` and `errors[].message` are in the language of Accept-Language (zh, en); `messages` has both.',
    remedy: 'What to do next.', codes: 'See /docs/errors.', pointer: 'RFC 6901 pointer into the request.',
    approval: 'Approval of exactly this request by a second person (live only).', lastEvent: 'Goes on behind this event; the same as `cursor`.',
    lines: 'One JSON request per line.', bytes: 'The bytes as they are.', stream: 'A stream: one JSON object per line, or server-sent events by Accept.', ok: 'OK',
    atMostOne: (names) => `At most one of ${names.join(', ')}.`,
  },
  zh: {
    introduction: [
      '虚拟权益的销售、交付与核销。gRPC 以相同名称提供相同方法；开启反射时可由反射得知。',
      '密钥前缀即环境：`vs_live_…` 或 `vs_sandbox_…`。每个写操作都有 `requestId`（订单用单号；请求头 `Idempotency-Key` 等效），可安全重发；未知字段会被拒绝；64 位整数写成字符串。',
    ].join('\n\n'),
    problem: '为何不可：任何接口的错误都是此结构。',
    problemShape: 'RFC 9457。`title`、`detail` 与 `errors[].message` 的语言依 Accept-Language（zh、en）；`messages` 含两种语言。',
    remedy: '下一步怎么做。', codes: '见 /docs/errors。', pointer: '指向请求的 RFC 6901 指针。',
    approval: '第二人对此请求（一字不差）的批准编号，仅正式环境。', lastEvent: '从此事件之后继续；与 `cursor` 相同。',
    lines: '每行一个 JSON 请求。', bytes: '原始字节。', stream: '流：每行一个 JSON 对象；或依 Accept 以服务器推送事件返回。', ok: '成功',
    atMostOne: (names) => `${names.join('、')} 中最多填一个。`,
  },
};
