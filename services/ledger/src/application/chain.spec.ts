import { type EventStore, memoryStore, START } from '@vouchsafe/event-store';
import { Fault, instant } from '@vouchsafe/kernel';
import { period } from '../domain/period.js';
import { cny, NOON, theDims } from '../testing/builders.js';
import { type DeskHouse, movableClock, openDesk } from '../testing/desk-house.js';
import { closePeriod } from './closing.js';

/** A store whose `n`th append fails, before or after it was written: what a caller sees when the process or the disk dies. */
const failing = (inner: EventStore, n: number, written: boolean): EventStore => {
  let appends = 0;
  return new Proxy(inner, {
    get: (target, key) => {
      if (key !== 'append') return typeof target[key as keyof EventStore] === 'function' ? (target[key as keyof EventStore] as () => unknown).bind(target) : target[key as keyof EventStore];
      return async (request: Parameters<EventStore['append']>[0]) => {
        if (++appends !== n) return target.append(request);
        if (written) await target.append(request);
        throw new Fault('STORE_UNAVAILABLE', 'gone');
      };
    },
  });
};
const stateOf = async (house: DeskHouse) => {
  const funds = await house.funds();
  const book = await house.books.find('bok_main');
  return { segment: funds?.segment, posted: funds?.posted, held: funds?.held, closedThrough: funds?.closedThrough, book: book?.closedThrough, closing: book?.closing };
};
const orderIds = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `ord_${i}`);

it('lets no two of many holds at once have the same money, also while pages turn', async () => {
  const house = openDesk(10);
  await house.fund(100 * 1130);
  const answers = await Promise.all(orderIds(250).map((orderId) => house.hold({ holdId: orderId, orderId })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(100);
  const captures = await Promise.all(orderIds(250).flatMap((orderId) => [house.capture(orderId), house.capture(orderId)]));
  expect(captures.filter(({ ok }) => ok)).toHaveLength(200);
  expect(await house.funds()).toMatchObject({ posted: 0n, held: 0n });
});

describe.each([['before', false], ['after', true]] as const)('a store that fails %s writing', (_when, written) => {
  it('at any step of a close leaves it to be gone on with, to the same end', async () => {
    const outcomes: unknown[] = [];
    for (let n = 1; n <= 16; n++) {
      const clock = movableClock();
      const store = memoryStore(clock);
      const house = openDesk(10, clock, store);
      await house.fund(5_000);
      await house.hold();
      await house.desk.book({ factId: 'p', occurredAt: NOON, fact: { type: 'ConsumerPaid', dims: theDims, paymentId: 'p', provider: 'alipay', received: cny(1), fee: cny(0), feeTax: cny(0) } }, house.envelope());
      clock.time = instant(Date.UTC(2026, 11, 2));
      const broken = openDesk(10, clock, failing(store, n, written));
      await closePeriod(broken, 'bok_main', period('2026-11')).catch((error: unknown) => expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' }));
      const after = openDesk(10, clock, store);
      expect((await closePeriod(after, 'bok_main', period('2026-11'))).ok).toBe(true);
      expect(await after.capture('ord_1', NOON)).toMatchObject({ ok: true });
      outcomes.push(await stateOf(after));
    }
    expect(outcomes).toEqual(outcomes.map(() => ({ segment: '2026-12', posted: 3_870n, held: 0n, closedThrough: '2026-11', book: '2026-11', closing: undefined })));
  });
  it('at any step of an order moves its money once', async () => {
    for (let n = 1; n <= 12; n++) {
      const clock = movableClock();
      const store = memoryStore(clock);
      const broken = openDesk(10, clock, failing(store, n, written));
      const steps = [(h: DeskHouse) => h.fund(5_000), (h: DeskHouse) => h.hold(), (h: DeskHouse) => h.capture()];
      for (const step of steps) await Promise.resolve(step(broken)).catch((error: unknown) => expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' }));
      const after = openDesk(10, clock, store);
      for (const step of steps) expect(await step(after)).toMatchObject({ ok: true });
      expect(await after.funds()).toMatchObject({ posted: 3_870n, held: 0n });
      const { events } = await store.readAll({ after: START, max: 1_000 });
      expect(events.filter(({ type }) => type === 'ledger.FundsCaptured.v1')).toHaveLength(1);
    }
  });
});

it('counts what a clock that jumps back would hide: a repeat is found though its segment seems younger', async () => {
  const house = openDesk(10);
  await house.fund(50_000);
  await house.fund(7, 'dep_7');
  const occurredAt = house.clock.time;
  house.clock.time = instant(NOON - 3_600_000);
  for (const orderId of orderIds(12)) await house.hold({ holdId: orderId, orderId });
  expect((await house.funds())?.ordinal).toBeGreaterThan(0);
  await house.fund(7, 'dep_7', occurredAt);
  expect((await house.funds())?.posted).toBe(50_007n);
});

it('books nothing that is dated days ahead', async () => {
  const house = openDesk();
  expect(await house.fund(5, 'dep_5', instant(NOON + 25 * 3_600_000))).toMatchObject({ ok: false, code: 'FACT_INVALID' });
});
