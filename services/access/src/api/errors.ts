import type { Catalogue } from '@vouchsafe/rpc';
import type { AuthenticationRejection } from '../application/authenticate.js';
import type { ApprovalRejection } from '../domain/approval.js';
import type { EncryptionRejection } from '../domain/encryption-keys.js';
import type { PrincipalRejection } from '../domain/principal.js';

const again = { remedyZh: '检查 Authorization 头，密钥须完整粘贴。', remedyEn: 'Check the Authorization header; the key must be pasted whole.' };

/** Why a credential lets nobody in. */
export const authenticationErrors = {
  CREDENTIAL_MISSING: {
    kind: 'unauthenticated', zh: '未提供凭证', en: 'No credential was sent',
    remedyZh: '加上请求头 Authorization: Bearer vs_…。', remedyEn: 'Send the header Authorization: Bearer vs_….',
  },
  CREDENTIAL_INVALID: { kind: 'unauthenticated', zh: '凭证无效', en: 'The credential is not valid', ...again },
  CREDENTIAL_EXPIRED: {
    kind: 'unauthenticated', zh: '凭证已过期', en: 'The credential has expired',
    remedyZh: '请管理员签发新凭证（可与旧凭证并存以便轮换）。', remedyEn: 'Ask an administrator for a new one; two may live at once for rotation.',
  },
  CREDENTIAL_REVOKED: {
    kind: 'unauthenticated', zh: '凭证已吊销', en: 'The credential was revoked',
    remedyZh: '请管理员签发新凭证。', remedyEn: 'Ask an administrator for a new one.',
  },
  WRONG_NAMESPACE: {
    kind: 'unauthenticated', zh: '凭证属于另一环境', en: 'The credential belongs to the other mode',
    remedyZh: 'vs_live_ 只用于正式环境，vs_sandbox_ 只用于沙箱。', remedyEn: 'vs_live_ keys are for live only, vs_sandbox_ keys for the sandbox.',
  },
  IP_NOT_ALLOWED: {
    kind: 'unauthenticated', zh: '来源地址不在白名单内', en: 'This address is not on the allow-list',
    remedyZh: '从白名单中的网络调用，或请管理员签发允许该网络的凭证。', remedyEn: 'Call from a network on the list, or ask for a credential that allows yours.',
  },
  SIGNATURE_INVALID: {
    kind: 'unauthenticated', zh: '签名不符', en: 'The signature does not match',
    remedyZh: '按文档逐行拼接待签文本：密钥名、时间戳、随机数、方法、路径、查询串、正文 SHA-256。', remedyEn: 'Build the text to sign line by line as documented: key name, timestamp, nonce, method, path, query, SHA-256 of the body.',
  },
  TIMESTAMP_SKEWED: {
    kind: 'unauthenticated', zh: '签名时间相差超过 300 秒', en: 'The signed time is more than 300 seconds off',
    remedyZh: '校准时钟，每次请求重新签名。', remedyEn: 'Set your clock right and sign each call anew.',
  },
  NONCE_REUSED: {
    kind: 'unauthenticated', zh: '随机数已被使用', en: 'The nonce was used before',
    remedyZh: '每次请求使用新的随机数并重新签名。', remedyEn: 'Take a fresh nonce for every call and sign it anew.',
  },
  PRINCIPAL_DISABLED: {
    kind: 'unauthenticated', zh: '主体已停用', en: 'The principal is disabled',
    remedyZh: '请管理员重新启用。', remedyEn: 'Ask an administrator to enable it.',
  },
} as const satisfies Catalogue<AuthenticationRejection>;

