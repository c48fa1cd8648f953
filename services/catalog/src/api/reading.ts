import type { FieldError } from '@vouchsafe/rpc';
import { isCurrency, isId, type IdKind, type Instant, instant, type Micros, parseMicros } from '@vouchsafe/kernel';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import type { Text as TextMessage } from '@vouchsafe/proto/common/v1/types';
import type { Text } from '../domain/records.js';

/** Where a request's fields are turned into domain values; what is wrong is collected, each with its JSON pointer. */
export class Reading {
  readonly problems: FieldError[] = [];

  fail(pointer: string, code: string, zh: string, en: string): void {
    this.problems.push({ pointer, code, zh, en });
  }
  /** A name: one language at least; a missing one is taken from the other. */
  words(pointer: string, text: TextMessage | undefined): Text {
    const [zh, en] = [text?.zh.trim() ?? '', text?.en.trim() ?? ''];
    if (!zh && !en) this.fail(pointer, 'FIELD_REQUIRED', '请填写中文或英文名称', 'give it in Chinese or English');
    this.short(`${pointer}/zh`, zh, WORDS_MAX);
    this.short(`${pointer}/en`, en, WORDS_MAX);
    return { zh: zh || en, en: en || zh };
  }
  optionalWords(pointer: string, text: TextMessage | undefined): Text | undefined {
    return text && (text.zh || text.en) ? this.words(pointer, text) : undefined;
  }
  required(pointer: string, value: string): string {
    if (!value.trim()) this.fail(pointer, 'FIELD_REQUIRED', '必填', 'is required');
    return this.short(pointer, value.trim(), NAME_MAX) ?? '';
  }
  /** The text, if it is no longer than `max` characters. */
  short(pointer: string, text: string, max: number): string | undefined {
    if (text.length <= max) return text;
    this.fail(pointer, 'TEXT_TOO_LONG', `不超过 ${max} 个字符`, `at most ${max} characters`);
    return undefined;
  }
  /** A decimal of the major unit, not negative; undefined where it is empty. */
  decimal(pointer: string, value: string): Micros | undefined {
    if (value === '') return undefined;
    const micros = parseMicros(value);
    if (micros === undefined || micros < 0n) {
      this.fail(pointer, 'DECIMAL_INVALID', '应为非负小数，最多六位，例如 9.90', 'a decimal of at most six digits behind the point, not negative, e.g. 9.90');
      return undefined;
    }
    return micros;
  }
  price(pointer: string, value: string): Micros {
    if (value === '') this.fail(pointer, 'FIELD_REQUIRED', '请填写价格', 'a price is required');
    return this.decimal(pointer, value) ?? 0n;
  }
  /** A whole number within bounds, both included. */
  within(pointer: string, value: number, min: number, max: number): number {
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      this.fail(pointer, 'OUT_OF_RANGE', `应在 ${min} 到 ${max} 之间`, `must lie between ${min} and ${max}`);
    }
    return value;
  }
  bp(pointer: string, value: number): number {
    return this.within(pointer, value, 0, 10_000);
  }
  currency(pointer: string, value: string): string {
    if (!isCurrency(value) || !KNOWN_CURRENCIES.has(value)) {
      this.fail(pointer, 'CURRENCY_UNKNOWN', '应为 ISO 4217 货币代码，例如 CNY', 'must be an ISO 4217 code such as CNY');
    }
    return value;
  }
  /** undefined where it is empty; the form of our ids of that kind else. */
  ref(pointer: string, kind: IdKind | 'book', value: string): string | undefined {
    if (value === '') return undefined;
    const fits = kind === 'book' ? BOOK_ID.test(value) : isId(kind, value);
    if (!fits) this.fail(pointer, 'ID_INVALID', '编号格式不正确', 'is no id of that kind: prefix, underscore, then letters, digits, dots or dashes');
    return value;
  }
  zone(pointer: string, value: string): string {
    const zone = value || DEFAULT_ZONE;
    if (!isZone(zone)) this.fail(pointer, 'ZONE_UNKNOWN', '应为 IANA 时区，例如 Asia/Shanghai', 'must be an IANA time zone such as Asia/Shanghai');
    return zone;
  }
  time(pointer: string, value: Timestamp | undefined): Instant | undefined {
    if (!value) return undefined;
    const ms = Number(value.seconds) * 1000 + Math.trunc(value.nanos / 1e6);
    if (ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999) return instant(ms);
    this.fail(pointer, 'OUT_OF_RANGE', '时间超出范围', 'is outside the years 1 to 9999');
    return undefined;
  }
  /** Milliseconds of a duration, 0 to ten years; `otherwise` where it is not set. */
  duration(pointer: string, value: Duration | undefined, otherwise: number): number;
  duration(pointer: string, value: Duration | undefined, otherwise: undefined): number | undefined;
  duration(pointer: string, value: Duration | undefined, otherwise: number | undefined): number | undefined {
    if (!value) return otherwise;
    return this.within(pointer, Number(value.seconds) * 1000 + Math.trunc(value.nanos / 1e6), 0, TEN_YEARS_MS);
  }
  /** `09:00` as minutes of the day; `24:00` is its end. */
  minute(pointer: string, value: string): number | undefined {
    if (value === '') return undefined;
    const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(value);
    const minutes = match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN;
    if (minutes <= 1440) return minutes;
    this.fail(pointer, 'TIME_OF_DAY_INVALID', '应为 00:00 到 24:00', 'must be a time of day such as 09:00');
    return undefined;
  }
  window(pointer: string, from: Instant | undefined, until: Instant | undefined): void {
    if (from !== undefined && until !== undefined && from >= until) {
      this.fail(pointer, 'WINDOW_INVALID', '结束时间应晚于开始时间', 'ends before it begins');
    }
  }
}

export const DEFAULT_ZONE = 'Asia/Shanghai';
/** Instructions to a buyer are the longest of texts. */
const WORDS_MAX = 4_000;
const NAME_MAX = 256;
const TEN_YEARS_MS = 3653 * 86_400_000;
const BOOK_ID = /^bok_[A-Za-z0-9.~-]{1,96}$/;
const KNOWN_CURRENCIES = new Set(Intl.supportedValuesOf('currency'));
const isZone = (zone: string): boolean => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
};
