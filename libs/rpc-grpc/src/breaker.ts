import { BrokenCircuitError, circuitBreaker, type CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { Fault } from '@vouchsafe/kernel';

/** What failed on the way to a service, as told apart from what the service said. */
export class WayError extends Error {
  constructor(readonly fault: Error) {
    super(fault.message);
  }
}

/** Opened by so many failures of the way in a row; then nobody is asked for a moment, and one call tries. */
const FAILURES = 10;
const OPEN_MS = 1_000;

/**
 * Spares a service that does not answer, and its callers the waiting: grpc-js notices a refused connection at once, but not
 * a process that takes calls and is silent. Answers of any kind, refusals and faults included, count as life.
 */
export class Breaker {
  readonly #policy: CircuitBreakerPolicy = circuitBreaker(handleWhen((error) => error instanceof WayError), { halfOpenAfter: OPEN_MS, breaker: new ConsecutiveBreaker(FAILURES) });
  readonly #service: string;

  constructor(service: string) {
    this.#service = service;
  }

  get isOpen(): boolean {
    return this.#policy.state === CircuitState.Open;
  }

  /** Runs `call`, unless the circuit is open: then Fault `UNAVAILABLE` at once. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      if (error instanceof WayError) throw error.fault;
      if (error instanceof BrokenCircuitError) throw new Fault('UNAVAILABLE', `${this.#service} did not answer of late and is asked again in a moment`);
      throw error;
    }
  }
}