const principalErrors = {
  PRINCIPAL_UNKNOWN: { kind: 'missing', zh: '主体不存在', en: 'There is no such principal', remedyZh: '检查 principal_id。', remedyEn: 'Check principal_id.' },
  PRINCIPAL_DISABLED: authenticationErrors.PRINCIPAL_DISABLED,
  REQUEST_ID_REUSED: {
    kind: 'duplicate', zh: 'request_id 已用于另一请求', en: 'This request_id was used for something else',
    remedyZh: '新的请求使用新的 request_id。', remedyEn: 'Use a new request_id for a new request.',
  },
  ROLE_UNKNOWN: { kind: 'invalid', zh: '角色不存在', en: 'There is no such role', remedyZh: '用 ListRoles 查看可用角色。', remedyEn: 'ListRoles tells the roles there are.' },
  ROLE_NOT_FOR_KIND: {
    kind: 'refused', zh: '此类主体不能拥有该角色', en: 'A principal of this kind cannot have this role',
    remedyZh: '渠道与终端只有各自的角色，其他主体不能使用它们。', remedyEn: 'Channels and terminals have their own role only; others cannot have those.',
  },
  OWN_ROLE: {
    kind: 'refused', zh: '不能修改自己的角色', en: 'Nobody changes their own roles',
    remedyZh: '请另一位管理员操作。', remedyEn: 'Ask another administrator.',
  },
  OWN_PRINCIPAL: { kind: 'refused', zh: '不能停用自己', en: 'Nobody disables themselves', remedyZh: '请另一位管理员操作。', remedyEn: 'Ask another administrator.' },
  CREDENTIAL_UNKNOWN: { kind: 'missing', zh: '凭证不存在', en: 'There is no such credential', remedyZh: '用 ListCredentials 查看。', remedyEn: 'ListCredentials tells which there are.' },
  CREDENTIALS_TOO_MANY: {
    kind: 'refused', zh: '有效凭证已达两个', en: 'Two credentials are live already',
    remedyZh: '先吊销不再使用的凭证。', remedyEn: 'Revoke the one no longer used first.',
  },
  EXPIRY_INVALID: {
    kind: 'invalid', zh: '有效期不合要求', en: 'The expiry is out of range',
    remedyZh: '到期时间须在将来且不超过 400 天。', remedyEn: 'It must lie in the future, at most 400 days ahead.',
  },
} as const satisfies Catalogue<PrincipalRejection>;

const approvalErrors = {
  APPROVAL_UNKNOWN: {
    kind: 'missing', zh: '审批不存在', en: 'There is no such approval',
    remedyZh: '使用 APPROVAL_REQUIRED 返回的 approval_id，并由原申请人提交。', remedyEn: 'Use the approval_id of APPROVAL_REQUIRED, as the same requester.',
  },
  APPROVAL_EXPIRED: { kind: 'refused', zh: '审批已过期（24 小时）', en: 'The approval has expired (24 hours)', remedyZh: '重新提交请求以发起新的审批。', remedyEn: 'Send the request again to ask for a new one.' },
  APPROVAL_DECIDED: { kind: 'refused', zh: '审批已有结论', en: 'It has been decided already', remedyZh: '用 GetApproval 查看结论。', remedyEn: 'GetApproval tells the decision.' },
  OWN_APPROVAL: { kind: 'refused', zh: '申请人不能批准自己的请求', en: 'Nobody approves their own request', remedyZh: '请另一位有审批权限的人处理。', remedyEn: 'Ask another person who may decide.' },
  APPROVAL_PENDING: { kind: 'refused', zh: '审批尚无结论', en: 'It has not been decided yet', remedyZh: '等待批准后以同一请求重发。', remedyEn: 'Wait for the decision, then send the same request.' },
  APPROVAL_REJECTED: { kind: 'refused', zh: '审批被拒绝', en: 'It was rejected', remedyZh: '与审批人沟通后重新提交。', remedyEn: 'Speak to the approver, then ask anew.' },
  APPROVAL_USED: { kind: 'refused', zh: '审批已被使用', en: 'It was used already', remedyZh: '先查询上次请求的结果；如需再次执行，请重新发起审批。', remedyEn: 'Look up what the first request did; ask anew to do it again.' },
  APPROVAL_DIFFERS: {
    kind: 'refused', zh: '请求与获批内容不一致', en: 'The request is not the one that was approved',
    remedyZh: '原样重发获批的请求，或为新内容重新发起审批。', remedyEn: 'Send the approved request unchanged, or ask anew.',
  },
} as const satisfies Catalogue<ApprovalRejection>;

