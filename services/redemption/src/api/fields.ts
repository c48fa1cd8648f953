import type { Money as ProtoMoney } from '@vouchsafe/proto/common/v1/types';
import { isCurrency, type Money, money } from '@vouchsafe/kernel';
import { failureOf, invalidField, RpcFailure } from '@vouchsafe/rpc';
import type { Details } from '@vouchsafe/kernel';
import { type RedemptionCode, redemptionErrors } from './errors.js';

const CODE_MAX = 128;
const REASON_MAX = 200;
const SCENE = /^[A-Za-z0-9._-]{1,64}$/;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const DAY = /^\d{8}$/;

/** The failure of a code of ours; codes from deciders come as plain text and are all in the catalogue. */
export const failure = (code: string, details: Details = {}, retryAfterMs?: number): RpcFailure => {
  if (!Object.hasOwn(redemptionErrors, code)) return new RpcFailure('unavailable', code, details);
  const known = failureOf(redemptionErrors, code as RedemptionCode, details);
  return retryAfterMs === undefined ? known : new RpcFailure(known.kind, known.code, details, { retryAfterMs });
};
/** A failure of ours about one field. */
export const failureAt = (pointer: string, code: RedemptionCode): RpcFailure => failureOf(redemptionErrors, code, {}, pointer);
const invalid = (pointer: string, zh: string, en: string): RpcFailure => invalidField(pointer, 'FIELD_INVALID', zh, en);

export const codeField = (code: string): string => {
  if (code.length === 0 || code.length > CODE_MAX) throw invalid('/code', `券码为 1 至 ${CODE_MAX} 个字符`, `a code has 1 to ${CODE_MAX} characters`);
  return code;
};
export const reasonField = (reason: string): string => {
  if (reason.trim().length === 0 || reason.length > REASON_MAX) throw invalid('/reason', `须填写原因，至多 ${REASON_MAX} 字`, `a reason of at most ${REASON_MAX} characters is needed`);
  return reason;
};
export const sceneField = (scene: string): string | undefined => {
  if (scene === '') return undefined;
  if (!SCENE.test(scene)) throw invalid('/scene', '场景名为字母、数字、点、横线', 'a scene is letters, digits, dots and dashes');
  return scene;
};
export const amountField = (amount: ProtoMoney | undefined): Money | undefined => {
  if (!amount) return undefined;
  if (!isCurrency(amount.currency)) throw invalid('/amount/currency', '币种为 ISO 4217 三位字母', 'a currency is three capitals of ISO 4217');
  return money(amount.minor, amount.currency);
};
/** The till's own number for the request. */
export const keyField = (sequence: bigint, requestId: string, isTerminal: boolean): string => {
  if (sequence < 0n || sequence > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('/sequence', '流水号须大于 0', 'a sequence is above 0');
  if (sequence > 0n) return String(sequence);
  if (isTerminal || requestId === '') throw failureAt('/sequence', 'SEQUENCE_REQUIRED');
  if (!REQUEST_ID.test(requestId)) throw invalid('/requestId', '至多 64 个字符 [A-Za-z0-9._-]', 'at most 64 of [A-Za-z0-9._-]');
  return `r.${requestId}`;
};
export const dayField = (day: string): string | undefined => {
  if (day === '') return undefined;
  if (!DAY.test(day)) throw invalid('/businessDay', '营业日形如 20261231', 'a business day looks like 20261231');
  return day;
};
