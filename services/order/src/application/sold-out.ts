import { type Instant, plusMs } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';

const FLAGS_MAX = 5_000;
/** A flag nobody renewed lets one order through to ask the pool itself: a lost StockAvailable must not close a product for ever. */
const FLAG_MS = 300_000;

/** Products whose pool said that nothing is left. No decision, only the door: the pool decides. */
export class SoldOutFlags {
  readonly #until = new LRUCache<string, Instant>({ max: FLAGS_MAX });
  constructor(readonly clock: Clock) {}

  exhausted(productId: string): void {
    this.#until.set(productId, plusMs(this.clock.now(), FLAG_MS));
  }
  available(productId: string): void {
    this.#until.delete(productId);
  }
  has(productId: string): boolean {
    const until = this.#until.get(productId);
    return until !== undefined && until > this.clock.now();
  }
}
