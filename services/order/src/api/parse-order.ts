import { isCurrency, isId, type Money } from '@vouchsafe/kernel';
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
const NUMBER = /^[A-Za-z0-9._-]{1,64}$/;

/** The request as an order, or all that is wrong with it at once. */
export const parseOrder = (request: PlaceOrderRequest, context: CallContext): ParsedOrder => {
  const problems = [...numberProblems(request), ...linesProblems(request.lines), ...maxAmountProblems(request), ...restProblems(request)];
  if (problems.length > 0) throw new RpcFailure('invalid', 'REQUEST_INVALID', {}, { fields: problems });
  const { number, quoteId, memberTier, challengeProof, includeSecrets, validateOnly } = request;
  return {
    ask: {
      channelId: channelOf(context, request.channelId), number, quoteId, memberTier, challengeProof, whole: request.onFailure === OnFailure.WHOLE,
      lines: request.lines.map(({ productId, quantity, accountFields, allowRepeat }) => ({ productId, quantity, accountFields, allowRepeat })),
      buyer: buyerOf(request),
      ...(request.maxAmount && { maxAmount: moneyOf(request) }),
    },
    answer: { waitMs: request.waitMs ?? WAIT_DEFAULT_MS, includeSecrets, validateOnly },
  };
};

const buyerOf = ({ buyer }: PlaceOrderRequest): BuyerAsk =>
  buyer ? { ref: buyer.ref, ip: buyer.ip, device: buyer.device, email: buyer.email, phone: buyer.phone } : { ref: '', ip: '', device: '', email: '', phone: '' };
const moneyOf = ({ maxAmount }: PlaceOrderRequest): Money => ({ minor: maxAmount!.minor, currency: maxAmount!.currency });
const problem = (pointer: string, code: string, zh: string, en: string): FieldError => ({ pointer, code, zh, en });
const when = (wrong: boolean, found: () => FieldError): FieldError[] => (wrong ? [found()] : []);

const numberProblems = ({ number }: PlaceOrderRequest): FieldError[] =>
  when(!NUMBER.test(number), () => problem('/number', 'NUMBER_MALFORMED', '单号须为 1 至 64 个字母、数字或 . _ -', '1 to 64 letters, digits or . _ -'));

const linesProblems = (lines: readonly OrderLineRequest[]): FieldError[] => {
  if (lines.length === 0 || lines.length > LINES_MAX) return [problem('/lines', 'LINES_OUT_OF_RANGE', `须有 1 至 ${LINES_MAX} 行`, `1 to ${LINES_MAX} lines`)];
  return lines.flatMap(({ productId, quantity, accountFields }, index) => [
    ...when(productId === '', () => problem(`/lines/${index}/productId`, 'FIELD_REQUIRED', '必须指定商品', 'name the product')),
    // What has not the form of an id could be anything, a code or a telephone number too, and would be recorded for ever.
    ...when(productId !== '' && !isId('product', productId), () => problem(`/lines/${index}/productId`, 'FIELD_INVALID', '形如 prd_…', 'must be prd_…')),
    ...when(quantity < 1 || quantity > QUANTITY_MAX, () =>
      problem(`/lines/${index}/quantity`, 'QUANTITY_OUT_OF_RANGE', `数量须为 1 至 ${QUANTITY_MAX}`, `a quantity is 1 to ${QUANTITY_MAX}`)),
    ...when(Object.keys(accountFields).length > FIELDS_MAX || Object.values(accountFields).some(({ length }) => length > VALUE_MAX), () =>
      problem(`/lines/${index}/accountFields`, 'ACCOUNT_FIELDS_TOO_LARGE', `最多 ${FIELDS_MAX} 个字段，每个不超过 ${VALUE_MAX} 个字符`, `at most ${FIELDS_MAX} fields of ${VALUE_MAX} characters`)),
  ]);
};

const maxAmountProblems = ({ maxAmount }: PlaceOrderRequest): FieldError[] => {
  if (!maxAmount) return [];
  return [
    ...when(!isCurrency(maxAmount.currency), () => problem('/maxAmount/currency', 'CURRENCY_UNKNOWN', '币种须为三位大写字母', 'a currency is three capitals')),
    ...when(maxAmount.minor < 0n, () => problem('/maxAmount/minor', 'AMOUNT_NEGATIVE', '金额不能为负', 'an amount is not negative')),
  ];
};

const restProblems = ({ waitMs, buyer, quoteId, memberTier, challengeProof }: PlaceOrderRequest): FieldError[] => {
  const texts = { '/quoteId': quoteId, '/memberTier': memberTier, '/challengeProof': challengeProof, ...buyerTexts(buyer) };
  return [
    ...when(waitMs !== undefined && (waitMs < 0 || waitMs > WAIT_MAX_MS), () =>
      problem('/waitMs', 'WAIT_OUT_OF_RANGE', `等待时间须为 0 至 ${WAIT_MAX_MS} 毫秒`, `0 to ${WAIT_MAX_MS} ms`)),
    ...Object.entries(texts).flatMap(([pointer, value]) =>
      when(value.length > VALUE_MAX * 4, () => problem(pointer, 'TEXT_TOO_LONG', `不超过 ${VALUE_MAX * 4} 个字符`, `at most ${VALUE_MAX * 4} characters`))),
  ];
};
const buyerTexts = (buyer: PlaceOrderRequest['buyer']): Record<string, string> =>
  buyer ? { '/buyer/ref': buyer.ref, '/buyer/ip': buyer.ip, '/buyer/device': buyer.device, '/buyer/email': buyer.email, '/buyer/phone': buyer.phone } : {};
