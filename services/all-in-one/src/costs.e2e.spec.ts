import type { RecordedEvent } from '@vouchsafe/event-store';
import type * as EventStore from '@vouchsafe/event-store';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { systemClock } from '@vouchsafe/runtime';
import { codesOf, Premises } from './door/testing/premises.js';
import { House } from './testing/house.js';
import { watchedDisk } from './testing/watched-disk.js';

/** Every host of deciders that was made, and how many streams each may keep here. */
const HELD_MAX = 40;
const mockHosts: EventStore.DeciderHost<unknown, unknown, { readonly type: string }>[] = [];
jest.mock('@vouchsafe/event-store', () => {
  const real = jest.requireActual<typeof EventStore>('@vouchsafe/event-store');
  class SmallHost<S, C, E extends { readonly type: string }, R extends string = string> extends real.DeciderHost<S, C, E, R> {
    constructor(options: EventStore.DeciderHostOptions<S, C, E, R>) {
      super({ ...options, cacheMax: Math.min(options.cacheMax ?? HELD_MAX, HELD_MAX) });
      mockHosts.push(this as never);
    }
  }
  return { ...real, DeciderHost: SmallHost };
});

const EVENTS_MAX = 9;
const BYTES_MAX = 4_096;
const RECENT_MAX = 8 << 20;
const one = (number: string) => ({ number, lines: [{ productId: 'prd_video-month', quantity: 1 }], buyer: { ref: `buyer-${number}` } });
const clock = systemClock();

describe('flushes', () => {
  const disk = watchedDisk();
  let premises: Premises;
  const stats = () => premises.running().store.stats();
  beforeAll(async () => {
    premises = await Premises.open({ more: { around: disk.around } });
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', codesOf('FLUSH', 500));
    await premises.order('chn_dist', one('F-warm'));
  });
  afterAll(() => premises.close());

  it('are made of everything that is appended, and only those are counted', async () => {
    await premises.running().store.durable(premises.running().store.head());
    expect(stats().flushes).toBeGreaterThan(0);
    expect(disk.flushes()).toBe(stats().flushes);
  });

  it('come between the append of an order and its answer, at least one for each that comes alone', async () => {
    for (let i = 0; i < 20; i++) {
      const before = disk.flushes();
      const { store } = premises.running();
      const from = store.head();
      const { orderId, state } = await premises.order('chn_dist', one(`F-${i}`));
      const flushed = disk.flushes() - before;
      const { events } = await store.readAll({ after: from, max: 1_000 });
      expect([state, flushed > 0, events.some(({ stream, type }) => stream === `order-${orderId}` && type === 'order.OrderCompleted.v1')]).toEqual([OrderState.COMPLETED, true, true]);
    }
  });

  it('hold up every answer: while none of them ends no order is acknowledged, though all are decided', async () => {
    const counted = stats().eventsAppended;
    await premises.order('chn_dist', one('F-alone'));
    const each = stats().eventsAppended - counted;
    const before = stats().eventsAppended;
    const release = disk.hold();
    let answered = 0;
    const orders = Array.from({ length: 8 }, (_, i) => premises.order('chn_dist', one(`F-held-${i}`)).then(({ state }) => {
      answered++;
      return state;
    }));
    await premises.until(async () => stats().eventsAppended, (appended) => appended >= before + 8 * each);
    await clock.sleep(200);
    const early = answered;
    release();
    expect(await Promise.all(orders)).toEqual(orders.map(() => OrderState.COMPLETED));
    expect(early).toBe(0);
  });

  it('are shared by orders that come together, and still each is durable when it is answered', async () => {
    const before = disk.flushes();
    const counts = await Promise.all(Array.from({ length: 64 }, async (_, i) => {
      const { state } = await premises.order('chn_dist', one(`F-many-${i}`));
      return state === OrderState.COMPLETED ? disk.flushes() - before : 0;
    }));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(disk.flushes() - before).toBeLessThan(64 * EVENTS_MAX);
  });
});

