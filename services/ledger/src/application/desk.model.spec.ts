import type { Answer } from '@vouchsafe/bus';
import { START, type Position } from '@vouchsafe/event-store';
import { type Instant, money, plusMs, shareOf } from '@vouchsafe/kernel';
import fc from 'fast-check';
import { ledgerCodec } from '../adapters/codecs.js';
import { imbalance } from '../domain/entry.js';
import { period, periodOf } from '../domain/period.js';
import { entryIn } from '../projections/entries-of.js';
import { aDelivery, cny, deposit, theAccount, theDims } from '../testing/builders.js';
import { type DeskHouse, openDesk } from '../testing/desk-house.js';
import { closePeriod } from './closing.js';

/** The oracle: what ought to be, in plain numbers. */
type Model = {
  posted: bigint;
  readonly holds: Map<number, { left: bigint; step: 'open' | 'captured' | 'released' | 'forestalled'; readonly notAfter: Instant }>;
  readonly notAfter: Map<number, Instant>;
  /** Facts booked, and when they occurred: a repeat says the same. */
  readonly booked: Map<string, Instant>;
};
type Real = { house: DeskHouse; read: Position; captured: bigint };
type Command = fc.AsyncCommand<Model, Real>;

const PARTS = 3;
const HORIZON_MS = 60_000;
const orderId = (n: number): string => `ord_${n}`;
const amountOf = (n: number): bigint => BigInt(100 + n * 37);
const partOf = (n: number, part: number): bigint => shareOf(cny(amountOf(n)), part, part + 1, PARTS).minor;
const dimsOf = (n: number, part: number) => ({ ...theDims, orderId: orderId(n), lineId: `${orderId(n)}/${part}` });
const deliveryOf = (n: number, part: number) => aDelivery({ dims: dimsOf(n, part), gross: cny(partOf(n, part)) });
const accountId = theAccount.accountId;

/** After each step: the account is as the oracle says, nothing is overdrawn, all that was booked is zero per currency. */
const check = async (model: Model, real: Real): Promise<void> => {
  const state = (await real.house.funds())!;
  const held = [...model.holds.values()].reduce((sum, { step, left }) => sum + (step === 'open' ? left : 0n), 0n);
  expect({ posted: state.posted, held: state.held }).toEqual({ posted: model.posted, held });
  expect(state.posted - state.held).toBeGreaterThanOrEqual(0n);
  const { events, next } = await real.house.store.readAll({ after: real.read, max: 10_000 });
  real.read = next;
  for (const { type, data } of events) {
    const event = ledgerCodec.decode(type, data);
    const entry = event && entryIn(event);
    if (entry) expect(imbalance(entry.postings).size).toBe(0);
  }
};
const told = (answer: Answer<unknown> | { ok: boolean; code?: string }): string => (answer.ok ? 'yes' : (answer as { code: string }).code);
const occurred = (model: Model, factId: string, now: Instant): Instant => model.booked.get(factId) ?? now;

class Deposit implements Command {
  constructor(readonly n: number) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const factId = `dep_${this.n}`;
    const minor = 1_000 * (this.n + 1);
    const answer = await house.desk.book({ factId, fact: deposit(minor), accountId, occurredAt: occurred(model, factId, house.clock.time) }, house.envelope());
    expect(told(answer)).toBe('yes');
    if (!model.booked.has(factId)) model.posted += BigInt(minor);
    model.booked.set(factId, occurred(model, factId, house.clock.time));
    await check(model, real);
  }
  toString = (): string => `deposit ${this.n}`;
}

class Withdraw implements Command {
  constructor(readonly n: number) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const factId = `wdr_${this.n}`;
    const minor = BigInt(700 * (this.n + 1));
    const held = [...model.holds.values()].reduce((sum, { step, left }) => sum + (step === 'open' ? left : 0n), 0n);
    const covered = model.booked.has(factId) || model.posted - held >= minor;
    const fact = { type: 'Withdrawn', dims: { bookId: 'bok_main' }, bank: 'icbc', amount: cny(minor) } as const;
    const answer = await house.desk.book({ factId, fact, accountId, occurredAt: occurred(model, factId, house.clock.time) }, house.envelope());
    expect(told(answer)).toBe(covered ? 'yes' : 'BALANCE_SHORT');
    if (covered && !model.booked.has(factId)) {
      model.posted -= minor;
      model.booked.set(factId, house.clock.time);
    }
    await check(model, real);
  }
  toString = (): string => `withdraw ${this.n}`;
}

class Hold implements Command {
  constructor(readonly n: number) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const now = house.clock.time;
    const notAfter = model.notAfter.get(this.n) ?? plusMs(now, HORIZON_MS);
    model.notAfter.set(this.n, notAfter);
    const known = model.holds.get(this.n);
    const held = [...model.holds.values()].reduce((sum, { step, left }) => sum + (step === 'open' ? left : 0n), 0n);
    const answer = told(await house.desk.hold(
      { holdId: orderId(this.n), orderId: orderId(this.n), accountId, channelId: 'chn_shop', amount: cny(amountOf(this.n)), notAfter, expiresAt: plusMs(now, 3_600_000) }, house.envelope(),
    ));
    if (known?.step === 'open') expect(answer).toBe('yes');
    else if (known?.step === 'captured') expect(['yes', 'TOO_LATE']).toContain(answer); // known in full until the page is turned, then only that it ended
    else if (known || now > notAfter) expect(answer).toBe('TOO_LATE');
    else {
      const covered = model.posted - held >= amountOf(this.n);
      expect(answer).toBe(covered ? 'yes' : 'BALANCE_SHORT');
      if (covered) model.holds.set(this.n, { left: amountOf(this.n), step: 'open', notAfter });
    }
    await check(model, real);
  }
  toString = (): string => `hold ${this.n}`;
}

