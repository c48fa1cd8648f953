import { type Instant, instant } from '@vouchsafe/kernel';
import * as fc from 'fast-check';
import { onShelf } from './shelf.js';
import { stock } from './stock.js';
import { claim, later, received, T0, units } from './stock.samples.js';
import type { Stock, StockCommand, StockEvent } from './stock-types.js';

/** The oracle: one entry per unit, nothing clever. */
type Oracle = { place: Map<string, string>; at: number };
const unitsOf = (ranges: readonly { batchId: string; from: number; to: number }[]): string[] =>
  ranges.flatMap(({ batchId, from, to }) => Array.from({ length: to - from }, (_, i) => `${batchId}/${from + i}`));

/** Every command twice: the second time nothing may change (a retry after a crash). */
const ask = (state: Stock, command: StockCommand): { state: Stock; events: readonly StockEvent[] } => {
  const first = stock.decide(command, state);
  if (!first.ok) return { state, events: [] };
  const after = first.events.reduce(stock.evolve, state);
  const again = stock.decide(command, after);
  if (command.type !== 'SweepReservations') expect(again.ok ? again.events : []).toEqual([]);
  return { state: after, events: first.events };
};

const move = (oracle: Oracle, events: readonly StockEvent[], open: ReadonlyMap<string, readonly string[]>): void => {
  const put = (names: readonly string[], from: RegExp, to: string): void => {
    for (const name of names) {
      expect(oracle.place.get(name) ?? 'nowhere').toMatch(from);
      oracle.place.set(name, to);
    }
  };
  for (const event of events) {
    switch (event.type) {
      case 'StockReceived': put(unitsOf(event.segments), /^nowhere$/, 'free'); break;
      case 'VouchersReserved': put(unitsOf(event.ranges), /^free$/, `held ${event.claim.reservationId}`); break;
      case 'ReservationCommitted': put(unitsOf(event.ranges), new RegExp(`^held ${event.claim.reservationId}$`), `sold ${event.claim.reservationId}`); break;
      case 'ReservationReleased': put(unitsOf(event.ranges), new RegExp(`^(held|sold) ${event.claim.reservationId}$`), 'free'); break;
      case 'ReservationsExpired':
        for (const { claim: { reservationId } } of event.expired) put(open.get(reservationId)!, new RegExp(`^held ${reservationId}$`), 'free');
        break;
      case 'UnitsReturned': put(unitsOf(event.ranges), new RegExp(`^sold ${event.claim.reservationId}$`), 'free'); break;
      case 'UnitsLost': put(unitsOf(event.ranges), /^free$/, 'lost'); break;
      case 'ReleaseRemembered':
      case 'BatchRecalled':
      case 'PoolHeld':
      case 'PoolHoldReleased':
      case 'StockAvailable':
      case 'StockExhausted':
      case 'StockLow': break;
    }
  }
};
const counted = (oracle: Oracle, word: string): number => [...oracle.place.values()].filter((place) => place.startsWith(word)).length;

const agree = (oracle: Oracle, state: Stock): void => {
  const free = unitsOf(onShelf(state.shelf, (range) => [range]));
  expect(new Set(free).size).toBe(free.length);
  for (const name of free) expect(oracle.place.get(name)).toBe('free');
  expect([state.shelf.free, state.reserved, state.sold, state.lost]).toEqual(['free', 'held', 'sold', 'lost'].map((word) => counted(oracle, word)));
  expect(state.shelf.free).toBe(free.length);
  expect([...state.quotas.values()].reduce((a, b) => a + b, 0)).toBe(state.reserved + state.sold);
  for (const lane of state.shelf.lanes) expect(lane.free).toBeGreaterThan(0);
};

