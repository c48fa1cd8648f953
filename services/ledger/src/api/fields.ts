import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Details, type Instant, instant, isCurrency, isId, type Money, money } from '@vouchsafe/kernel';
import type { Money as ProtoMoney } from '@vouchsafe/proto/common/v1/types';
import { failureOf, invalidField, RpcFailure } from '@vouchsafe/rpc';
import { isPathPart } from '../domain/chart.js';
import { type BusinessDate, isBusinessDate, isPeriod, type Period } from '../domain/period.js';
import { type LedgerCode, ledgerErrors } from './errors.js';

const TEXT_MAX = 200;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const BANK = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The failure of a code; codes from deciders come as plain text and are all in the catalogue. */
export const failure = (code: string, details: Details = {}, pointer?: string): RpcFailure =>
  Object.hasOwn(ledgerErrors, code) ? failureOf(ledgerErrors, code as LedgerCode, details, pointer) : new RpcFailure('unavailable', code, details);
export const invalid = (pointer: string, zh: string, en: string): RpcFailure => invalidField(pointer, 'FIELD_INVALID', zh, en);

/** The largest single amount, in minor units: thousands of them still add up within 64 bits, as money travels. */
const AMOUNT_MAX = 1_000_000_000_000_000n;

/** An amount above zero. */
export const amountField = (pointer: string, amount: ProtoMoney | undefined): Money => {
  if (!amount || amount.minor <= 0n) throw invalid(pointer, '须填写大于零的金额', 'an amount above zero is needed');
  return currencyOf(pointer, amount);
};
/** An amount of zero or more; undefined where there is none. */
export const maybeAmount = (pointer: string, amount: ProtoMoney | undefined): Money | undefined => {
  if (!amount) return undefined;
  if (amount.minor < 0n) throw invalid(pointer, '金额不可小于零', 'an amount is not below zero');
  return currencyOf(pointer, amount);
};
const currencyOf = (pointer: string, { currency, minor }: ProtoMoney): Money => {
  if (minor > AMOUNT_MAX) throw invalid(`${pointer}/minor`, '金额过大', 'the amount is too large');
  if (!isCurrency(currency)) throw invalid(`${pointer}/currency`, '币种为 ISO 4217 三位字母', 'a currency is three capitals of ISO 4217');
  return money(minor, currency);
};

export const bankField = (bank: string): string => {
  if (!BANK.test(bank)) throw invalid('/bank', '银行账户简称为字母、数字、点、横线', 'a bank account has a short name of letters, digits, dots and dashes');
  return bank;
};
export const providerField = (pointer: string, provider: string): string => {
  if (!isPathPart(provider)) throw invalid(pointer, '须填写支付渠道', 'a provider is needed');
  return provider;
};
/** The bank's reference as it stands on the statement: any text of one line. */
export const referenceField = (reference: string): string => {
  if (!isLine(reference)) throw invalid('/bankReference', `须填写银行流水号，至多 ${TEXT_MAX} 字`, `the bank's reference is needed, at most ${TEXT_MAX} characters`);
  return reference.trim();
};
export const reasonField = (reason: string): string => {
  if (!isLine(reason)) throw invalid('/reason', `须填写原因，至多 ${TEXT_MAX} 字`, `a reason of at most ${TEXT_MAX} characters is needed`);
  return reason.trim();
};
const isLine = (text: string): boolean => text.trim().length > 0 && text.length <= TEXT_MAX && !/\p{Cc}/u.test(text);

export const requestIdField = (requestId: string): string => {
  if (!REQUEST_ID.test(requestId)) throw invalid('/requestId', '须填写 request_id，至多 64 个字符 [A-Za-z0-9._-]', 'a request id of at most 64 of [A-Za-z0-9._-] is needed');
  return requestId;
};
export const channelField = (channelId: string): string => {
  if (!isId('channel', channelId)) throw invalid('/channelId', '渠道 ID 形如 chn_…', 'a channel id looks like chn_…');
  return channelId;
};
export const bookField = (pointer: string, bookId: string): string => {
  if (!isPathPart(bookId)) throw invalid(pointer, '账套 ID 形如 bok_…', 'a book id looks like bok_…');
  return bookId;
};
export const periodField = (text: string): Period => {
  if (!isPeriod(text)) throw invalid('/period', '期间形如 2026-11', 'a period looks like 2026-11');
  return text;
};
export const dateField = (pointer: string, text: string): BusinessDate | undefined => {
  if (text === '') return undefined;
  if (!isBusinessDate(text)) throw invalid(pointer, '日期形如 2026-11-30', 'a date looks like 2026-11-30');
  return text;
};
/** When something occurred; not in the future. Undefined where the caller does not say. */
export const occurredField = (at: Timestamp | undefined, now: Instant): { readonly occurredAt?: Instant } => {
  if (!at) return {};
  const ms = Math.floor(timestampMs(at));
  if (ms > now || ms < 0) throw invalid('/occurredAt', '发生时间不可晚于现在', 'it cannot have occurred later than now');
  return { occurredAt: instant(ms) };
};
