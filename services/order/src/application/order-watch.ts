import { type DeadlineWheel, Ticket } from '@vouchsafe/bus';
import type { Order } from '../domain/order-state.js';

/** Whether a change of an order is one to wake for. */
type Interest = (order: Order) => boolean;

/** Someone who waits for changes of one order (or refund). Close it, or it is kept for ever. */
export class Waiter extends Ticket {
  #missed = false;
  #resolve: (() => void) | undefined = undefined;

  constructor(readonly watch: OrderWatch, readonly id: string, readonly interest: Interest | undefined) {
    super();
  }

  /** Settles at the next change, or one that came since the last call, or after about `ms`. */
  changed(ms: number): Promise<void> {
    if (this.#missed) {
      this.#missed = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.watch.wheel.watch(this, ms);
    });
  }

  /** Ends the wait as a change would. */
  wake(): void {
    const resolve = this.#resolve;
    if (!resolve) {
      this.#missed = true;
      return;
    }
    this.#resolve = undefined;
    this.watch.wheel.cancel(this);
    resolve();
  }
  fire(): void {
    this.wake();
  }
  close(): void {
    this.watch.wheel.cancel(this);
    this.watch.forget(this);
  }
}

/** Tells waiting calls in this process that an order (or a refund) has changed. Kept only while somebody waits. */
export class OrderWatch {
  readonly #waiting = new Map<string, readonly Waiter[]>();
  constructor(readonly wheel: DeadlineWheel) {}

  /** `order`: what it is now; without it everybody who waits is told. */
  notify(id: string, order?: Order): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    for (const waiter of waiting) if (!order || !waiter.interest || waiter.interest(order)) waiter.wake();
  }

  /** `interest`: changes it is to be told of; all, where there is none. */
  open(id: string, interest?: Interest): Waiter {
    const waiter = new Waiter(this, id, interest);
    const others = this.#waiting.get(id);
    this.#waiting.set(id, others ? [...others, waiter] : [waiter]);
    return waiter;
  }
  forget(waiter: Waiter): void {
    const others = this.#waiting.get(waiter.id)?.filter((other) => other !== waiter) ?? [];
    if (others.length > 0) this.#waiting.set(waiter.id, others);
    else this.#waiting.delete(waiter.id);
  }
}
