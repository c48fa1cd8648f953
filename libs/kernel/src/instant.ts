import type { Brand } from './brand.js';
import { invariant } from './invariant.js';

/** Milliseconds since 1970-01-01T00:00:00Z, a safe integer. Never read from a clock in `domain/`. */
export type Instant = Brand<number, 'Instant'>;

/** Largest and smallest instant that RFC 3339 can print with a four-digit year. */
const MIN_MS = -62_135_596_800_000;
const MAX_MS = 253_402_300_799_999;

/** An instant from epoch milliseconds. Throws a Bug outside the years 1 to 9999. */
export const instant = (ms: number): Instant => {
  invariant(Number.isSafeInteger(ms) && ms >= MIN_MS && ms <= MAX_MS, 'an instant is whole milliseconds in years 1 to 9999');
  return ms as Instant;
};

/** `at` moved by `ms` milliseconds (may be negative). */
export const plusMs = (at: Instant, ms: number): Instant => instant(at + ms);

/** RFC 3339 in UTC with milliseconds, e.g. `2026-11-24T05:58:50.000Z`. */
export const toRfc3339 = (at: Instant): string => new Date(at).toISOString();

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Parses RFC 3339; undefined where the text is none. Digits beyond milliseconds are dropped. */
export const parseRfc3339 = (text: string): Instant | undefined => {
  if (!RFC3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : instant(ms);
};
