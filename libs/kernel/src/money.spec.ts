import fc from 'fast-check';
import { allocate, displayMoney, lineAmount, money, parseMicros, shareOf, taxWithin } from './money.js';

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
