import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { Connection, reasonOf } from '../client/connection.js';
import type { Ready } from '../drive/server.js';
import { type Acked, type Channels, playOf } from './traffic.js';

export type Redeemed = { readonly orderId: string; readonly voucherId: string };
export type RedeemingResult = {
  readonly redeemed: readonly Redeemed[];
  readonly disclosed: number;
  /** Refusals of a second use, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
};

const numberOf = (acked: Acked): number => Number(acked.number.replace(/^\D*/, ''));
/** The connection of the channel that placed it. */
export const buyerOf = (channels: Channels, acked: Acked): Connection => channels.of(playOf(numberOf(acked)).keyVariable);

/** Fetches the secrets of an order, as its channel would. */
export const disclose = async (connection: Connection, orderId: string): Promise<readonly { readonly voucherId: string; readonly code: string }[]> => {
  const secrets: { voucherId: string; code: string }[] = [];
  for await (const answer of connection.stream(FulfillmentService.method.discloseSecrets, { orderId })) secrets.push(...answer.secrets);
  return secrets;
};

/** Discloses own vouchers of `orders` and redeems each at a till, then once more to show the refusal. */
export const redeemAll = async (ready: Ready, channels: Channels, orders: readonly Acked[], firstSequence: number, seen: (done: number) => void): Promise<RedeemingResult> => {
  const tills = ['VOUCHSAFE_TERMINAL_KEY_LAKE_1', 'VOUCHSAFE_TERMINAL_KEY_LAKE_2', 'VOUCHSAFE_TERMINAL_KEY_STATION_1'].map((name) => new Connection({ grpc: ready.grpc, key: ready.keys[name] ?? '' }));
  const redeemed: Redeemed[] = [];
  const refusals: Record<string, number> = {};
  let disclosed = 0;
  let sequence = firstSequence;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < orders.length) {
      const order = orders[next++]!;
      for (const { code, voucherId } of await disclose(buyerOf(channels, order), order.orderId)) {
        disclosed++;
        const till = tills[sequence % tills.length]!;
        const use = (): Promise<unknown> => till.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: code }, sequence: BigInt(sequence++), scene: 'counter' });
        await use();
        redeemed.push({ orderId: order.orderId, voucherId });
        if (redeemed.length % 10 !== 0) continue;
        await use().then(() => { refusals.ACCEPTED_TWICE = (refusals.ACCEPTED_TWICE ?? 0) + 1; }, (error: unknown) => { refusals[reasonOf(error)] = (refusals[reasonOf(error)] ?? 0) + 1; });
      }
      seen(redeemed.length);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  for (const till of tills) till.close();
  return { redeemed, disclosed, refusals };
};

/** Takes one unit of each order back. */
export const refundAll = async (channels: Channels, orders: readonly Acked[]): Promise<number> => {
  let done = 0;
  for (const order of orders) {
    await buyerOf(channels, order).call(OrderService.method.createRefund, { orderId: order.orderId, requestId: `rf-${order.number}`, lines: [{ lineId: '1', quantity: 1 }], reason: 'demo' });
    done++;
  }
  return done;
};
