/** Why a line of a file was not taken, for people. */
export const REFUSAL_WORDS: Readonly<Record<string, { readonly zh: string; readonly en: string }>> = {
  DUPLICATE: { zh: '此前已导入过', en: 'was imported before' },
  DUPLICATE_IN_FILE: { zh: '文件内重复', en: 'occurs earlier in this file' },
  LINE_TOO_LONG: { zh: '行过长（超过 8 KB）', en: 'line is longer than 8 KB' },
  BROKEN_ENCODING: { zh: '编码错误，无法识别', en: 'is not text in the file’s encoding' },
  CONTROL_CHARACTER: { zh: '含控制字符', en: 'contains control characters' },
  UNCLOSED_QUOTE: { zh: '引号未闭合', en: 'has an unclosed quote' },
  COLUMN_MISSING: { zh: '缺少卡密列', en: 'lacks the column of the code' },
  CODE_EMPTY: { zh: '卡密为空', en: 'has no code' },
  CODE_TOO_SHORT: { zh: '卡密过短（少于 4 个字符）', en: 'code has fewer than 4 characters' },
  CODE_TOO_LONG: { zh: '卡密过长（超过 512 个字符）', en: 'code has more than 512 characters' },
  NUMBER_TOO_LONG: { zh: '卡号过长（超过 128 个字符）', en: 'number has more than 128 characters' },
  EXPIRY_INVALID: { zh: '有效期无法识别', en: 'expiry is no date' },
  EXPIRED: { zh: '已过期', en: 'has expired' },
};