describe('an ordinary order of one code, paid in advance', () => {
  const ORDERS = 200;
  let house: House;
  let perOrder: { readonly events: number; readonly bytes: number };
  beforeAll(async () => {
    house = await House.open();
    await house.furnish();
    await house.stock('prd_video-month', 'sup_video', codesOf('COST', 600));
    await house.order('chn_dist', one('C-warm'));
    perOrder = await measured();
  });
  afterAll(() => house.close());

  /** Events and bytes of the log an order, where it shares its frames with nobody. */
  const measured = async (): Promise<{ readonly events: number; readonly bytes: number }> => {
    const { store } = house.running;
    await store.durable(store.head());
    const [from, before] = [store.head(), store.stats()];
    for (let i = 0; i < ORDERS; i++) {
      await house.order('chn_dist', one(`C-${i}`));
      await store.durable(store.head());
    }
    const after = store.stats();
    const events: RecordedEvent[] = [];
    for (let position = from; ;) {
      const page = await store.readAll({ after: position, max: 1_000 });
      events.push(...page.events);
      if (page.atEnd) break;
      position = page.next;
    }
    const sums = { events: (after.eventsAppended - before.eventsAppended) / ORDERS, bytes: (after.bytesWritten - before.bytesWritten) / ORDERS };
    process.stdout.write(`${sums.events.toFixed(2)} events and ${Math.round(sums.bytes)} bytes an order, ${((after.flushes - before.flushes) / ORDERS).toFixed(1)} flushes\n${byType(events, ORDERS)}\n`);
    expect(events.length).toBe(after.eventsAppended - before.eventsAppended);
    return sums;
  };

  it(`costs at most ${EVENTS_MAX} events`, () => {
    expect(perOrder.events).toBeGreaterThan(1);
    expect(perOrder.events).toBeLessThanOrEqual(EVENTS_MAX);
  });

  it(`costs at most ${BYTES_MAX} bytes of the log`, () => {
    expect(perOrder.bytes).toBeLessThanOrEqual(BYTES_MAX);
  });
});

/** Where the bytes of an order are: from an event's place to the next one's, so that whoever comes last in a frame carries the head of the next. */
const byType = (events: readonly RecordedEvent[], orders: number): string => {
  const bytes = new Map<string, { count: number; whole: number; data: number }>();
  for (const [i, { type, position, data }] of events.slice(0, -1).entries()) {
    const sum = bytes.get(type) ?? { count: 0, whole: 0, data: 0 };
    bytes.set(type, { count: sum.count + 1, whole: sum.whole + events[i + 1]!.position - position, data: sum.data + Buffer.byteLength(JSON.stringify(data)) });
  }
  return [...bytes].sort(([, one], [, other]) => other.whole - one.whole)
    .map(([type, { count, whole, data }]) => `  ${type.padEnd(32)} ${(count / orders).toFixed(2)} an order, ${Math.round(whole / count)} bytes each, ${Math.round(data / count)} of them data`).join('\n');
};

describe('what is kept in memory', () => {
  const ORDERS = 3_000;
  const AT_ONCE = 64;
  let house: House;
  beforeAll(async () => {
    mockHosts.length = 0;
    house = await House.open();
    await house.furnish();
    await house.stock('prd_video-month', 'sup_video', codesOf('KEPT', ORDERS + 10));
  });
  afterAll(() => house.close());

  it('stays within its bounds over many orders, and what was let go is known again', async () => {
    const first = await house.order('chn_dist', one('K-first'));
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < ORDERS) {
        const { state } = await house.order('chn_dist', one(`K-${next++}`));
        expect(state).toBe(OrderState.COMPLETED);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    for (const follower of house.running.followers()) await follower.caughtUp();
    const held = mockHosts.map(({ cached }) => cached);
    expect(Math.max(...held)).toBeLessThanOrEqual(HELD_MAX);
    // Those that have a stream per order or more: orders, verdicts, money of the journal's shards apart. The older half is let go at once.
    expect(held.filter((cached) => cached >= HELD_MAX / 2).length).toBeGreaterThanOrEqual(2);
    expect(mockHosts.map(({ conflicts }) => conflicts)).toEqual(mockHosts.map(() => 0));
    const { recentBytes, bytesWritten } = house.running.store.stats();
    expect(bytesWritten).toBeGreaterThan(RECENT_MAX);
    expect(recentBytes).toBeLessThanOrEqual(RECENT_MAX);
    expect(house.running.followers().map((follower) => follower.lag().events)).toEqual(house.running.followers().map(() => 0));
    expect(await house.order('chn_dist', one('K-first'))).toMatchObject({ orderId: first.orderId, state: OrderState.COMPLETED });
  }, 120_000);
});
