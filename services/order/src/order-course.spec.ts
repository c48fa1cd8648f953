import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { CHANNEL, orderHouse, type OrderHouse } from './testing/order-house.js';

describe('a prepaid order of one code', () => {
  let house: OrderHouse;
  beforeEach(async () => {
    house = await orderHouse();
  });
  afterEach(() => house.close());

  it('is completed by three events of its own', async () => {
    const order = await house.place({ number: 'A-1', lines: [{ productId: 'prd_code', quantity: 1 }] });
    expect(order).toMatchObject({ state: OrderState.COMPLETED, number: 'A-1', channelId: CHANNEL });
    expect(order.lines[0]).toMatchObject({ ordered: 1, delivered: 1, failed: 0 });
    expect(await house.events(`order-${order.orderId}`)).toEqual(['OrderPlaced', 'OrderConfirmed', 'OrderCompleted']);
    expect(house.around.handled).toEqual(['ReserveVouchers', 'HoldFunds', 'CommitReservation', 'ActivateGrant', 'CaptureHold']);
    expect(house.around.balances.get('acc_prepaid.shop.CNY')).toBe(99_010n);
  });
});
