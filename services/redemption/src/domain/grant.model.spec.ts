import { accept, type Instant, money, plusMs } from '@vouchsafe/kernel';
import fc from 'fast-check';
import { grantOf, T0, termsOf } from '../testing/samples.js';
import { batchUnitAt, type Chunk, emptyChunk, isDisclosed, restOf, unitOf, worthOf } from './chunk.js';
import { grantDecider } from './grant.js';
import type { GrantCommand, GrantEvent, UsageTerms } from './grant-messages.js';

const WINDOW_MS = 1_000;
type Usage = Pick<UsageTerms, 'usage' | 'times' | 'faceMinor'>;
const usages: readonly Usage[] = [
  { usage: 'single', times: 1, faceMinor: 500n }, { usage: 'times', times: 3, faceMinor: 500n }, { usage: 'balance', times: 1, faceMinor: 7n },
];
/** What happened, told in steps; ids are small numbers so that repeats are frequent. */
const step = fc.oneof(
  fc.record({ do: fc.constant('redeem' as const), id: fc.nat(9), place: fc.nat(3), amount: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant('reverse' as const), id: fc.nat(9) }),
  fc.record({ do: fc.constant('void' as const), id: fc.nat(3), place: fc.nat(3) }),
  fc.record({ do: fc.constant('freeze' as const), place: fc.nat(3), on: fc.boolean() }),
  fc.record({ do: fc.constant('disclose' as const), id: fc.nat(3) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The oracle: uses left per unit, who used what, in ten lines. */
class Oracle {
  readonly left: bigint[];
  readonly uses = new Map<number, { place: number; n: bigint; at: number; open: boolean }>();
  readonly voided = new Set<number>();
  readonly frozen = new Set<number>();
  constructor(readonly capacity: bigint) {
    this.left = Array(4).fill(capacity);
  }
  redeem(id: number, place: number, n: bigint, at: number): boolean {
    if (this.voided.has(place) || this.frozen.has(place) || this.left[place]! < n) return false;
    this.left[place]! -= n;
    this.uses.set(id, { place, n, at, open: true });
    return true;
  }
  reverse(id: number, at: number): boolean {
    const use = this.uses.get(id)!;
    if (this.voided.has(use.place) || at > use.at + WINDOW_MS) return false;
    use.open = false;
    this.left[use.place]! += use.n;
    return true;
  }
}

const commandOf = (given: Step, { usage }: Usage, oracle: Oracle, at: Instant): GrantCommand | undefined => {
  switch (given.do) {
    case 'redeem': {
      const place = oracle.uses.get(given.id)?.place ?? given.place; // an id belongs to one unit: the till's claim sees to that
      return {
        type: 'Redeem', redemptionId: `rdm_${given.id}`, place, claim: { till: 't', key: String(given.id) }, terminalId: 't', storeId: 's', local: { weekday: 1, minute: 1 }, at,
        ...(usage === 'balance' && { amount: money(BigInt(given.amount), 'CNY') }),
      };
    }
    case 'reverse': return { type: 'Reverse', redemptionId: `rdm_${given.id}`, place: oracle.uses.get(given.id)?.place ?? 0, reason: 'x', at };
    case 'void': return { type: 'Void', refundId: `rfd_${given.id}`, places: [given.place], reason: 'refund', at };
    case 'freeze': return { type: given.on ? 'Freeze' : 'Unfreeze', place: given.place, reason: 'x', at };
    case 'disclose': return { type: 'Disclose', disclosureId: `dsc_${given.id}`, principalId: 'pri_1', at };
    case 'wait': return undefined;
  }
};

const check = (usage: Usage, steps: readonly Step[], gross: bigint): void => {
  const grant = grantOf({ terms: termsOf({ ...usage, reversalWindowMs: WINDOW_MS, rediscloseTimes: 9 }), lineGross: money(gross, 'CNY') });
  const capacity = usage.usage === 'balance' ? usage.faceMinor : BigInt(usage.times);
  const oracle = new Oracle(capacity);
  const refunds = new Set<number>();
  let chunk: Chunk = grantDecider.evolve(emptyChunk, { type: 'GrantActivated', ...grant });
  let at = T0;
  for (const given of steps) {
    if (given.do === 'wait') at = plusMs(at, given.ms);
    const command = commandOf(given, usage, oracle, at);
    if (!command) continue;
    const decision = grantDecider.decide(command, chunk);
    const events = decision.ok ? decision.events : [];
    compare(given, command, { ok: decision.ok, events }, { oracle, refunds, chunk, at, balance: usage.usage === 'balance' });
    chunk = events.reduce(grantDecider.evolve, chunk);
    for (let place = 0; place < 4; place++) holds(grant, chunk, place, oracle, capacity);
  }
};
type World = { readonly oracle: Oracle; readonly refunds: Set<number>; readonly chunk: Chunk; readonly at: number; readonly balance: boolean };
const compare = (given: Step, command: GrantCommand, decision: { ok: boolean; events: readonly GrantEvent[] }, { oracle, refunds, chunk, at, balance }: World): void => {
  switch (given.do) {
    case 'redeem': {
      if (oracle.uses.has(given.id)) return expect(decision).toEqual(accept());
      const place = command.type === 'Redeem' ? command.place : 0;
      return expect(decision.ok).toBe(oracle.redeem(given.id, place, balance ? BigInt(given.amount) : 1n, at));
    }
    case 'reverse': {
      const use = oracle.uses.get(given.id);
      if (use && !use.open) return expect(decision).toEqual(accept());
      return expect(decision.ok).toBe(use ? oracle.reverse(given.id, at) : false);
    }
    case 'void': {
      if (refunds.has(given.id)) return expect(decision).toEqual(accept());
      refunds.add(given.id);
      const { index } = batchUnitAt(grantOf(), given.place)!;
      const unused = unitOf(chunk, given.place).used === 0n && !oracle.voided.has(given.place);
      expect(decision.events).toMatchObject([{ accepted: unused ? [{ from: index }] : [], refused: unused ? [] : [{ index }] }]);
      return void (unused && oracle.voided.add(given.place));
    }
    case 'freeze': return void (oracle.voided.has(given.place) && given.on ? undefined : given.on ? oracle.frozen.add(given.place) : oracle.frozen.delete(given.place));
    case 'disclose': return expect(decision.ok).toBe(true);
    case 'wait': return undefined;
  }
};
/** After every step: uses left as the oracle says; money taken never more than the unit's, and all of it when all is used. */
const holds = (grant: ReturnType<typeof grantOf>, chunk: Chunk, place: number, oracle: Oracle, capacity: bigint): void => {
  const unit = unitOf(chunk, place);
  expect(capacity - unit.used).toBe(oracle.left[place]);
  const open = unit.uses.filter(({ reversedAt }) => reversedAt === undefined);
  expect(open.reduce((sum, use) => sum + use.gross.minor, 0n)).toBe(unit.gross);
  expect(open.reduce((sum, use) => sum + use.tax.minor, 0n)).toBe(unit.tax);
  expect(unit.uses.every(({ gross, tax }) => gross.minor >= 0n && tax.minor >= 0n && tax.minor <= gross.minor)).toBe(true);
  const rest = restOf(grant, place, unit);
  expect(rest.gross.minor >= 0n && rest.tax.minor >= 0n).toBe(true);
  if (unit.used === capacity) expect([unit.gross, unit.tax]).toEqual([worthOf(grant, place).gross.minor, worthOf(grant, place).tax.minor]);
  if (unit.used > 0n) expect(isDisclosed(chunk, place)).toBe(true);
};

describe('a grant chunk against its oracle', () => {
  it.each(usages)('keeps uses, balance, reversals and money right ($usage)', (usage) => {
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.bigInt({ min: 0n, max: 3_000n }), (steps, gross) => check(usage, steps, gross)), { numRuns: 400 });
  });
});
