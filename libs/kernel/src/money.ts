import { invariant } from './invariant.js';

/** ISO 4217 alphabetic code in capitals, e.g. `CNY`. */
export type Currency = string;

/** An amount in minor units (分, cents) of one currency. Never a `number`. */
export type Money = { readonly minor: bigint; readonly currency: Currency };

/** A price with six decimals of the major unit: 1.5 CNY = 1_500_000n. Only ever turned into money line by line. */
export type Micros = bigint;

const MICROS_PER_MAJOR = 1_000_000n;

/** Digits behind the point by ISO 4217 (amendment 177); every currency not listed has two. */
const EXPONENTS: Readonly<Record<string, number>> = {
  BHD: 3, BIF: 0, CLF: 4, CLP: 0, DJF: 0, GNF: 0, IQD: 3, ISK: 0, JOD: 3, JPY: 0, KMF: 0, KRW: 0, KWD: 3, LYD: 3, OMR: 3,
  PYG: 0, RWF: 0, TND: 3, UGX: 0, UYI: 0, UYW: 4, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
};

/** Whether `text` looks like an ISO 4217 code (three capitals). */
export const isCurrency = (text: string): text is Currency => /^[A-Z]{3}$/.test(text);

/** Number of minor digits of `currency` (CNY 2, JPY 0, KWD 3). */
export const exponentOf = (currency: Currency): number => EXPONENTS[currency] ?? 2;

export const money = (minor: bigint, currency: Currency): Money => ({ minor, currency });

/** Sum of two amounts of one currency; mixing currencies is a Bug. */
export const plus = (a: Money, b: Money): Money => {
  invariant(a.currency === b.currency, 'currencies are never mixed');
  return { minor: a.minor + b.minor, currency: a.currency };
};
export const negate = (a: Money): Money => ({ minor: -a.minor, currency: a.currency });
export const minus = (a: Money, b: Money): Money => plus(a, negate(b));

/** Rounds `numerator / denominator` half away from zero. Denominator > 0. The one rounding there is. */
export const roundHalfUp = (numerator: bigint, denominator: bigint): bigint => {
  invariant(denominator > 0n, 'denominator must be positive');
  return numerator < 0n ? -((denominator - 2n * numerator) / (2n * denominator)) : (2n * numerator + denominator) / (2n * denominator);
};

/** Minor units in a major one, by the number of digits. */
const SCALES: readonly bigint[] = [1n, 10n, 100n, 1_000n, 10_000n];

const minorOf = (unitMicros: Micros, quantity: number, currency: Currency): bigint => {
  invariant(Number.isSafeInteger(quantity) && quantity >= 0, 'a quantity is a whole number');
  return quantity === 0 || unitMicros === 0n ? 0n : roundHalfUp(unitMicros * BigInt(quantity) * SCALES[exponentOf(currency)]!, MICROS_PER_MAJOR);
};
/** The amount of a line: `unitMicros` × `quantity`, rounded half-up once to minor units (RULES, Money). */
export const lineAmount = (unitMicros: Micros, quantity: number, currency: Currency): Money => ({ minor: minorOf(unitMicros, quantity, currency), currency });

/**
 * The share of `total` that belongs to units `from` (inclusive) to `to` (exclusive) out of `count`, by cumulative
 * allocation: disjoint ranges that cover all units add up to `total` exactly.
 */
export const shareOf = (total: Money, from: number, to: number, count: number): Money => {
  invariant(0 <= from && from <= to && to <= count && count > 0, 'a share lies within its whole');
  if (to - from === count) return total; // the usual case: all of it at once
  const upTo = (n: number): bigint => roundHalfUp(total.minor * BigInt(n), BigInt(count));
  return { minor: upTo(to) - upTo(from), currency: total.currency };
};

/**
 * What units `from` (inclusive) to `to` (exclusive) of a batch cost at `unitMicros` each, by cumulative rounding: disjoint
 * ranges that cover the batch add up exactly to {@link lineAmount} of the whole, so that inventory empties to zero.
 */
export const amountOfRange = (unitMicros: Micros, from: number, to: number, currency: Currency): Money =>
  ({ minor: minorOf(unitMicros, to, currency) - minorOf(unitMicros, from, currency), currency });

/** Tax contained in a gross amount at `rateBp` basis points (1300 = 13 %), rounded half-up. */
export const taxWithin = (gross: Money, rateBp: number): Money => ({
  minor: roundHalfUp(gross.minor * BigInt(rateBp), 10_000n + BigInt(rateBp)),
  currency: gross.currency,
});

/** Splits `total` exactly. Weights: none negative, not all zero. Leftover units go to the first non-zero weights. */
export const allocate = (total: Money, weights: readonly bigint[]): readonly Money[] => {
  const sum = weights.reduce((a, b) => a + b, 0n);
  invariant(sum > 0n && weights.every((w) => w >= 0n), 'weights must be non-negative and not all zero');
  const shares = weights.map((w) => (total.minor * w) / sum);
  const unit = total.minor < 0n ? -1n : 1n; // refunds split like charges
  let left = (total.minor - shares.reduce((a, b) => a + b, 0n)) * unit;
  return shares.map((share, i) => ({ ...total, minor: weights[i]! > 0n && left-- > 0n ? share + unit : share }));
};

/** `12.34` for 1234 minor units of CNY; no grouping, a dot, the currency's digits. */
export const displayMoney = ({ minor, currency }: Money): string => {
  const digits = exponentOf(currency);
  const sign = minor < 0n ? '-' : '';
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
};

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,6}))?$/;

/** Parses `"9.90"` into micros; undefined where it is no decimal with at most six digits behind the point. */
export const parseMicros = (text: string): Micros | undefined => {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const value = BigInt(match[2]!) * MICROS_PER_MAJOR + BigInt((match[3] ?? '').padEnd(6, '0'));
  return match[1] ? -value : value;
};

/** `9.9` for 9_900_000n micros: no trailing zeros beyond two digits. */
export const displayMicros = (micros: Micros): string => {
  const sign = micros < 0n ? '-' : '';
  const text = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  return `${sign}${text.slice(0, -6)}.${text.slice(-6).replace(/0{1,4}$/, '')}`;
};