class Capture implements Command {
  constructor(readonly n: number, readonly part: number) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const { n, part } = this;
    const captureId = `${orderId(n)}/${part}`;
    const occurredAt = occurred(model, captureId, house.clock.time);
    const hold = model.holds.get(n);
    const final = part === PARTS - 1;
    const answer = told(await house.desk.capture({ holdId: orderId(n), accountId, captureId, fact: deliveryOf(n, part), final, occurredAt }, house.envelope()));
    if (model.booked.has(captureId)) expect(answer).toBe('yes');
    else if (hold?.step !== 'open') expect(answer).toBe('HOLD_UNKNOWN');
    else {
      expect(answer).toBe('yes');
      model.booked.set(captureId, occurredAt);
      model.posted -= partOf(n, part);
      real.captured += partOf(n, part);
      hold.left -= partOf(n, part);
      if (final) hold.step = 'captured';
    }
    await check(model, real);
  }
  toString = (): string => `capture ${this.n}/${this.part}`;
}

class Release implements Command {
  constructor(readonly n: number) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const notAfter = model.notAfter.get(this.n) ?? plusMs(house.clock.time, HORIZON_MS);
    model.notAfter.set(this.n, notAfter);
    expect(told(await house.desk.release({ holdId: orderId(this.n), accountId, notAfter, reason: 'CANCELLED' }, house.envelope()))).toBe('yes');
    const hold = model.holds.get(this.n);
    if (hold?.step === 'open') hold.step = 'released';
    else if (!hold && house.clock.time <= notAfter) model.holds.set(this.n, { left: 0n, step: 'forestalled', notAfter });
    await check(model, real);
  }
  toString = (): string => `release ${this.n}`;
}

class Refund implements Command {
  constructor(readonly n: number, readonly part: number) {}
  check = (model: Readonly<Model>): boolean => model.booked.has(`${orderId(this.n)}/${this.part}`);
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const { n, part } = this;
    const factId = `rfd_${n}_${part}`;
    const fact = { type: 'RefundDelivered', refundId: factId, disclosed: false, issuerAccepts: true, delivered: deliveryOf(n, part) } as const;
    const answer = await house.desk.book({ factId, fact, accountId, occurredAt: occurred(model, factId, house.clock.time) }, house.envelope());
    expect(told(answer)).toBe('yes');
    if (!model.booked.has(factId)) model.posted += partOf(n, part);
    model.booked.set(factId, occurred(model, factId, house.clock.time));
    await check(model, real);
  }
  toString = (): string => `refund ${this.n}/${this.part}`;
}

class Wait implements Command {
  constructor(readonly ms: number) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    real.house.clock.time = plusMs(real.house.clock.time, this.ms);
    await check(model, real);
  }
  toString = (): string => `wait ${this.ms} ms`;
}

class CloseMonth implements Command {
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { house } = real;
    const days = (await house.books.ready('bok_main'))!;
    const today = periodOf(days.dateOf(house.clock.time));
    const last = period(today.endsWith('-01') ? `${Number(today.slice(0, 4)) - 1}-12` : `${today.slice(0, 5)}${String(Number(today.slice(5)) - 1).padStart(2, '0')}`);
    expect((await closePeriod(house, 'bok_main', last)).ok).toBe(true);
    await check(model, real);
  }
  toString = (): string => 'close the last month';
}

class Restart implements Command {
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    real.house = openDesk(10, real.house.clock, real.house.store);
    await check(model, real);
  }
  toString = (): string => 'restart';
}

it('keeps every cent through holds, captures, refunds, repeats, closes and restarts', async () => {
  const n = fc.integer({ min: 0, max: 5 });
  const part = fc.integer({ min: 0, max: PARTS - 1 });
  const commands = fc.commands([
    n.map((i) => new Deposit(i)), n.map((i) => new Withdraw(i)), n.map((i) => new Hold(i)), n.map((i) => new Hold(i)), n.map((i) => new Release(i)),
    fc.tuple(n, part).map(([i, p]) => new Capture(i, p)), fc.tuple(n, part).map(([i, p]) => new Capture(i, p)), fc.tuple(n, part).map(([i, p]) => new Refund(i, p)),
    fc.constantFrom(1, 30_000, 61_000, 40 * 86_400_000).map((ms) => new Wait(ms)), fc.constant(new CloseMonth()), fc.constant(new Restart()),
  ], { maxCommands: 60, size: 'max' });
  await fc.assert(fc.asyncProperty(commands, async (steps) => {
    const house = openDesk(10);
    await house.fund(0, 'opening');
    const model: Model = { posted: 0n, holds: new Map(), notAfter: new Map(), booked: new Map() };
    await fc.asyncModelRun(() => ({ model, real: { house, read: START, captured: 0n } }), steps);
  }), { numRuns: 150 });
}, 60_000);

it('holds what captures use: the balance moves by captures alone, never by holding', async () => {
  const house = openDesk();
  await house.fund(1_000_000);
  const before = (await house.funds())!.posted;
  for (let i = 0; i < 50; i++) await house.hold({ holdId: orderId(i), orderId: orderId(i) });
  expect((await house.funds())!).toMatchObject({ posted: before, held: 50n * 1130n });
  for (let i = 0; i < 50; i++) await house.capture(orderId(i));
  expect((await house.funds())!).toMatchObject({ posted: before - 50n * 1130n, held: 0n });
  expect(money(before - (await house.funds())!.posted, 'CNY')).toEqual(cny(50 * 1130));
});
