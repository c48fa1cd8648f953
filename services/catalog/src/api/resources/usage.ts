import { create } from '@bufbuild/protobuf';
import { type Usage, UsageSchema } from '@vouchsafe/proto/catalog/v1/resources';
import type { UsageTerms } from '../../domain/records.js';
import { duration, timeOfDay, timestamp } from '../printing.js';
import type { Reading } from '../reading.js';
import { usageFrom, usageTo } from './enums.js';

const HOUR_MS = 3_600_000;
const REVERSAL_MS = 24 * HOUR_MS;
const REDISCLOSE_MS = 72 * HOUR_MS;
const REDISCLOSE_TIMES = 10;
const TIMES_MAX = 10_000;
const DAYS_MAX = 3_650;

/** How a unit may be used; without a word: once, anywhere, for ever. */
export const usageOf = (given: Usage | undefined, at: string, reading: Reading): UsageTerms => {
  const m = given ?? create(UsageSchema);
  const [from, until] = [reading.time(`${at}/validFrom`, m.validFrom), reading.time(`${at}/validUntil`, m.validUntil)];
  reading.window(`${at}/validUntil`, from, until);
  const usage = usageFrom(m.kind);
  return {
    usage, times: reading.within(`${at}/times`, m.times || 1, 1, usage === 'times' ? TIMES_MAX : 1),
    validFrom: from, validUntil: until, validDays: reading.within(`${at}/validDays`, m.validDays, 0, DAYS_MAX) || undefined,
    zone: reading.zone(`${at}/zone`, m.zone), weekdays: m.weekdays.map((day, i) => reading.within(`${at}/weekdays/${i}`, day, 1, 7)),
    fromMinute: reading.minute(`${at}/fromTime`, m.fromTime), toMinute: reading.minute(`${at}/toTime`, m.toTime), storeIds: m.storeIds, scenes: m.scenes,
    reversalWindowMs: reading.duration(`${at}/reversalWindow`, m.reversalWindow, REVERSAL_MS),
    rediscloseForMs: reading.duration(`${at}/rediscloseFor`, m.rediscloseFor, REDISCLOSE_MS),
    rediscloseTimes: reading.within(`${at}/rediscloseTimes`, m.rediscloseTimes || REDISCLOSE_TIMES, 1, 1_000),
    prepaidUntaxed: m.prepaidUntaxed,
  };
};

export const usageMessage = (terms: UsageTerms) => ({
  kind: usageTo(terms.usage), times: terms.times, validFrom: timestamp(terms.validFrom), validUntil: timestamp(terms.validUntil), validDays: terms.validDays ?? 0,
  zone: terms.zone, weekdays: [...terms.weekdays], fromTime: timeOfDay(terms.fromMinute), toTime: timeOfDay(terms.toMinute), storeIds: [...terms.storeIds],
  scenes: [...terms.scenes], reversalWindow: duration(terms.reversalWindowMs), rediscloseFor: duration(terms.rediscloseForMs),
  rediscloseTimes: terms.rediscloseTimes, prepaidUntaxed: terms.prepaidUntaxed,
});
