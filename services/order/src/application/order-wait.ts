import { type Instant, plusMs } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { Folded, Soon } from '@vouchsafe/event-store';
import { isLive, type Order } from '../domain/order-state.js';
import type { OrderHost } from './course-runner.js';
import { orderStream } from './names.js';
import type { OrderWatch } from './order-watch.js';

export type OrderWaitOptions = {
  readonly host: OrderHost;
  readonly watch: OrderWatch;
  readonly clock: Clock;
  /** True where this process alone writes: then every change is heard of here. */
  readonly exclusive: boolean;
  /** Whether the buyer of an order can be told how to pay. */
  readonly canPay: (orderId: string) => Promise<boolean>;
};
/** Another replica's changes are looked up while somebody waits: soon at first, then ever more rarely, for many who wait long would else be a load of their own. */
const LOOK_MS = 250;
const LOOK_MAX_MS = 2_000;

/** Follows an order for a caller that waits; in memory where this process takes it through its course, else by the store. */
export class OrderWait {
  constructor(readonly options: OrderWaitOptions) {}

  /** The order as soon as it is final, awaits payment or is in review; after `waitMs` as it is then. */
  settled(orderId: string, waitMs: number): Soon<Folded<Order>> {
    const folded = this.#known(orderId) ?? this.#look(orderId);
    return !(folded instanceof Promise) && (waitMs <= 0 || isFinal(folded.state)) ? folded : this.#settled(orderId, waitMs);
  }

  async #settled(orderId: string, waitMs: number): Promise<Folded<Order>> {
    const { watch, clock } = this.options;
    const until = plusMs(clock.now(), waitMs);
    const waiter = watch.open(orderId, mayRest);
    try {
      for (let looks = 0; ; looks++) {
        const known = this.#known(orderId);
        const coming = known && (looks === 0 || isFinal(known.state)) ? known : this.#look(orderId);
        const folded = coming instanceof Promise ? await coming : coming;
        const left = until - clock.now();
        if (left <= 0 || isFinal(folded.state) || (mayRest(folded.state) && (await this.#rests(orderId, folded.state)))) return folded;
        await waiter.changed(this.#patience(left, looks));
      }
    } finally {
      waiter.close();
    }
  }

  /** The order now and after each change, until it is final or `until`. */
  async *changes(orderId: string, until: Instant, signal: AbortSignal | undefined): AsyncIterable<Folded<Order>> {
    const { watch, clock } = this.options;
    const waiter = watch.open(orderId);
    // Whoever hung up is not waited for: an hour's wait of each would pile up.
    const hungUp = (): void => waiter.wake();
    signal?.addEventListener('abort', hungUp, { once: true });
    try {
      for (let seen = -2; !signal?.aborted; ) {
        const folded = await this.#look(orderId);
        if (folded.revision > seen) yield folded;
        seen = folded.revision;
        const left = until - clock.now();
        if (left <= 0 || isFinal(folded.state)) return;
        await waiter.changed(this.#patience(left));
      }
    } finally {
      signal?.removeEventListener('abort', hungUp);
      waiter.close();
    }
  }

  /** Whoever waits has just placed it, or heard here that it ended: neither is asked of a store elsewhere again. */
  #known(orderId: string): Folded<Order> | undefined {
    return this.options.exclusive ? undefined : this.options.host.remembered(orderStream(orderId));
  }
  #look(orderId: string): Soon<Folded<Order>> {
    return this.options.host.look(orderStream(orderId));
  }
  #patience(leftMs: number, looks = 0): number {
    return this.options.exclusive ? leftMs : Math.min(leftMs, LOOK_MAX_MS, LOOK_MS * 2 ** looks);
  }
  /** Of an order that {@link mayRest}. */
  async #rests(orderId: string, order: Order): Promise<boolean> {
    return (isLive(order) && order.step === 'placed' && order.review === 'begun') || this.options.canPay(orderId);
  }
}

const isFinal = (order: Order): boolean => order.step === 'absent' || order.step === 'refused' || order.step === 'ended';
const mayRest = (order: Order): boolean => isFinal(order) || (order.step === 'placed' && (order.review === 'begun' || order.payment === 'awaited'));
