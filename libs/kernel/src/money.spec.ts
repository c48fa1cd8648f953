import fc from 'fast-check';
import { allocate, amountOfRange, displayMoney, lineAmount, money, parseMicros, roundHalfUp, shareOf, taxWithin } from './money.js';

describe('money', () => {
  it('splits an amount exactly, charges and refunds alike', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.array(fc.bigInt({ min: 0n, max: 1000n }), { minLength: 1, maxLength: 9 }), (total, weights) => {
        fc.pre(weights.some((weight) => weight > 0n));
        const shares = allocate(money(total, 'CNY'), weights);
        expect(shares.reduce((sum, share) => sum + share.minor, 0n)).toBe(total);
      }),
    );
  });

  it('rounds a line once, half up, to the digits of its currency', () => {
    expect(lineAmount(333_333n, 3, 'CNY')).toEqual(money(100n, 'CNY'));
    expect(lineAmount(5_000n, 1, 'CNY')).toEqual(money(1n, 'CNY'));
    expect(lineAmount(1_499_999n, 1, 'JPY')).toEqual(money(1n, 'JPY'));
    expect(lineAmount(1_000_500n, 1, 'KWD')).toEqual(money(1001n, 'KWD'));
  });

  it('rounds to the nearest whole, halves away from zero, on both sides of it alike', () => {
    expect([5n, 15n, -5n, -15n, 4n, -4n, 0n].map((numerator) => roundHalfUp(numerator, 10n))).toEqual([1n, 2n, -1n, -2n, 0n, 0n, 0n]);
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.bigInt({ min: 1n, max: 10n ** 7n }), (numerator, denominator) => {
      const off = numerator - roundHalfUp(numerator, denominator) * denominator;
      expect((off < 0n ? -off : off) * 2n <= denominator).toBe(true);
      expect(roundHalfUp(-numerator, denominator)).toBe(-roundHalfUp(numerator, denominator));
    }));
  });

  it('what the units of a batch cost adds up to the batch, however it is cut', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.integer({ min: 0, max: 10_000 }), fc.nat(), fc.constantFrom('CNY', 'JPY', 'KWD', 'CLF'), (unit, count, cut, currency) => {
      const at = cut % (count + 1);
      const [a, b] = [amountOfRange(unit, 0, at, currency), amountOfRange(unit, at, count, currency)];
      expect({ minor: a.minor + b.minor, currency }).toEqual(lineAmount(unit, count, currency));
    }));
  });

  it('refunds of disjoint parts add up to the line', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.integer({ min: 1, max: 10_000 }), fc.nat(), (total, count, cut) => {
        const at = cut % (count + 1);
        const [a, b] = [shareOf(money(total, 'CNY'), 0, at, count), shareOf(money(total, 'CNY'), at, count, count)];
        expect(a.minor + b.minor).toBe(total);
      }),
    );
  });

  it('finds the tax within a gross amount', () => {
    expect(taxWithin(money(11_300n, 'CNY'), 1300)).toEqual(money(1_300n, 'CNY'));
    expect(taxWithin(money(100n, 'CNY'), 0)).toEqual(money(0n, 'CNY'));
  });

  it('reads decimals of up to six digits and nothing else', () => {
    expect(parseMicros('9.9')).toBe(9_900_000n);
    expect(parseMicros('-0.000001')).toBe(-1n);
    expect(['1.0000001', '1e3', '', ' 1', '１'].map(parseMicros)).toEqual(Array(5).fill(undefined));
  });

  it('displays minor units with the digits of the currency', () => {
    expect([displayMoney(money(-5n, 'CNY')), displayMoney(money(1234n, 'JPY'))]).toEqual(['-0.05', '1234']);
  });
});