const encryptionErrors = {
  ENCRYPTION_KEY_UNKNOWN: { kind: 'missing', zh: '渠道没有此公钥', en: 'The channel has no such key', remedyZh: '用 ListEncryptionKeys 查看。', remedyEn: 'ListEncryptionKeys tells which there are.' },
  ENCRYPTION_KEY_REVOKED: { kind: 'refused', zh: '此公钥已被吊销，不能再用', en: 'This key was revoked and cannot come back', remedyZh: '生成新的密钥对并登记其公钥。', remedyEn: 'Make a new pair and register its public key.' },
  ENCRYPTION_KEYS_TOO_MANY: { kind: 'refused', zh: '有效公钥已达两个', en: 'Two keys are live already', remedyZh: '先吊销不再使用的公钥。', remedyEn: 'Revoke the one no longer used first.' },
  ENCRYPTION_KEY_BY_STAFF: {
    kind: 'refused', zh: '渠道只能自行登记第一个公钥', en: 'A channel registers only its first key itself',
    remedyZh: '请平台管理员登记后续公钥。', remedyEn: 'Ask an administrator of the platform to register the next one.',
  },
  ENCRYPTION_KEYS_LEFT: {
    kind: 'refused', zh: '渠道还有有效公钥，不能恢复明文', en: 'The channel has live keys; plain answers are not possible beside them',
    remedyZh: '先吊销其他公钥，或不设 plain_again。', remedyEn: 'Revoke the others first, or leave plain_again out.',
  },
} as const satisfies Catalogue<EncryptionRejection>;

/** Every code access answers with. */
export const accessErrors = {
  ...authenticationErrors, ...principalErrors, ...approvalErrors, ...encryptionErrors,
  ENCRYPTION_KEY_INVALID: {
    kind: 'invalid', zh: '公钥不可用', en: 'The key cannot be used',
    remedyZh: '仅提交公钥：2048 位以上 RSA、P-256/384/521 或 X25519，JWK 或 PEM 格式。', remedyEn: 'Send the public key alone, as JWK or PEM: RSA of 2048 bits or more, P-256/384/521 or X25519.',
  },
  ENCRYPTION_CHANNEL_UNKNOWN: { kind: 'missing', zh: '渠道不存在', en: 'There is no such channel', remedyZh: '渠道只能管理自己的公钥。', remedyEn: 'A channel manages its own keys only.' },
  APPROVER_UNFIT: {
    kind: 'refused', zh: '批准人不独立于申请人，或已无审批权限', en: 'The approver depends on the requester, or may no longer decide',
    remedyZh: '请由非申请人创建或授权、且有审批权限的人批准。', remedyEn: 'Have a person approve it who may decide and was not set up by the requester.',
  },
  APPROVAL_UNAVAILABLE: {
    kind: 'refused', zh: '同一请求发起审批次数过多', en: 'The same request was put up for approval too often',
    remedyZh: '更换 request_id 后重新提交。', remedyEn: 'Send it under a new request_id.',
  },
  APPROVAL_TOO_LARGE: {
    kind: 'invalid', zh: '请求过大，无法送审', en: 'The request is too large to be approved',
    remedyZh: '拆分为较小的请求。', remedyEn: 'Split it into smaller ones.',
  },
  INTERNAL_ONLY: { kind: 'forbidden', zh: '仅供内部服务调用', en: 'For services of the platform only', remedyZh: '此方法不对外开放。', remedyEn: 'This method is not open to callers.' },
  SUBJECT_INVALID: {
    kind: 'invalid', zh: '须给出 subject 或 value 之一', en: 'Give either subject or value',
    remedyZh: '填写 sub_ 引用，或值及其种类。', remedyEn: 'Give a sub_ reference, or a value with its kind.',
  },
} as const satisfies Catalogue;
