import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type IdKind, type Instant, instant, isId, parseMicros } from '@vouchsafe/kernel';
import type { Condition } from '@vouchsafe/read-store';
import { invalidField } from '@vouchsafe/rpc';
import { failureOf } from './errors.js';

const TEXT_MAX = 1_000;
/** A code's cost at most, in micros: a thousand million of the major unit. What a batch of them costs still fits 64 bits. */
const COST_MAX = 1_000_000_000_000_000n;
export const required = (pointer: string, value: string): string => {
  if (value.trim() === '') throw invalidField(pointer, 'FIELD_REQUIRED', '必填', 'is required');
  if (value.length > TEXT_MAX) throw invalidField(pointer, 'TEXT_TOO_LONG', `不超过 ${TEXT_MAX} 个字符`, `at most ${TEXT_MAX} characters`);
  return value.trim();
};
/** An id of a kind; anything else is answered like an absent one where `missing` says so. */
export const idOf = (pointer: string, kind: IdKind, value: string): string => {
  if (!isId(kind, required(pointer, value))) throw invalidField(pointer, 'ID_INVALID', '编号格式不正确', 'is no id of that kind');
  return value;
};
export const within = (pointer: string, value: number, { min, max }: { min: number; max: number }): number => {
  if (!Number.isSafeInteger(value) || value < min || value > max) throw invalidField(pointer, 'OUT_OF_RANGE', `应在 ${min} 到 ${max} 之间`, `must lie between ${min} and ${max}`);
  return value;
};
export const count = (pointer: string, value: bigint | undefined): number | undefined =>
  value === undefined ? undefined : within(pointer, Number(value), { min: 0, max: Number.MAX_SAFE_INTEGER });
/** A decimal amount of the major unit in micros, not negative; 0 where it is empty. */
export const decimal = (pointer: string, value: string): bigint => {
  const micros = value === '' ? 0n : parseMicros(value);
  if (micros === undefined || micros < 0n || micros > COST_MAX) throw invalidField(pointer, 'DECIMAL_INVALID', '应为非负小数，最多六位，且不超过十亿', 'must be a decimal of at most six digits behind the point, not negative, at most a thousand million');
  return micros;
};
export const timeOf = (pointer: string, value: Timestamp | undefined): Instant | undefined => {
  if (!value) return undefined;
  const ms = Number(value.seconds) * 1000 + Math.trunc(value.nanos / 1e6);
  if (ms < 0 || ms > 253_402_300_799_999) throw invalidField(pointer, 'OUT_OF_RANGE', '时间超出范围', 'is outside the years 1970 to 9999');
  return instant(ms);
};
export const timestamp = (ms: number): { seconds: bigint; nanos: number } | undefined =>
  ms === 0 ? undefined : { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
export const pageSizeOf = (asked: number): number => Math.min(asked > 0 ? asked : PAGE_DEFAULT, PAGE_MAX);
const CONDITION = /^\s*([a-z_]{1,40})\s*=\s*(?:"([^"]{0,200})"|([A-Za-z0-9_.~-]{1,200}))\s*$/;
/** `field=value` joined by AND; `fields` says which there are and what each becomes. */
export const readFilter = (text: string, fields: Readonly<Record<string, (value: string) => readonly [string, Condition] | undefined>>): Readonly<Record<string, Condition>> => {
  if (text.trim() === '') return {};
  const conditions = text.split(/\s+AND\s+/).map((part) => {
    const match = CONDITION.exec(part);
    const condition = match && Object.hasOwn(fields, match[1]!) ? fields[match[1]!]!(match[2] ?? match[3]!) : undefined;
    if (!condition) throw failureOf('FILTER_INVALID', { fields: Object.keys(fields).join(', ') }, '/filter');
    return condition;
  });
  return Object.fromEntries(conditions);
};
/** Direction of the one field a list is ordered by. */
export const readOrder = (text: string, field: string, usual: 'asc' | 'desc'): 'asc' | 'desc' => {
  const match = /^\s*([a-z_]+)(?:\s+(asc|desc))?\s*$/.exec(text);
  if (text.trim() === '') return usual;
  if (match?.[1] !== field) throw failureOf('FILTER_INVALID', { fields: field }, '/orderBy');
  return match[2] === 'desc' ? 'desc' : 'asc';
};
