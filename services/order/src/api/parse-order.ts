import { isCurrency, isId } from '@vouchsafe/kernel';
import { OnFailure, type OrderLineRequest, type PlaceOrderRequest } from '@vouchsafe/proto/order/v1/order';
import { type CallContext, type FieldError, RpcFailure } from '@vouchsafe/rpc';
import type { BuyerAsk, OrderAsk } from '../application/order-ask.js';
import { channelOf } from './callers.js';

/** How a call wants its answer; no part of the order. */
export type AskedAnswer = { readonly waitMs: number; readonly includeSecrets: boolean; readonly validateOnly: boolean };
export type ParsedOrder = { readonly ask: OrderAsk; readonly answer: AskedAnswer };

const LINES_MAX = 100;
const QUANTITY_MAX = 10_000;
const WAIT_MAX_MS = 30_000;
const WAIT_DEFAULT_MS = 2000;
const FIELDS_MAX = 8;
const VALUE_MAX = 256;
const TEXT_MAX = VALUE_MAX * 4;
const NUMBER = /^[A-Za-z0-9._-]{1,64}$/;

/** The request as an order, or all that is wrong with it at once. */
export const parseOrder = (request: PlaceOrderRequest, context: CallContext): ParsedOrder => {
  const problems: FieldError[] = [];
  if (!NUMBER.test(request.number)) problems.push(problem('/number', 'NUMBER_MALFORMED', '单号须为 1 至 64 个字母、数字或 . _ -', '1 to 64 letters, digits or . _ -'));
  checkLines(problems, request.lines);
  checkMaxAmount(problems, request);
  checkRest(problems, request);
  if (problems.length > 0) throw new RpcFailure('invalid', 'REQUEST_INVALID', {}, { fields: problems });
  const { number, quoteId, memberTier, challengeProof, includeSecrets, validateOnly, maxAmount } = request;
  return {
    ask: {
      channelId: channelOf(context, request.channelId), number, quoteId, memberTier, challengeProof, whole: request.onFailure === OnFailure.WHOLE,
      lines: request.lines.map(({ productId, quantity, accountFields, allowRepeat }) => ({ productId, quantity, accountFields, allowRepeat })),
      buyer: buyerOf(request),
      ...(maxAmount && { maxAmount: { minor: maxAmount.minor, currency: maxAmount.currency } }),
    },
    answer: { waitMs: request.waitMs ?? WAIT_DEFAULT_MS, includeSecrets, validateOnly },
  };
};

const NOBODY: BuyerAsk = { ref: '', ip: '', device: '', email: '', phone: '' };
const buyerOf = ({ buyer }: PlaceOrderRequest): BuyerAsk =>
  buyer ? { ref: buyer.ref, ip: buyer.ip, device: buyer.device, email: buyer.email, phone: buyer.phone } : NOBODY;
const problem = (pointer: string, code: string, zh: string, en: string): FieldError => ({ pointer, code, zh, en });

const checkLines = (problems: FieldError[], lines: readonly OrderLineRequest[]): void => {
  if (lines.length === 0 || lines.length > LINES_MAX) problems.push(problem('/lines', 'LINES_OUT_OF_RANGE', `须有 1 至 ${LINES_MAX} 行`, `1 to ${LINES_MAX} lines`));
  else for (let index = 0; index < lines.length; index++) checkLine(problems, lines[index]!, index);
};
const checkLine = (problems: FieldError[], { productId, quantity, accountFields }: OrderLineRequest, index: number): void => {
  if (productId === '') problems.push(problem(`/lines/${index}/productId`, 'FIELD_REQUIRED', '必须指定商品', 'name the product'));
  // What has not the form of an id could be anything, a code or a telephone number too, and would be recorded for ever.
  else if (!isId('product', productId)) problems.push(problem(`/lines/${index}/productId`, 'FIELD_INVALID', '形如 prd_…', 'must be prd_…'));
  if (quantity < 1 || quantity > QUANTITY_MAX) {
    problems.push(problem(`/lines/${index}/quantity`, 'QUANTITY_OUT_OF_RANGE', `数量须为 1 至 ${QUANTITY_MAX}`, `a quantity is 1 to ${QUANTITY_MAX}`));
  }
  if (areTooLarge(accountFields)) {
    problems.push(problem(`/lines/${index}/accountFields`, 'ACCOUNT_FIELDS_TOO_LARGE', `最多 ${FIELDS_MAX} 个字段，每个不超过 ${VALUE_MAX} 个字符`, `at most ${FIELDS_MAX} fields of ${VALUE_MAX} characters`));
  }
};
const areTooLarge = (fields: Readonly<Record<string, string>>): boolean => {
  let count = 0;
  for (const name in fields) if (++count > FIELDS_MAX || fields[name]!.length > VALUE_MAX) return true;
  return false;
};

const checkMaxAmount = (problems: FieldError[], { maxAmount }: PlaceOrderRequest): void => {
  if (!maxAmount) return;
  if (!isCurrency(maxAmount.currency)) problems.push(problem('/maxAmount/currency', 'CURRENCY_UNKNOWN', '币种须为三位大写字母', 'a currency is three capitals'));
  if (maxAmount.minor < 0n) problems.push(problem('/maxAmount/minor', 'AMOUNT_NEGATIVE', '金额不能为负', 'an amount is not negative'));
};

const checkRest = (problems: FieldError[], { waitMs, buyer, quoteId, memberTier, challengeProof }: PlaceOrderRequest): void => {
  if (waitMs !== undefined && (waitMs < 0 || waitMs > WAIT_MAX_MS)) {
    problems.push(problem('/waitMs', 'WAIT_OUT_OF_RANGE', `等待时间须为 0 至 ${WAIT_MAX_MS} 毫秒`, `0 to ${WAIT_MAX_MS} ms`));
  }
  checkText(problems, '/quoteId', quoteId);
  checkText(problems, '/memberTier', memberTier);
  checkText(problems, '/challengeProof', challengeProof);
  if (!buyer) return;
  checkText(problems, '/buyer/ref', buyer.ref);
  checkText(problems, '/buyer/ip', buyer.ip);
  checkText(problems, '/buyer/device', buyer.device);
  checkText(problems, '/buyer/email', buyer.email);
  checkText(problems, '/buyer/phone', buyer.phone);
};
const checkText = (problems: FieldError[], pointer: string, value: string): void => {
  if (value.length > TEXT_MAX) problems.push(problem(pointer, 'TEXT_TOO_LONG', `不超过 ${TEXT_MAX} 个字符`, `at most ${TEXT_MAX} characters`));
};
