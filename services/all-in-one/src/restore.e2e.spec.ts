import { readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { backup, restore } from '@vouchsafe/backup';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type Order, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { House } from './testing/house.js';

const VIDEO = 'prd_video-month';
const COFFEE = 'prd_coffee';
const codes = (prefix: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(6, '0')}`);

/** RULES, Secrets 4: back up; import, sell, disclose, redeem and erase; restore; do it all again: no code twice, nothing redeemed twice. */
describe('a restored backup', () => {
  let house: House;
  let numbers = 0;
  let sequences = 0n;
  beforeAll(async () => {
    house = await House.open();
    await house.furnish();
  });
  afterAll(() => house.close());

  const buy = (productId: string, quantity: number, number = `N-${++numbers}`): Promise<Order> =>
    house.order('chn_dist', { number, lines: [{ productId, quantity }], buyer: { ref: `buyer-${number}` } });
  const buyCodes = async (productId: string, quantity: number): Promise<readonly string[]> => {
    const order = await buy(productId, quantity);
    expect(order.state).toBe(OrderState.COMPLETED);
    return (await house.disclose('chn_dist', order.orderId)).map(({ code }) => code);
  };
  const redeem = (code: string): Promise<string> =>
    house.rpc
      .call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: code }, sequence: ++sequences, scene: 'counter' }, house.terminal('trm_lake-1'))
      .then(() => 'REDEEMED', (error: Error) => error.message);
  const freeOf = async (productId: string): Promise<number> => Number((await house.rpc.call(InventoryService.method.getStock, { productId }, house.admin)).free);
  const folder = (...parts: string[]): string => path.join(house.folder, ...parts);

  const erase = async (buyer: string, validateOnly: boolean): Promise<number> =>
    (await house.rpc.call(AccessService.method.eraseSubject, { value: { kind: 'buyer', value: buyer, channelId: 'chn_dist' }, reason: 'asked by the person', validateOnly }, house.admin)).subjects.length;

  it('sells no code and redeems no voucher again, and takes in nothing twice', async () => {
    await house.stock(VIDEO, 'sup_video', codes('VIDEO', 30));
    const doomed = await house.stock(VIDEO, 'sup_video', codes('DOOMED', 5));
    await house.mint(COFFEE, 20);
    const [early] = await buyCodes(COFFEE, 1); // delivered before the backup, used after it
    await buy(VIDEO, 1, 'E-1');
    await buy(VIDEO, 1, 'E-2');
    const { id, epoch } = JSON.parse(readFileSync(folder('data', 'sandbox', 'deployment.json'), 'utf8')) as { id: string; epoch: number };
    await backup({ data: folder('data', 'sandbox'), target: folder('backup'), namespace: 'sandbox', deployment: { id, epoch }, log: house.running.store, clock: systemClock() });

    const sold = await buyCodes(VIDEO, 7);
    const coffees = await buyCodes(COFFEE, 3);
    expect([await redeem(coffees[0]!), await redeem(early!)]).toEqual(['REDEEMED', 'REDEEMED']);
    await house.stock(VIDEO, 'sup_video', codes('LATER', 10));
    await house.rpc.call(InventoryService.method.eraseBatch, { batchId: doomed, reason: 'contract ended', requestId: 'e-1' }, house.admin);

    expect([await erase('buyer-E-1', false), await erase('buyer-E-2', true)]).toEqual([1, 1]);

    await house.stop();
    renameSync(folder('data', 'sandbox'), folder('data', 'lost'));
    await restore({ from: folder('backup'), data: folder('data', 'sandbox'), marker: folder('journal', 'sandbox'), log: silentLog });
    await house.start();

    expect([await erase('buyer-E-1', true), await erase('buyer-E-2', true)]).toEqual([0, 1]); // who was erased stays so, and nobody else
    expect((await buy(VIDEO, 1)).state).toBe(OrderState.REJECTED); // held
    for (const productId of [VIDEO, COFFEE]) await house.rpc.call(InventoryService.method.releasePoolHold, { productId }, house.admin);
    expect([await freeOf(VIDEO), await freeOf(COFFEE)]).toEqual([28 - 7, 19 - 3]);

    const again = [...(await buyCodes(VIDEO, 21)), ...(await buyCodes(COFFEE, 16))];
    expect(again.filter((code) => sold.includes(code) || coffees.includes(code) || code.startsWith('DOOMED'))).toEqual([]);
    expect(new Set(again).size).toBe(37);
    expect(await redeem(early!)).toBe('ALREADY_REDEEMED');
    for (const code of coffees) expect(await redeem(code)).not.toBe('REDEEMED');
    await expect(house.stock(VIDEO, 'sup_video', codes('LATER', 10))).rejects.toThrow('IMPORT_EMPTY');
  }, 60_000);
});