const n = fc.integer({ min: 1, max: 8 });
const tick = fc.integer({ min: 0, max: 40 });
const anyCommand = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('reserve' as const), n, quantity: fc.integer({ min: 1, max: 6 }), tick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), n, tick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), n, tick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('return' as const), n, refund: fc.integer({ min: 1, max: 20 }), skip: fc.nat(3), tick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), tick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), tick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('receive' as const), n, tick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('void' as const), from: fc.nat(25), size: fc.integer({ min: 1, max: 3 }), tick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recall' as const), n, tick }) },
);
type Any = typeof anyCommand extends fc.Arbitrary<infer T> ? T : never;

const commandOf = (any: Any, at: Instant, oracle: Oracle): StockCommand => {
  switch (any.kind) {
    case 'reserve': return { type: 'ReserveVouchers', claim: claim(any.n), quantity: any.quantity, notAfter: instant(at + 30), heldUntil: instant(at + 60), at };
    case 'commit': return { type: 'CommitReservation', reservationId: `rsv_${any.n}`, at };
    case 'release': return { type: 'ReleaseReservation', reservationId: `rsv_${any.n}`, notAfter: instant(at + 30), reason: 'X', at };
    case 'return': {
      const mine = [...oracle.place].filter(([, place]) => place === `sold rsv_${any.n}`).map(([name]) => name)[any.skip] ?? 'bat_a/0';
      const [batchId, index] = mine.split('/') as [string, string];
      return { type: 'ReturnUnits', refundId: `rfd_${any.refund}`, reservationId: `rsv_${any.n}`, ranges: [{ batchId, from: Number(index), to: Number(index) + 1 }], at };
    }
    case 'sweep': return { type: 'SweepReservations', at };
    case 'expire': return { type: 'ExpireStock', at };
    case 'receive': {
      const of = { batchId: `bat_${any.n}` };
      const segments = [units(0, 5, of), units(5, 9, { ...of, validUntil: instant(at + 300) })];
      return { ...(received(9) as Extract<StockEvent, { type: 'StockReceived' }>), type: 'ReceiveBatch', batchId: of.batchId, segments, at };
    }
    case 'void': return { type: 'VoidUnits', ranges: [units(any.from, any.from + any.size)], reason: 'lost', at };
    case 'recall': return { type: 'RecallBatch', batchId: `bat_${any.n}`, reason: 'bad', at };
  }
};

it('never sells a unit twice nor loses one, whatever is asked, in whatever order, however often', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
      const oracle: Oracle = { place: new Map(), at: T0 };
      let state = [received(25)].reduce(stock.evolve, stock.initial);
      move(oracle, [received(25)], new Map());
      for (const any of commands) {
        oracle.at += any.tick;
        const open = new Map([...state.open].map(([id, { ranges }]) => [id, unitsOf(ranges)]));
        const command = commandOf(any, instant(oracle.at), oracle);
        const canBuy = state.shelf.lanes.filter(({ validUntil }) => validUntil > oracle.at).reduce((sum, lane) => sum + lane.free, 0);
        const result = ask(state, command);
        state = result.state;
        if (command.type === 'ReserveVouchers' && !open.has(command.claim.reservationId) && canBuy >= command.quantity)
          expect(result.events.length > 0 || recalledId(state, command.claim.reservationId)).toBe(true);
        move(oracle, result.events, open);
        agree(oracle, state);
      }
    }),
    { numRuns: 400 },
  );
});
const recalledId = (state: Stock, id: string): boolean => state.memory.recent.has(id) || state.memory.older.has(id);

it('holds its memory of answers within the horizon of commands', () => {
  let state = received(100_000) && [received(100_000)].reduce(stock.evolve, stock.initial);
  for (let i = 0; i < 20_000; i++) {
    const at = later(i * 100);
    state = ask(state, { type: 'ReserveVouchers', claim: claim(i), quantity: 1, notAfter: instant(at + 1000), heldUntil: instant(at + 2000), at }).state;
    state = ask(state, { type: 'CommitReservation', reservationId: `rsv_${i}`, at }).state;
  }
  expect(state.sold).toBe(20_000);
  expect(state.memory.recent.size + state.memory.older.size).toBeLessThan(10_000);
  expect(state.due.size).toBe(0);
});
