import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { EXIT } from '../speech.js';
import { exitOfApply, exitOfOrder } from './exit-of.js';

it('tells scripts what the platform refused', () => {
  const refused = [OrderState.REJECTED, OrderState.CANCELLED];
  const states = Object.values(OrderState).filter((state) => typeof state === 'number');
  expect(states.filter((state) => exitOfOrder({ state }) === EXIT.refused)).toEqual(expect.arrayContaining(refused));
  expect(states.filter((state) => exitOfOrder({ state }) === EXIT.refused)).toHaveLength(refused.length);
  expect([exitOfApply({ problems: [] }), exitOfApply({ problems: [{}] })]).toEqual([EXIT.ok, EXIT.refused]);
});
