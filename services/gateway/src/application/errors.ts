import type { Catalogue } from '@vouchsafe/rpc';

/** Codes of the gateway itself; credentials' are access's. */
export const gatewayErrors = {
  RATE_LIMITED: {
    kind: 'throttled', zh: '超过该凭证的调用频率或并发上限', en: 'Over this credential’s rate or concurrency',
    remedyZh: '等待 Retry-After 后重试；如需更高上限请联系管理员。', remedyEn: 'Wait for Retry-After; ask an administrator for a higher limit.',
  },
  TOO_MANY_FAILURES: {
    kind: 'throttled', zh: '该地址的认证失败次数过多', en: 'Too many failed authentications from this address',
    remedyZh: '检查密钥后稍候再试。', remedyEn: 'Check the key and wait before trying again.',
  },
  APPROVAL_REQUIRED: {
    kind: 'refused', zh: '此操作须由第二人批准', en: 'This needs a second person’s approval',
    remedyZh: '请有审批权限的另一人批准 details.approvalId，然后原样重发请求并附 x-approval-id。', remedyEn: 'Have another person approve details.approvalId, then send the same request again with x-approval-id.',
  },
  MODE_UNAVAILABLE: {
    kind: 'unauthenticated', zh: '此部署未开放该环境', en: 'This deployment does not serve that mode',
    remedyZh: '检查密钥前缀与服务地址是否匹配。', remedyEn: 'Check that the key’s prefix and the address belong together.',
  },
  SIGNED_STREAM_UNSUPPORTED: {
    kind: 'unauthenticated', zh: '签名凭证不能用于请求流', en: 'Signing credentials cannot be used for streams of requests',
    remedyZh: '请求流改用 bearer 凭证，或改用单次调用。', remedyEn: 'Use a bearer credential for such a stream, or the unary method.',
  },
  ROUTE_UNKNOWN: { kind: 'missing', zh: '没有此接口', en: 'There is no such route', remedyZh: '接口见 /docs。', remedyEn: 'The routes are listed at /docs.' },
  METHOD_NOT_ALLOWED: { kind: 'invalid', zh: '此接口不支持该 HTTP 方法', en: 'This route has no such HTTP method', remedyZh: '可用方法见 Allow 响应头。', remedyEn: 'See the Allow header.' },
  BODY_TOO_LARGE: { kind: 'invalid', zh: '请求正文过大', en: 'The body is too large', remedyZh: '上限见 details.maxBytes；大文件请分段上传。', remedyEn: 'details.maxBytes is the limit; send large files in parts.' },
  MEDIA_TYPE_UNSUPPORTED: {
    kind: 'invalid', zh: '不支持的 Content-Type', en: 'This Content-Type is not taken here',
    remedyZh: 'JSON 用 application/json；文件内容用 application/octet-stream；流用 application/x-ndjson。', remedyEn: 'application/json for JSON, application/octet-stream for content, application/x-ndjson for streams.',
  },
  NOT_READY: { kind: 'unavailable', zh: '服务尚未就绪', en: 'Not ready yet', remedyZh: '稍后重试。', remedyEn: 'Try again shortly.' },
  FIELD_CONFLICT: {
    kind: 'invalid', zh: '同一字段给出了两个不同的值', en: 'A field has two different values',
    remedyZh: '路径与正文中的值须一致。', remedyEn: 'Path and body must agree.',
  },
} as const satisfies Catalogue;
