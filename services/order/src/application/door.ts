import { RE2JS } from '@bufbuild/re2';
import { type AccountField, type PricedLine, type PriceOrderResponse } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { type FieldError, RpcFailure } from '@vouchsafe/rpc';
import type { AskedLine, OrderAsk } from './order-ask.js';

/** What only the product's terms can tell about a request: wrong fields are named all at once, and the number stays free. */
export const checkAtDoor = (ask: OrderAsk, { lines }: PriceOrderResponse): void => {
  const fields: FieldError[] = [];
  let [topUps, limited] = [0, false];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    checkAccount(fields, line, ask.lines[index]!, `/lines/${index}/accountFields`);
    if (line.buyerLimit > 0) limited = true;
    if (line.kind === ProductKind.TOP_UP) topUps++;
  }
  if (limited && ask.buyer.ref === '') {
    fields.push(problem('/buyer/ref', 'BUYER_REF_REQUIRED', '该商品限制每位买家的购买数量，必须提供买家标识', 'this listing limits units per buyer; name the buyer'));
  }
  if (ask.whole && topUps > 1) {
    fields.push(problem('/onFailure', 'TWO_TOP_UPS_IN_WHOLE', '整单成交的订单最多包含一个直充行', 'an all-or-nothing order has at most one top-up'));
  }
  if (fields.length > 0) throw new RpcFailure('invalid', 'REQUEST_INVALID', {}, { fields });
};

const NO_FIELDS: readonly AccountField[] = [];
const checkAccount = (fields: FieldError[], line: PricedLine, { accountFields }: AskedLine, pointer: string): void => {
  const known = line.topUp?.accountFields ?? NO_FIELDS;
  let given = 0;
  for (const name in accountFields) {
    given++;
    if (!known.some((declared) => declared.name === name)) fields.push(problem(`${pointer}/${escaped(name)}`, 'ACCOUNT_FIELD_UNKNOWN', '该商品没有此账号字段', 'the product has no such account field'));
  }
  const before = fields.length;
  for (const declared of known) fields.push(...fieldProblems(declared, accountFields[declared.name] ?? '', `${pointer}/${escaped(declared.name)}`));
  if (line.kind === ProductKind.TOP_UP && fields.length === before && given === 0) fields.push(problem(pointer, 'ACCOUNT_REQUIRED', '直充商品必须提供账号', 'a top-up needs an account'));
};

const fieldProblems = ({ pattern, required }: AccountField, value: string, pointer: string): FieldError[] => {
  if (value === '') return required ? [problem(pointer, 'ACCOUNT_FIELD_REQUIRED', '缺少必填的账号字段', 'this account field is required')] : [];
  if (pattern === '' || RE2JS.matches(pattern, value)) return [];
  return [problem(pointer, 'ACCOUNT_FIELD_MALFORMED', '账号格式不正确', 'the account does not have the form the product asks for')];
};

const problem = (pointer: string, code: string, zh: string, en: string): FieldError => ({ pointer, code, zh, en });
/** RFC 6901. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
