import { claim, commit, later, received, release, reserve, T0, units } from '../domain/stock.samples.js';
import { stock } from '../domain/stock.js';
import type { Stock, StockCommand } from '../domain/stock-types.js';
import { stockShape } from './pool-snapshots.js';

const run = (commands: readonly StockCommand[]): Stock => {
  let state = [received(50, { segments: [units(0, 20, { validUntil: later(1e9) }), units(20, 50)] })].reduce(stock.evolve, stock.initial);
  for (const command of commands) {
    const decision = stock.decide(command, state);
    if (decision.ok) state = decision.events.reduce(stock.evolve, state);
  }
  return state;
};
const past: readonly StockCommand[] = [
  reserve(1, 5), reserve(2, 7), commit(1), release(2), reserve(3, 2), reserve(4, 1), commit(4), release(9),
  { type: 'ReturnUnits', refundId: 'rfd_1', reservationId: 'rsv_1', ranges: [units(1, 3)], at: T0 }, { type: 'VoidUnits', ranges: [units(30, 33)], reason: 'torn', at: T0 },
];
const next: readonly StockCommand[] = [
  reserve(5, 20), reserve(1, 5), reserve(2, 7), commit(3), commit(1), release(1), { type: 'SweepReservations', at: later(1e6) }, { type: 'ExpireStock', at: later(1e9) },
  { type: 'ReturnUnits', refundId: 'rfd_1', reservationId: 'rsv_1', ranges: [units(1, 3)], at: T0 }, { type: 'RecallBatch', batchId: 'bat_a', reason: 'bad', at: T0 },
];

it('a pool read back from its snapshot is the pool, and decides the same', () => {
  const state = run(past);
  const again = stockShape.read(JSON.parse(JSON.stringify(stockShape.write(state))), '');
  expect(stockShape.write(again)).toEqual(stockShape.write(state));
  for (const part of ['open', 'quotas'] as const) expect(new Map<string, unknown>(again[part])).toEqual(new Map<string, unknown>(state[part]));
  for (const command of next) expect(stock.decide(command, again)).toEqual(stock.decide(command, state));
});
it('a pool with very much pending is not written down', () => {
  let state = run([]);
  const event = { type: 'ReleaseRemembered', notAfter: later(60_000), at: T0 } as const;
  for (let i = 0; i <= 20_000; i++) state = stock.evolve(state, { ...event, reservationId: claim(i).reservationId });
  expect(() => stockShape.write(state)).toThrow('pending');
});
