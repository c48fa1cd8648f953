import { lineAmount, money } from '@vouchsafe/kernel';
import fc from 'fast-check';
import { aLine, aRange, someTerms } from '../testing/builders.js';
import { commissionsOn, deliveredMinor, partsOf, taxOn } from './delivery.js';
import { partsTakenBack } from './take-back.js';

const cents = (amounts: readonly { minor: bigint }[]): bigint => amounts.reduce((sum, { minor }) => sum + minor, 0n);

it('costs of however a batch is sold add up to the batch', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 99_999_999n }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (unitCostMicros, sizes) => {
    let from = 0;
    const ranges = sizes.map((size) => aRange({ from, to: (from += size), unitCostMicros }));
    const whole = partsOf(aLine(), [aRange({ from: 0, to: from, unitCostMicros })]);
    expect(cents(partsOf(aLine(), ranges).map(({ cost }) => cost))).toBe(cents(whole.map(({ cost }) => cost)));
  }));
});

it('takes back in parts exactly the tax, the commissions and the cost of the whole', () => {
  const terms = { ...someTerms() };
  fc.assert(fc.property(fc.integer({ min: 1, max: 30 }), fc.bigInt({ min: 0n, max: 50_000n }), fc.bigInt({ min: 0n, max: 5_000n }), fc.boolean(), (quantity, grossMinor, marginMinor, agent) => {
    const line = aLine({ quantity, grossMinor, agent, owedMicros: 3_333_333n, chain: [{ channelId: 'chn_root', unitMicros: 1n, marginMinor }] });
    const ranges = [aRange({ from: 7, to: 7 + quantity, unitCostMicros: 1_234_567n })];
    const parts = partsOf(line, ranges);
    let [tax, commission, cost, owed, before] = [0n, 0n, 0n, 0n, 0n];
    for (let i = 0; i < quantity; i++) {
      const minor = deliveredMinor(line, 'CNY', i + 1) - deliveredMinor(line, 'CNY', i);
      const back = partsTakenBack(line, ranges, [{ batchId: 'bat_1', from: 7 + i, to: 8 + i }]);
      tax += taxOn(line, parts, 'CNY', { before, minor }).minor;
      commission += cents(commissionsOn(terms, line, before, minor).map(({ amount }) => amount));
      cost += cents(back.map((part) => part.cost));
      owed += cents(back.map((part) => part.owed));
      before += minor;
    }
    const whole = { before: 0n, minor: grossMinor };
    expect(before).toBe(grossMinor);
    expect(tax).toBe(taxOn(line, parts, 'CNY', whole).minor);
    expect(commission).toBe(grossMinor === 0n ? 0n : marginMinor);
    expect([cost, owed]).toEqual([cents(parts.map((part) => part.cost)), cents(parts.map((part) => part.owed))]);
  }));
});

it('owes the issuer what was agreed, or where nothing was, what the units cost', () => {
  expect(partsOf(aLine({ agent: true, owedMicros: 5_000_000n }), [aRange({ to: 2 })])[0]!.owed).toEqual(money(1000n, 'CNY'));
  expect(partsOf(aLine({ agent: true }), [aRange({ to: 2, unitTaxMicros: 500_000n })])[0]!.owed).toEqual(money(1300n, 'CNY'));
  expect(partsOf(aLine(), [aRange()])[0]!.owed).toEqual(money(0n, 'CNY'));
});

it('takes an agent\'s stock paid ahead out of the books at what it came in at, whatever was agreed and however it is sold', () => {
  const micros = fc.bigInt({ min: 0n, max: 9_999_999n });
  fc.assert(fc.property(micros, micros, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (unitCostMicros, unitTaxMicros, sizes) => {
    let from = 0;
    const ranges = sizes.map((size) => aRange({ from, to: (from += size), unitCostMicros, unitTaxMicros }));
    const whole = [unitCostMicros, unitTaxMicros].map((unit) => lineAmount(unit, from, 'CNY'));
    expect(cents(partsOf(aLine({ agent: true, stockPaid: true, owedMicros: 1n }), ranges).map(({ owed }) => owed))).toBe(cents(whole));
  }));
});
