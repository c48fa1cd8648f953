import type { Catalogue, CatalogueEntry } from '@vouchsafe/rpc';
import type { AccountRejection } from '../domain/account-types.js';
import type { BookRejection } from '../domain/book.js';
import type { JournalRejection } from '../domain/journal.js';

/** Codes by which deciders talk to the ledger itself; no caller hears them. */
type Internal = 'PERIOD_CLOSED' | 'LOOK_BACK' | 'JOURNAL_UNKNOWN' | 'ACCOUNT_DIFFERS';
type Rejection = Exclude<AccountRejection | BookRejection | JournalRejection, Internal>;

/** Every code the ledger can answer with: what it means, what to do. */
export const ledgerErrors = {
  ACCOUNT_UNKNOWN: {
    kind: 'missing', zh: '没有此账户。', en: 'There is no such account.',
    remedyZh: '核对账户 ID；渠道的账户在首次入金或授信时建立。', remedyEn: 'Check the account id; a channel gets its account with its first deposit or credit limit.',
  },
  ENTRY_UNKNOWN: { kind: 'missing', zh: '没有此分录。', en: 'There is no such entry.', remedyZh: '核对分录 ID。', remedyEn: 'Check the entry id.' },
  BOOK_UNKNOWN: { kind: 'missing', zh: '没有此账套。', en: 'There is no such book.', remedyZh: '核对账套 ID（bok_…）。', remedyEn: 'Check the book id (bok_…).' },
  CHANNEL_UNKNOWN: { kind: 'missing', zh: '没有此渠道。', en: 'There is no such channel.', remedyZh: '核对渠道 ID。', remedyEn: 'Check the channel id.' },
  RECEIPT_UNKNOWN: {
    kind: 'missing', zh: '没有此待认领收款。', en: 'There is no such unidentified receipt.',
    remedyZh: '核对银行与流水号，先以 unidentified 登记。', remedyEn: 'Check bank and reference; record it as unidentified first.',
  },
  RECEIPT_DIFFERS: {
    kind: 'refused', zh: '金额与待认领收款不符。', en: 'The amount is not that of the receipt.',
    remedyZh: '认领须为整笔金额；不同部分用调整分录处理。', remedyEn: 'A receipt is identified whole; use an adjustment for parts.',
  },
  BALANCE_SHORT: {
    kind: 'refused', zh: '可用余额不足。', en: 'The available balance is too small.',
    remedyZh: '可用余额见 details；请先入金，或等待占用释放。', remedyEn: 'See the details for what is available; deposit first, or wait for holds to end.',
  },
  CREDIT_LIMIT_REACHED: {
    kind: 'refused', zh: '授信额度不足。', en: 'The credit limit is reached.',
    remedyZh: '结清账单或调整额度。', remedyEn: 'Settle the bill or raise the limit.',
  },
  BANK_REFERENCE_USED: {
    kind: 'duplicate', zh: '该银行流水号已用于另一笔。', en: 'This bank reference was booked with other contents.',
    remedyZh: '核对流水号；重发须内容完全相同。', remedyEn: 'Check the reference; a repeat must be the same in every field.',
  },
  ENTRY_MIRRORED_BEFORE: {
    kind: 'duplicate', zh: '该分录已被冲回。', en: 'The entry was taken back before.',
    remedyZh: '查看其冲回分录；如需恢复，冲回那一笔。', remedyEn: 'See its mirror; to restore it, mirror the mirror.',
  },
  REQUEST_ID_REUSED: {
    kind: 'duplicate', zh: 'request_id 已用于另一请求。', en: 'The request id was used for another request.',
    remedyZh: '新请求用新的 request_id。', remedyEn: 'Take a new request id for a new request.',
  },
  FACT_ID_REUSED: {
    kind: 'duplicate', zh: '同一事项已按其他内容入账。', en: 'The same matter was booked with other contents.',
    remedyZh: '查看已有分录；更正用调整分录。', remedyEn: 'See the entry there is; correct it by an adjustment.',
  },
  FACT_INVALID: {
    kind: 'invalid', zh: '该事项无法入账。', en: 'This cannot be booked.',
    remedyZh: '原因见 details.flaw。', remedyEn: 'See details.flaw for the reason.',
  },
  ORIGINAL_UNKNOWN: {
    kind: 'missing', zh: '找不到要冲回的分录。', en: 'The entry to take back is not there.',
    remedyZh: '核对原分录。', remedyEn: 'Check the original entry.',
  },
  HOLD_UNKNOWN: {
    kind: 'missing', zh: '没有此占用。', en: 'There is no such hold.',
    remedyZh: '占用已释放或从未建立；查看订单的状态。', remedyEn: 'It was given back or never made; see the state of the order.',
  },
  HOLD_TOO_SMALL: {
    kind: 'refused', zh: '占用的金额不足。', en: 'The hold is smaller than what is to be captured.',
    remedyZh: '剩余见 details；核对订单各行金额。', remedyEn: "See the details for what is left; check the amounts of the order's lines.",
  },
  HOLD_ID_REUSED: {
    kind: 'duplicate', zh: '占用 ID 已用于其他内容。', en: 'The hold id was used with other contents.',
    remedyZh: '新占用用新的 ID。', remedyEn: 'Take a new id for a new hold.',
  },
  CAPTURE_ID_REUSED: {
    kind: 'duplicate', zh: '扣款 ID 已用于其他内容。', en: 'The capture id was used with other contents.',
    remedyZh: '查看已有分录。', remedyEn: 'See the entry there is.',
  },
  TOO_LATE: {
    kind: 'refused', zh: '占用请求已过时限，或已被撤回。', en: 'The hold was asked for too late, or was called off.',
    remedyZh: '以新单号重新下单。', remedyEn: 'Order again under another number.',
  },
  CURRENCY_MISMATCH: {
    kind: 'invalid', zh: '币种与账户不符。', en: "The currency is not the account's.",
    remedyZh: '使用账户的币种。', remedyEn: "Use the account's currency.",
  },
  LIMIT_CHANGED_SINCE: {
    kind: 'refused', zh: '额度已被他人修改。', en: 'The limit was changed meanwhile.',
    remedyZh: '重新读取账户后再改。', remedyEn: 'Read the account again, then change it.',
  },
  PERIOD_NOT_OVER: {
    kind: 'refused', zh: '该期间尚未结束。', en: 'The period is not over.',
    remedyZh: '等到下月一日（按账套时区）。', remedyEn: "Wait for the first day of the next month, in the book's zone.",
  },
  PERIOD_NOT_CLOSING: {
    kind: 'refused', zh: '该期间未在结账。', en: 'The period is not being closed.',
    remedyZh: '重新发起结账。', remedyEn: 'Ask for the close again.',
  },
  CLOSE_RUNNING: {
    kind: 'refused', zh: '另一期间正在结账。', en: 'Another period is being closed.',
    remedyZh: '先完成 details 中的期间。', remedyEn: 'Finish the period in the details first.',
  },
  AS_OF_TOO_FAR_BACK: {
    kind: 'invalid', zh: '该日已并入整月。', en: 'That day is kept as part of its month only.',
    remedyZh: '请改用该月最后一日。', remedyEn: "Ask for that month's last day.",
  },
  NOT_FOR_CHANNELS: {
    kind: 'forbidden', zh: '渠道只能查看自己的结算账户。', en: 'A channel sees its own settlement accounts only.',
    remedyZh: '使用 GetAccount、ListEntries、ListHolds。', remedyEn: 'Use GetAccount, ListEntries, ListHolds.',
  },
  FIELD_INVALID: { kind: 'invalid', zh: '字段不合规。', en: 'A field is not valid.', remedyZh: '见 errors 中的字段。', remedyEn: 'See the fields in `errors`.' },
  FILTER_INVALID: {
    kind: 'invalid', zh: '过滤或排序条件不合规。', en: 'The filter or order is not valid.',
    remedyZh: '条件形如 a = "b" AND c = "d"，字段见接口说明。', remedyEn: 'Conditions look like a = "b" AND c = "d"; see the method for the fields.',
  },
} as const satisfies Catalogue & Record<Rejection, CatalogueEntry>;
export type LedgerCode = keyof typeof ledgerErrors;
