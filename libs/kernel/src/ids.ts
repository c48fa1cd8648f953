import type { Brand } from './brand.js';

export type OrderId = Brand<string, 'OrderId'>;
export type LineId = Brand<string, 'LineId'>;
export type ProductId = Brand<string, 'ProductId'>;
export type ChannelId = Brand<string, 'ChannelId'>;
export type BatchId = Brand<string, 'BatchId'>;
export type AccountId = Brand<string, 'AccountId'>;
export type PrincipalId = Brand<string, 'PrincipalId'>;

/** Ids are `<prefix>_<base32 or uuid>`; the prefix tells the kind to people and to logs. */
export const ID_PREFIXES = {
  product: 'prd', productGroup: 'pgr', supplier: 'sup', channel: 'chn', store: 'sto', terminal: 'trm', listing: 'lst',
  priceList: 'plt', batch: 'bat', voucher: 'vch', reservation: 'rsv', order: 'ord', refund: 'rfd', payment: 'pay',
  chargeback: 'cbk', verdict: 'vdt', delivery: 'dlv', grant: 'grt', redemption: 'rdm', account: 'acc', entry: 'ent',
  principal: 'pri', credential: 'crd', approval: 'apr', subject: 'sub', token: 'tok', quote: 'quo', import: 'imp',
  ruleset: 'rls', list: 'lis', case: 'cas', job: 'job', escalation: 'esc', disclosure: 'dsc', deposit: 'dep', request: 'req',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

const ID = /^[a-z]{3}_[A-Za-z0-9.~-]{1,96}$/;
/** Whether `text` has the form of one of our ids of `kind`. Says nothing about whether it exists. */
export const isId = (kind: IdKind, text: string): boolean => ID.test(text) && text.startsWith(`${ID_PREFIXES[kind]}_`);
