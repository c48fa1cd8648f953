import type { Catalogue } from '@vouchsafe/rpc';
import type { GrantRejection } from '../domain/grant-messages.js';
import type { GuessRejection } from '../domain/guess.js';
import type { TerminalRejection } from '../domain/terminal.js';

/** What deciders refuse with, but for what only a mistake of ours could bring about: a new code without words does not compile. */
type Answerable = GrantRejection | GuessRejection | Exclude<TerminalRejection, 'SEQUENCE_UNKNOWN'>;

/** Every code redemption can answer with: what it means, what to do. */
export const redemptionErrors = {
  VOUCHER_NOT_VALID: {
    kind: 'missing', zh: '券码无效。', en: 'This is not a valid voucher code.',
    remedyZh: '核对券码后重试；多次输错会锁定终端。', remedyEn: 'Check the code and try again; too many wrong codes lock the terminal.',
  },
  VOUCHER_UNKNOWN: {
    kind: 'missing', zh: '没有此券。', en: 'There is no such voucher.',
    remedyZh: '核对券 ID。', remedyEn: 'Check the voucher id.',
  },
  ALREADY_REDEEMED: {
    kind: 'refused', zh: '该券已核销。', en: 'The voucher has been redeemed already.',
    remedyZh: '按 details 中的时间与门店核查；误核销可在时限内撤销。', remedyEn: 'See when and where in the details; a mistake can be reversed within its window.',
  },
  USES_SPENT: {
    kind: 'refused', zh: '该券次数已用完。', en: 'All uses of the voucher are spent.',
    remedyZh: '请出示另一张券。', remedyEn: 'Present another voucher.',
  },
  VOUCHER_BALANCE_SHORT: {
    kind: 'refused', zh: '该券余额不足。', en: 'The balance of the voucher is too small.',
    remedyZh: '按 details 中的余额核销，其余用别的方式支付。', remedyEn: 'Redeem what is left (see the details) and pay the rest otherwise.',
  },
  VOUCHER_FROZEN: {
    kind: 'refused', zh: '该券已冻结。', en: 'The voucher is frozen.',
    remedyZh: '请联系客服；解冻后可用。', remedyEn: 'Ask support; it can be used once unfrozen.',
  },
  VOUCHER_VOIDED: {
    kind: 'refused', zh: '该券已作废（退款、拒付、召回或换新）。', en: 'The voucher was voided (refund, charge-back, recall or replacement).',
    remedyZh: '若已换新，请出示新券。', remedyEn: 'If it was replaced, present the new one.',
  },
  VOUCHER_EXPIRED: {
    kind: 'refused', zh: '该券已过期。', en: 'The voucher has expired.',
    remedyZh: '请联系客服申请延期。', remedyEn: 'Ask support for an extension.',
  },
  NOT_YET_VALID: {
    kind: 'refused', zh: '该券尚未生效。', en: 'The voucher is not valid yet.',
    remedyZh: '请在有效期内使用。', remedyEn: 'Use it within its validity.',
  },
  NOT_AT_THIS_TIME: {
    kind: 'refused', zh: '该券在此星期或时段不可用。', en: 'The voucher cannot be used on this weekday or at this hour.',
    remedyZh: '请在规定的星期和时段使用（以门店当地时间为准）。', remedyEn: "Use it on its days and hours, by the store's local time.",
  },
  NOT_AT_THIS_STORE: {
    kind: 'refused', zh: '该券在本店不可用。', en: 'The voucher cannot be used at this store.',
    remedyZh: '请到适用门店。', remedyEn: 'Go to one of its stores.',
  },
  NOT_IN_THIS_SCENE: {
    kind: 'refused', zh: '该券不适用于此场景。', en: 'The voucher is not for this scene.',
    remedyZh: '请选择适用的场景（scene）。', remedyEn: 'Name a scene the voucher is for.',
  },
  NOT_REDEEMABLE: {
    kind: 'refused', zh: '此类商品不在终端核销。', en: 'Goods of this kind are not redeemed at terminals.',
    remedyZh: '链接和直充由供应商侧使用。', remedyEn: 'Links and top-ups are used at their supplier.',
  },
  AMOUNT_REQUIRED: {
    kind: 'invalid', zh: '储值券须给出大于零的金额。', en: 'A balance needs an amount above zero.',
    remedyZh: '填写 amount。', remedyEn: 'Set `amount`.',
  },
  AMOUNT_NOT_ALLOWED: {
    kind: 'invalid', zh: '该券不按金额核销。', en: 'This voucher is not used by amount.',
    remedyZh: '去掉 amount。', remedyEn: 'Leave `amount` out.',
  },
  AMOUNT_CURRENCY: {
    kind: 'invalid', zh: '币种与券不符。', en: "The currency is not the voucher's.",
    remedyZh: '使用 details 中的币种。', remedyEn: 'Use the currency in the details.',
  },
  SEQUENCE_REUSED: {
    kind: 'duplicate', zh: '该流水号已用于另一笔核销。', en: 'This sequence number was used for another redemption.',
    remedyZh: '换用新的流水号；重发须内容完全相同。', remedyEn: 'Take a new number; a repeat must be the same in every field.',
  },
  SEQUENCE_REQUIRED: {
    kind: 'invalid', zh: '缺少流水号（sequence）或 request_id。', en: 'A sequence or request id is missing.',
    remedyZh: '终端填写 sequence（大于 0）；其他调用方可填 request_id。', remedyEn: 'Terminals set `sequence` (above 0); others may set `request_id`.',
  },
  TERMINAL_UNKNOWN: {
    kind: 'missing', zh: '没有此终端。', en: 'There is no such terminal.',
    remedyZh: '核对终端 ID。', remedyEn: 'Check the terminal id.',
  },
  TERMINAL_INACTIVE: {
    kind: 'refused', zh: '终端已停用。', en: 'The terminal is not active.',
    remedyZh: '请管理员在商品中心启用终端。', remedyEn: 'Have it activated in the catalogue.',
  },
  TERMINAL_REQUIRED: {
    kind: 'invalid', zh: '须指明终端。', en: 'A terminal must be named.',
    remedyZh: '使用终端凭证，或由员工填写 terminal_id。', remedyEn: "Use a terminal's credential, or as staff set `terminal_id`.",
  },
  TERMINAL_LOCKED: {
    kind: 'refused', zh: '输错券码过多，终端已锁定。', en: 'The terminal is locked after too many wrong codes.',
    remedyZh: '由有 terminal:unlock 权限的员工解锁。', remedyEn: 'Staff with terminal:unlock can open it.',
  },
  TERMINAL_SLOWED: {
    kind: 'throttled', zh: '刚输错券码，请稍候。', en: 'A wrong code was presented just now; wait a moment.',
    remedyZh: '按 Retry-After 等待后再试。', remedyEn: 'Try again after Retry-After.',
  },
  VOUCHER_ID_NOT_ENOUGH: {
    kind: 'forbidden', zh: '仅凭券 ID 不能核销。', en: 'A voucher id alone entitles to nothing.',
    remedyZh: '扫码或输入券码；员工可凭 ID 核销。', remedyEn: 'Present the code; only staff may redeem by id.',
  },
  REDEMPTION_UNKNOWN: {
    kind: 'missing', zh: '没有此核销记录。', en: 'There is no such redemption.',
    remedyZh: '若在查询丢失的应答：未核销，可原样重发。', remedyEn: 'If you look for a lost answer: nothing was redeemed, send the request again.',
  },
  REVERSAL_TOO_LATE: {
    kind: 'refused', zh: '已过撤销时限，或该券已终止。', en: 'The reversal window is over, or the voucher has ended.',
    remedyZh: '请走售后流程。', remedyEn: 'Use after-sales.',
  },
  EXTENSION_NOT_LATER: {
    kind: 'refused', zh: '新的截止时间须晚于现在和原截止时间。', en: 'The new end must be later than now and than the present end.',
    remedyZh: '选择更晚的日期；不设截止的券无需延期。', remedyEn: 'Choose a later day; a voucher without an end needs none.',
  },
  ETAG_DIFFERS: {
    kind: 'aborted', zh: '该券在此期间已变化。', en: 'The voucher has changed meanwhile.',
    remedyZh: '重新读取后再决定。', remedyEn: 'Read it again and decide anew.',
  },
  FIELD_INVALID: {
    kind: 'invalid', zh: '字段不合规。', en: 'A field is not as it must be.',
    remedyZh: '见 errors 中的字段。', remedyEn: 'See the fields in `errors`.',
  },
  GRANT_UNKNOWN: {
    kind: 'missing', zh: '没有此发放。', en: 'There is no such grant.',
    remedyZh: '核对订单与行。', remedyEn: 'Check order and line.',
  },
  GRANT_DIFFERS: {
    kind: 'duplicate', zh: '该订单行已按其他内容发放。', en: 'The line was granted with other content.',
    remedyZh: '这是内部不一致，请告警。', remedyEn: 'This is an inconsistency inside; raise an alarm.',
  },
  GRANT_HELD: {
    kind: 'refused', zh: '恢复备份后暂停使用，待核对不可撤销日志。', en: 'Held after a restore until the journal of the irrevocable is reconciled.',
    remedyZh: '运行 vouchsafe restore 的核对步骤。', remedyEn: 'Run the reconciliation of `vouchsafe restore`.',
  },
  NOT_YOURS: {
    kind: 'forbidden', zh: '不是您的订单。', en: 'This order is not yours.',
    remedyZh: '使用下单的主体。', remedyEn: 'Use the principal that placed it.',
  },
  DISCLOSURE_ALLOWANCE_SPENT: {
    kind: 'refused', zh: '取码次数或时限已用完。', en: 'The allowance of disclosures is spent.',
    remedyZh: '请联系平台；员工可双人审批后取码。', remedyEn: 'Ask the platform; staff can disclose with a second person.',
  },
} as const satisfies Catalogue & Catalogue<Answerable>;
export type RedemptionCode = keyof typeof redemptionErrors;
