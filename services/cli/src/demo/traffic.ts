import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { Connection } from '../client/connection.js';
import type { Ready } from '../drive/server.js';

/** One order that a channel was answered about. */
export type Acked = { readonly channelId: string; readonly number: string; readonly orderId: string; readonly state: OrderState; readonly productId: string };
export type TrafficPlan = {
  readonly orders: number;
  readonly inFlight: number;
  /** First number of this stretch. */
  readonly from: number;
  readonly seen?: (done: number) => void;
};

type Play = { readonly channelId: string; readonly keyVariable: string; readonly productId: string; readonly quantity: number; readonly buyer: string; readonly device: string; readonly ip: string; readonly phone?: string };

/** Every twentieth order is a scalper's: many names, one device and one address. */
const SCALPER_EVERY = 20;
const SCALPERS = 3;
/** The sandbox provider does as the account's last two digits tell it: 01 fails at once, 88 succeeds. */
const phoneOf = (n: number): string => `139${String(n).padStart(6, '0').slice(-6)}${n % 100 === 8 ? '01' : '88'}`;
/** An address of its own for each honest buyer (198.18.0.0/15 is set aside for tests, RFC 2544). */
const addressOf = (n: number): string => `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`;

/** What the `n`th order is: channels, products and buyers by turns, the same in every run. */
export const playOf = (n: number): Play => {
  const scalper = n % SCALPER_EVERY === 0;
  const who = { buyer: `buyer-${n}`, device: scalper ? `rig-${n % SCALPERS}` : `phone-${n}`, ip: scalper ? `203.0.113.${n % SCALPERS}` : addressOf(n) };
  const turn = n % 10;
  if (turn < 5) return { channelId: 'chn_dist', keyVariable: 'VOUCHSAFE_KEY_DIST', productId: 'prd_video-month', quantity: 1 + (n % 3), ...who };
  if (turn < 7) return { channelId: 'chn_corp', keyVariable: 'VOUCHSAFE_KEY_CORP', productId: 'prd_coffee', quantity: 1, ...who };
  if (turn === 7) return { channelId: 'chn_dist', keyVariable: 'VOUCHSAFE_KEY_DIST', productId: 'prd_course-seat', quantity: 1, ...who };
  if (turn === 8) return { channelId: 'chn_dist.shop', keyVariable: 'VOUCHSAFE_KEY_DIST_SHOP', productId: 'prd_phone-10', quantity: 1, phone: phoneOf(n), ...who };
  return { channelId: 'chn_corp', keyVariable: 'VOUCHSAFE_KEY_CORP', productId: 'prd_coffee-ten', quantity: 1, ...who };
};

/** Connections of every channel, by the variable of its key. */
export class Channels {
  readonly #connections = new Map<string, Connection>();
  constructor(readonly ready: Ready) {}
  of(keyVariable: string): Connection {
    const known = this.#connections.get(keyVariable);
    if (known) return known;
    const connection = new Connection({ grpc: this.ready.grpc, key: this.ready.keys[keyVariable] ?? '' });
    this.#connections.set(keyVariable, connection);
    return connection;
  }
  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }
}

export const placeOrder = (channels: Channels, n: number, waitMs = 5_000, prefix = 'D'): Promise<Order> => {
  const { keyVariable, productId, quantity, buyer, device, ip, phone } = playOf(n);
  return channels.of(keyVariable).call(OrderService.method.placeOrder, {
    number: `${prefix}-${n}`, waitMs, buyer: { ref: buyer, device, ip },
    lines: [{ productId, quantity, ...(phone && { accountFields: { phone } }) }],
  });
};

const FINAL = [OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED];

/** Places `orders` orders, `inFlight` at once; gives those that were answered with an end. Those interrupted are left for a retry. */
export const play = async (channels: Channels, { orders, inFlight, from, seen }: TrafficPlan): Promise<{ readonly acked: readonly Acked[]; readonly open: readonly number[]; readonly ms: readonly number[] }> => {
  const acked: Acked[] = [];
  const open: number[] = [];
  const ms: number[] = [];
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < from + orders) {
      const n = next++;
      const began = performance.now();
      try {
        const order = await placeOrder(channels, n);
        ms.push(performance.now() - began);
        if (FINAL.includes(order.state)) acked.push({ channelId: order.channelId, number: order.number, orderId: order.orderId, state: order.state, productId: playOf(n).productId });
        else open.push(n);
      } catch {
        open.push(n); // nobody answered: whether it was placed is asked again under the same number
      }
      seen?.(acked.length);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { acked, open, ms };
};
