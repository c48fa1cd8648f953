import { specification } from '@vouchsafe/testing';
import * as fc from 'fast-check';
import { buyerLimit as decider, type BuyerLimitCommand } from './buyer-limit.js';
import { later, PRODUCT, T0 } from './stock.samples.js';

const limit = specification(decider);
const take = (n: number, quantity: number, max = 5): BuyerLimitCommand => ({ type: 'TakeFromLimit', reservationId: `rsv_${n}`, productId: PRODUCT, quantity, limit: max, notAfter: later(60_000), at: T0 });
const back = (n: number, id: string, quantity?: number): BuyerLimitCommand => ({ type: 'GiveBackToLimit', reservationId: `rsv_${n}`, giveBackId: id, quantity, at: T0 });
const taken = (n: number, quantity: number) => ({ type: 'BuyerQuantityTaken', reservationId: `rsv_${n}`, productId: PRODUCT, quantity, notAfter: later(60_000), at: T0 }) as const;
const given = (n: number, id: string, quantity: number) => ({ type: 'BuyerQuantityGivenBack', reservationId: `rsv_${n}`, giveBackId: id, quantity, at: T0 }) as const;

it('lets a buyer have up to the limit, a retry counted once', () => {
  limit.given().when(take(1, 5)).then(taken(1, 5));
  limit.given(taken(1, 5)).when(take(1, 5)).then();
  limit.given(taken(1, 4)).when(take(2, 2)).rejected('BUYER_LIMIT_REACHED', { limit: '5', taken: '4' });
});
it('takes units back once per reason, in part or all that is left', () => {
  limit.given(taken(1, 4)).when(back(1, 'rfd_1', 1)).then(given(1, 'rfd_1', 1));
  limit.given(taken(1, 4), given(1, 'rfd_1', 1)).when(back(1, 'rfd_1', 1)).then();
  limit.given(taken(1, 4), given(1, 'rfd_1', 1)).when(back(1, 'released')).then(given(1, 'released', 3));
  limit.given(taken(1, 4), given(1, 'released', 4)).when(back(1, 'rfd_2', 1)).then();
});
it('never lets a buyer hold more than the limit, whatever is asked how often', () => {
  const command = fc.oneof(
    fc.record({ n: fc.nat(4), quantity: fc.integer({ min: 1, max: 4 }) }).map(({ n, quantity }) => take(n, quantity)),
    fc.record({ n: fc.nat(4), id: fc.nat(3), quantity: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }) }).map(({ n, id, quantity }) => back(n, `g${id}`, quantity)),
  );
  fc.assert(fc.property(fc.array(command, { maxLength: 50 }), (commands) => {
    const { taken: sum, holdings } = limit.run([], commands.flatMap((one) => [one, one]));
    expect(sum).toBe([...holdings.values()].reduce((n, { quantity }) => n + quantity, 0));
    expect(sum).toBeGreaterThanOrEqual(0);
    expect(sum).toBeLessThanOrEqual(5);
  }));
});
