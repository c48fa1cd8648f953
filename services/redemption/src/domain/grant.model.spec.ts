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

/** An id belongs to one unit: the till's claim sees to that. */
const placeOfId = (oracle: Oracle, id: number, otherwise: number): number => oracle.uses.get(id)?.place ?? otherwise;
const commandOf = (given: Step, { usage }: Usage, oracle: Oracle, at: Instant): GrantCommand | undefined => {
  switch (given.do) {
    case 'redeem': {
      return {
        type: 'Redeem', redemptionId: `rdm_${given.id}`, place: placeOfId(oracle, given.id, given.place), claim: { till: 't', key: String(given.id) }, terminalId: 't', storeId: 's', local: { weekday: 1, minute: 1 }, at,
        ...(usage === 'balance' && { amount: money(BigInt(given.amount), 'CNY') }),
      };
    }
    case 'reverse': return { type: 'Reverse', redemptionId: `rdm_${given.id}`, place: placeOfId(oracle, given.id, 0), reason: 'x', at };
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
type Said = { readonly ok: boolean; readonly events: readonly GrantEvent[] };
const compare = (given: Step, command: GrantCommand, said: Said, world: World): void => {
  switch (given.do) {
    case 'redeem': return compareRedeem(given, command.type === 'Redeem' ? command.place : 0, said, world);
    case 'reverse': return compareReverse(given.id, said, world);
    case 'void': return compareVoid(given, said, world);
    case 'freeze': return compareFreeze(given, world.oracle);
    case 'disclose': return expect(said.ok).toBe(true);
    case 'wait': return undefined;
  }
};
const compareRedeem = ({ id, amount }: Extract<Step, { do: 'redeem' }>, place: number, said: Said, { oracle, at, balance }: World): void => {
  if (oracle.uses.has(id)) return expect(said).toEqual(accept());
  expect(said.ok).toBe(oracle.redeem(id, place, balance ? BigInt(amount) : 1n, at));
};
const compareReverse = (id: number, said: Said, { oracle, at }: World): void => {
  const use = oracle.uses.get(id);
  if (use && !use.open) return expect(said).toEqual(accept());
  expect(said.ok).toBe(use ? oracle.reverse(id, at) : false);
};
const compareVoid = ({ id, place }: Extract<Step, { do: 'void' }>, said: Said, { oracle, refunds, chunk }: World): void => {
  if (refunds.has(id)) return expect(said).toEqual(accept());
  refunds.add(id);
  const { index } = batchUnitAt(grantOf(), place)!;
  const unused = unitOf(chunk, place).used === 0n && !oracle.voided.has(place);
  expect(said.events).toMatchObject([{ accepted: unused ? [{ from: index }] : [], refused: unused ? [] : [{ index }] }]);
  if (unused) oracle.voided.add(place);
};
const compareFreeze = ({ place, on }: Extract<Step, { do: 'freeze' }>, { frozen, voided }: Oracle): void => {
  if (!on) frozen.delete(place);
  else if (!voided.has(place)) frozen.add(place);
};
/** After every step: uses left as the oracle says; money taken never more than the unit's, and all of it when all is used. */
const holds = (grant: ReturnType<typeof grantOf>, chunk: Chunk, place: number, oracle: Oracle, capacity: bigint): void => {
  const unit = unitOf(chunk, place);
  const open = unit.uses.filter(({ reversedAt }) => reversedAt === undefined);
  const rest = restOf(grant, place, unit);
  const sane = unit.uses.every(({ gross, tax }) => gross.minor >= 0n && tax.minor >= 0n && tax.minor <= gross.minor);
  const told = [capacity - unit.used, open.reduce((sum, use) => sum + use.gross.minor, 0n), open.reduce((sum, use) => sum + use.tax.minor, 0n), sane, rest.gross.minor >= 0n && rest.tax.minor >= 0n];
  expect(told.join()).toBe([oracle.left[place], unit.gross, unit.tax, true, true].join()); // one expectation: it runs some ten thousand times
  if (unit.used === capacity) expect([unit.gross, unit.tax]).toEqual([worthOf(grant, place).gross.minor, worthOf(grant, place).tax.minor]);
  if (unit.used > 0n) expect(isDisclosed(chunk, place)).toBe(true);
};

describe('a grant chunk against its oracle', () => {
  it.each(usages)('keeps uses, balance, reversals and money right ($usage)', (usage) => {
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.bigInt({ min: 0n, max: 3_000n }), (steps, gross) => check(usage, steps, gross)), { numRuns: 400 });
  });
});
