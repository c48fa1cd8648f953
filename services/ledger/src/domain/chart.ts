/**
 * The chart of accounts (ACCOUNTS.md), as paths that hledger reads too. What stands for `*` is one id; a path is the
 * identity of an account within book and currency.
 */
export type LimitedMode = 'prepaid' | 'credit';

export const PATHS = {
  taxInput: 'assets:tax:input',
  unidentified: 'liabilities:receipts:unidentified',
  undelivered: 'liabilities:contract:undelivered',
  contractOwn: 'liabilities:contract:own',
  refund: 'liabilities:refund',
  taxOutput: 'liabilities:tax:output',
  taxPending: 'liabilities:tax:pending',
  sales: 'income:sales',
  agency: 'income:agency',
  breakage: 'income:breakage',
  costOfCodes: 'expenses:cost:codes',
  costOfTopUps: 'expenses:cost:topup',
  providerFee: 'expenses:fee:psp',
  commissionExpense: 'expenses:commission',
  lossChargeback: 'expenses:loss:chargeback',
  lossGoodwill: 'expenses:loss:goodwill',
  lossStock: 'expenses:loss:stock',
  lossBadDebt: 'expenses:loss:baddebt',
} as const;

export const bankPath = (bank: string): string => `assets:bank:${bank}`;
export const clearingPath = (provider: string): string => `assets:clearing:psp:${provider}`;
export const disputePath = (provider: string): string => `assets:dispute:psp:${provider}`;
export const inventoryPath = (productId: string): string => `assets:inventory:codes:${productId}`;
export const supplierPrepaidPath = (supplierId: string): string => `assets:supplier:prepaid:${supplierId}`;
export const supplierPayablePath = (supplierId: string): string => `liabilities:supplier:payable:${supplierId}`;
export const supplierAgencyPath = (supplierId: string): string => `liabilities:supplier:agency:${supplierId}`;
export const merchantPath = (merchantId: string): string => `liabilities:merchant:${merchantId}`;
export const commissionPath = (channelId: string): string => `liabilities:commission:${channelId}`;

const LIMITED: Readonly<Record<LimitedMode, string>> = { prepaid: 'liabilities:channel:prepaid:', credit: 'assets:receivable:channel:' };
/** The account a channel settles on: what it paid ahead, or what it owes. */
export const limitedPath = (mode: LimitedMode, channelId: string): string => LIMITED[mode] + channelId;
/** Whether a path is a limited account: only its own stream may move it. */
export const isLimitedPath = (path: string): boolean => path.startsWith(LIMITED.prepaid) || path.startsWith(LIMITED.credit);

/** What an id may consist of to be a part of a path: nothing that hledger or a spreadsheet could read as something else. */
const PART = /^[\p{L}\p{N}][\p{L}\p{N}._~-]{0,127}$/u;
/** The same for what nearly every id is made of; many times faster. */
const ASCII_PART = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
export const isPathPart = (text: string): boolean => ASCII_PART.test(text) || PART.test(text);

type Caption = { readonly zh: string; readonly en: string };
/** Longest prefix first: the caption of a path is that of the first prefix it starts with. */
const CAPTIONS: readonly (readonly [prefix: string, caption: Caption])[] = [
  ['assets:bank:', { zh: '银行存款', en: 'Cash at bank' }],
  ['assets:clearing:psp:', { zh: '应收支付渠道', en: 'Receivable from payment provider' }],
  ['assets:receivable:channel:', { zh: '应收账款', en: 'Trade receivable' }],
  ['assets:dispute:psp:', { zh: '其他应收款（拒付争议）', en: 'Disputed charge-backs' }],
  ['assets:supplier:prepaid:', { zh: '预付账款', en: 'Advance to supplier' }],
  ['assets:inventory:codes:', { zh: '库存商品', en: 'Inventory of codes' }],
  ['assets:tax:input', { zh: '进项税额', en: 'Input VAT' }],
  ['liabilities:channel:prepaid:', { zh: '合同负债（渠道预存）', en: 'Channel prepayment' }],
  ['liabilities:receipts:unidentified', { zh: '其他应付款（待认领收款）', en: 'Unidentified receipts' }],
  ['liabilities:contract:undelivered', { zh: '合同负债（待交付）', en: 'Contract liability, undelivered' }],
  ['liabilities:contract:own', { zh: '合同负债（自有券）', en: 'Contract liability, own vouchers' }],
  ['liabilities:supplier:payable:', { zh: '应付账款', en: 'Trade payable' }],
  ['liabilities:supplier:agency:', { zh: '代收应付', en: 'Collected for issuer' }],
  ['liabilities:merchant:', { zh: '应付核销商户', en: 'Payable to redeeming merchant' }],
  ['liabilities:commission:', { zh: '应付佣金', en: 'Commission payable' }],
  ['liabilities:refund', { zh: '应付退款', en: 'Refunds payable' }],
  ['liabilities:tax:output', { zh: '销项税额', en: 'Output VAT' }],
  ['liabilities:tax:pending', { zh: '待转销项税额', en: 'Output VAT, pending' }],
  ['income:sales', { zh: '主营业务收入（总额）', en: 'Revenue, gross' }],
  ['income:agency', { zh: '主营业务收入（净额）', en: 'Revenue, agency' }],
  ['income:breakage', { zh: '放弃权利收入', en: 'Breakage' }],
  ['expenses:cost:codes', { zh: '主营业务成本（卡密）', en: 'Cost of codes sold' }],
  ['expenses:cost:topup', { zh: '主营业务成本（直充）', en: 'Cost of top-ups' }],
  ['expenses:fee:psp', { zh: '手续费', en: 'Payment provider fees' }],
  ['expenses:commission', { zh: '销售费用（佣金）', en: 'Commissions' }],
  ['expenses:loss:chargeback', { zh: '营业外支出（拒付损失）', en: 'Charge-back losses' }],
  ['expenses:loss:goodwill', { zh: '营业外支出（善意退款）', en: 'Goodwill losses' }],
  ['expenses:loss:stock', { zh: '营业外支出（库存损失）', en: 'Stock losses' }],
  ['expenses:loss:baddebt', { zh: '信用减值损失', en: 'Bad debts' }],
];

/** What an accountant calls the account; undefined for a path outside the chart. */
export const captionOf = (path: string): Caption | undefined =>
  CAPTIONS.find(([prefix]) => (prefix.endsWith(':') ? path.startsWith(prefix) && isPathPart(path.slice(prefix.length)) : path === prefix))?.[1];
