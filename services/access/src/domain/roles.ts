/** What a principal is; events name it. */
export type PrincipalKind = 'person' | 'service' | 'channel' | 'terminal' | 'auditor';

/** All permissions methods may ask for. One that is not here can be held by nobody. */
export const PERMISSIONS = [
  'catalog:read', 'catalog:write', 'inventory:read', 'inventory:write', 'inventory:recall', 'secret:disclose', 'secret:export',
  'order:place', 'order:read', 'order:cancel', 'refund:create', 'refund:read', 'payment:read',
  'risk:signal', 'risk:read', 'risk:write', 'risk:review', 'delivery:read', 'topup:resolve',
  'voucher:check', 'voucher:redeem', 'voucher:reverse', 'voucher:read', 'voucher:freeze', 'terminal:unlock', 'encryption:read', 'encryption:write',
  'ledger:read', 'ledger:deposit', 'ledger:limit', 'ledger:adjust', 'ledger:close', 'audit:read', 'access:read', 'access:write', 'approval:decide',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export type RoleTerms = { readonly permissions: readonly Permission[]; readonly zh: string; readonly en: string };
const READING = PERMISSIONS.filter((permission) => permission.endsWith(':read'));
/** What only the parties themselves do: channels sell and disclose, terminals redeem; export of secrets has a role of its own. */
const NOT_FOR_ADMINS: readonly Permission[] = ['secret:disclose', 'secret:export', 'order:place', 'risk:signal', 'voucher:check', 'voucher:redeem', 'voucher:reverse'];

/** Roles and what each allows. `channel` and `terminal` come with the kind of principal and only with it. */
export const ROLES = {
  admin: {
    permissions: PERMISSIONS.filter((permission) => !NOT_FOR_ADMINS.includes(permission)),
    zh: '管理员：除卡密与交易本身外的全部操作', en: 'Administrator: everything but secrets and the trade itself',
  },
  operator: {
    permissions: ['catalog:read', 'catalog:write', 'inventory:read', 'inventory:write', 'inventory:recall', 'order:read', 'order:cancel', 'refund:create', 'refund:read',
      'payment:read', 'delivery:read', 'topup:resolve', 'voucher:read', 'voucher:freeze', 'terminal:unlock'],
    zh: '运营：商品、渠道、库存、订单与售后', en: 'Operator: catalogue, channels, stock, orders and after-sales',
  },
  finance: {
    permissions: ['ledger:read', 'ledger:deposit', 'ledger:limit', 'ledger:adjust', 'ledger:close', 'order:read', 'refund:create', 'refund:read', 'payment:read', 'catalog:read', 'approval:decide'],
    zh: '财务：账户、入金、授信、调账与关账', en: 'Finance: accounts, deposits, limits, adjustments and closing',
  },
  risk: {
    permissions: ['risk:read', 'risk:write', 'risk:review', 'order:read', 'payment:read', 'voucher:read', 'voucher:freeze', 'approval:decide'],
    zh: '风控：规则、名单、审核与冻结', en: 'Risk: rules, lists, reviews and freezing',
  },
  support: {
    permissions: ['order:read', 'order:cancel', 'refund:create', 'refund:read', 'payment:read', 'delivery:read', 'voucher:read'],
    zh: '客服：查询、取消与退款', en: 'Support: look up, cancel and refund',
  },
  custodian: {
    permissions: ['secret:export', 'inventory:read', 'catalog:read'],
    zh: '卡密保管：导出铸造的卡密（须双人）', en: 'Custodian: export of minted codes (two persons)',
  },
  approver: { permissions: ['approval:decide'], zh: '复核：批准须双人的操作', en: 'Approver: decides about what needs two persons' },
  auditor: { permissions: [...READING], zh: '审计：只读一切', en: 'Auditor: reads everything, changes nothing' },
  channel: {
    permissions: ['catalog:read', 'order:place', 'order:read', 'order:cancel', 'refund:create', 'refund:read', 'payment:read', 'risk:signal', 'delivery:read', 'secret:disclose',
      'voucher:read', 'voucher:check', 'ledger:read', 'encryption:read', 'encryption:write'],
    zh: '渠道：对自身订单下单、查询、退款、取卡密', en: 'Channel: places, reads and refunds its own orders and fetches their secrets',
  },
  terminal: { permissions: ['voucher:check', 'voucher:redeem', 'voucher:reverse'], zh: '终端：验券、核销、冲正', en: 'Terminal: checks, redeems and reverses' },
} as const satisfies Record<string, RoleTerms>;
export type RoleName = keyof typeof ROLES;

export const isRole = (text: string): text is RoleName => Object.hasOwn(ROLES, text);
/** The role that comes with a kind, where it does. */
export const roleOfKind = (kind: PrincipalKind): RoleName | undefined => (kind === 'channel' || kind === 'terminal' ? kind : undefined);
/** Whether principals of a kind may be given a role: channels and terminals have theirs, nobody else can have those. */
export const mayHold = (kind: PrincipalKind, role: RoleName): boolean => {
  const own = roleOfKind(kind);
  return own ? role === own : role !== 'channel' && role !== 'terminal';
};

/** All that some roles allow together, sorted. */
export const permissionsOf = (roles: readonly RoleName[]): readonly Permission[] => {
  const all = new Set<Permission>(roles.flatMap((role) => ROLES[role].permissions));
  return PERMISSIONS.filter((permission) => all.has(permission));
};
