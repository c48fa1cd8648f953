import { big, int, list, millis, oneOf, optional, record, type Shape, text, type TypeOf, unitRow } from '@vouchsafe/codec';
import { productKind } from '@vouchsafe/contracts';
import { money, totalSize } from '@vouchsafe/kernel';
import type { Activation, Dims, UsageTerms } from '../domain/grant-messages.js';

/** Terms without what is usual; the usual values of a stored version are frozen like the version. */
const terms = record({
  usage: optional(oneOf('times', 'balance')), times: optional(int), faceMinor: big, currency: optional(text()),
  validFrom: optional(millis), validUntil: optional(millis), validDays: optional(int), zone: optional(text()),
  weekdays: optional(list(int)), fromMinute: optional(int), toMinute: optional(int), storeIds: optional(list(text())), scenes: optional(list(text())),
  reversalWindowMs: optional(int), redisclose: optional(list(int)), untaxed: optional(oneOf('prepaid_untaxed')),
});
/** What the dimensions say that the grant itself does not. */
const extra = record({
  bookId: text(), channelId: optional(text()), businessLine: optional(text()), productId: optional(text()), supplierId: optional(text()), batchId: optional(text()),
  orderId: optional(text()), lineId: optional(text()),
});
/** Stored short: every delivered line has one, and chunk 0 of a one-unit order is the usual case. */
const stored = record({
  orderId: text(), lineId: text(), chunk: optional(int), first: optional(int), units: optional(int), reservationId: optional(text()), channelId: text(), owner: text(),
  productId: text(), kind: optional(productKind), ranges: list(unitRow()), terms, endsAt: optional(millis), gross: big, currency: optional(text()), taxRateBp: optional(int),
  dims: extra, at: millis,
});
const USUAL = { kind: 'code', currency: 'CNY', zone: 'Asia/Shanghai', reversalWindowMs: 0, redisclose: [259_200_000, 10] } as const;

/** A reservation is named after its order's line. */
const usualReservation = (orderId: string, lineId: string): string => `rsv_${orderId.slice(orderId.indexOf('_') + 1)}.${lineId}`;

export const activationShape: Shape<Activation> = {
  write: (activation) => stored.write(shortOf(activation)),
  read: (json, path) => wholeOf(stored.read(json, path)),
};

const shortOf = (activation: Activation): TypeOf<typeof stored> => {
  const { orderId, lineId, chunk, first, unitsInLine, reservationId, channelId, ownerPrincipal, productId, kind, ranges, endsAt, lineGross, taxRateBp, at } = activation;
  const { minor, currency } = lineGross;
  return {
    orderId, lineId, chunk: unless(chunk, 0), first: unless(first, 0), units: unless(unitsInLine, totalSize(ranges)),
    reservationId: unless(reservationId, usualReservation(orderId, lineId)), channelId, owner: ownerPrincipal, productId, kind: unless(kind, USUAL.kind), ranges,
    terms: shortTerms(activation.terms, currency), endsAt, gross: minor, currency: unless(currency, USUAL.currency), taxRateBp: unless(taxRateBp, 0),
    dims: shortDims(activation), at,
  };
};
/** Nothing where it is the usual. */
const unless = <T>(value: T, usual: T): T | undefined => (value === usual ? undefined : value);
const shortTerms = (full: UsageTerms, lineCurrency: string): TypeOf<typeof terms> => {
  const { usage, times, currency, zone, reversalWindowMs, rediscloseForMs, rediscloseTimes, ownClass } = full;
  const { faceMinor, validFrom, validUntil, validDays, weekdays, fromMinute, toMinute, storeIds, scenes } = full;
  const [usualFor, usualTimes] = USUAL.redisclose;
  return {
    usage: usage === 'single' ? undefined : usage, times: unless(times, 1), faceMinor, currency: unless(currency, lineCurrency), validFrom, validUntil, validDays,
    zone: unless(zone, USUAL.zone), weekdays, fromMinute, toMinute, storeIds, scenes, reversalWindowMs: unless(reversalWindowMs, USUAL.reversalWindowMs),
    redisclose: rediscloseForMs === usualFor && rediscloseTimes === usualTimes ? undefined : [rediscloseForMs, rediscloseTimes],
    untaxed: ownClass === 'prepaid_untaxed' ? ownClass : undefined,
  };
};
/** A dimension equal to the grant's own field is left out; one that is absent is written as empty text, so that absence is not lost. */
const OWN = ['orderId', 'lineId', 'channelId', 'productId'] as const;
const shortDims = ({ dims, orderId, lineId, channelId, productId }: Activation): TypeOf<typeof extra> => ({
  bookId: dims.bookId, channelId: notOwn(dims.channelId, channelId), businessLine: dims.businessLine, productId: notOwn(dims.productId, productId),
  supplierId: dims.supplierId, batchId: dims.batchId, orderId: notOwn(dims.orderId, orderId), lineId: notOwn(dims.lineId, lineId),
});
const notOwn = (dimension: string | undefined, own: string): string | undefined => (dimension === own ? undefined : (dimension ?? ''));
const wholeDims = ({ dims, ...own }: TypeOf<typeof stored>): Dims => {
  const whole: Record<string, string> = { ...dims };
  for (const key of OWN) {
    if (whole[key] === undefined) whole[key] = own[key];
    else if (whole[key] === '') delete whole[key];
  }
  return whole as Dims;
};
const wholeTerms = ({ terms: short, currency = USUAL.currency }: TypeOf<typeof stored>): UsageTerms => {
  const { redisclose = USUAL.redisclose, untaxed, ...same } = short;
  const [rediscloseForMs = 0, rediscloseTimes = 0] = redisclose;
  return {
    usage: 'single', times: 1, currency, zone: USUAL.zone, reversalWindowMs: USUAL.reversalWindowMs, ...same, rediscloseForMs, rediscloseTimes, ownClass: untaxed ?? 'taxed',
  };
};
const wholeOf = (short: TypeOf<typeof stored>): Activation => {
  const { orderId, lineId, chunk = 0, first = 0, ranges, units = totalSize(ranges), channelId, owner, productId, endsAt, gross, taxRateBp = 0, at } = short;
  const { reservationId = usualReservation(orderId, lineId), kind = USUAL.kind, currency = USUAL.currency } = short;
  return {
    orderId, lineId, chunk, first, unitsInLine: units, reservationId, channelId, ownerPrincipal: owner, productId, kind, ranges, terms: wholeTerms(short),
    ...(endsAt !== undefined && { endsAt }), lineGross: money(gross, currency), taxRateBp, dims: wholeDims(short), at,
  };
};
