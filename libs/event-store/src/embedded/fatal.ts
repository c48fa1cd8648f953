import type { Fault } from '@vouchsafe/kernel';
import { brokenFault } from './faults.js';

/** Remembers the first failure after which nothing may be written any more, and tells everyone who must know. */
export class Fatal {
  readonly #listeners: ((fault: Fault) => void)[] = [];
  #fault: Fault | undefined;

  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Called at most once, in the order of registration. */
  onBreak(listener: (fault: Fault) => void): void {
    this.#listeners.push(listener);
  }

  /** A write or flush failed. Later calls change nothing. */
  readonly break = (error: unknown): void => {
    if (this.#fault) return;
    const fault = brokenFault(error);
    this.#fault = fault;
    for (const listener of this.#listeners) listener(fault);
  };
}
