import type { EventStore } from '@vouchsafe/event-store';
import type { Clock } from '@vouchsafe/runtime';

/** One life of a process in a simulation. After {@link Incarnation.kill} none of its waits ever ends: it takes no further step. */
export class Incarnation {
  #dead = false;
  /** Relays to a life's own signals; Node keeps every signal that is listened to alive for ever, so they end with the life. */
  readonly #relays = new Set<() => void>();

  get dead(): boolean {
    return this.#dead;
  }
  kill(): void {
    this.#dead = true;
    for (const end of this.#relays) end();
    this.#relays.clear();
  }

  /** A signal that follows `signal` and is aborted when this life ends. */
  relay(signal: AbortSignal): AbortSignal {
    const own = new AbortController();
    const end = (): void => {
      signal.removeEventListener('abort', end);
      this.#relays.delete(end);
      own.abort();
    };
    signal.addEventListener('abort', end, { once: true });
    this.#relays.add(end);
    return own.signal;
  }

  /** What `work` gives, unless this life ended meanwhile: then it never settles. */
  living<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => { if (!this.#dead) resolve(value); },
        (error: unknown) => { if (!this.#dead) reject(error); },
      );
    });
  }

  /** A clock whose sleepers of this life sleep for ever once it has ended. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      sleep: (ms, signal) => this.living(this.#sleep(clock, ms, signal)),
    };
  }
  async #sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (!signal) return clock.sleep(ms);
    if (signal.aborted) return;
    const own = new AbortController();
    const end = (): void => own.abort();
    signal.addEventListener('abort', end, { once: true });
    this.#relays.add(end);
    await clock.sleep(ms, own.signal);
    signal.removeEventListener('abort', end);
    this.#relays.delete(end);
  }

  /** The store as this life sees it: its subscriptions end with it. */
  store<S extends EventStore>(store: S): S {
    const guarded = this.guard(store);
    return new Proxy(guarded, {
      get: (target, name) =>
        name === 'subscribe'
          ? (options: Parameters<EventStore['subscribe']>[0]) => (this.#dead ? neverAgain() : store.subscribe({ ...options, signal: this.relay(options.signal) }))
          : (Reflect.get(target, name, target) as unknown),
    });
  }

  /** `port` with every promise of it bound to this life. Synchronous answers and iterables pass as they are. */
  guard<P extends object>(port: P): P {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (this.#dead) return new Promise(() => {}); // a fresh one each time: awaiting a shared one would keep every waiter alive
          const answer: unknown = Reflect.apply(member, target, args);
          return answer instanceof Promise ? this.living(answer) : answer;
        };
      },
    });
  }
}

async function* neverAgain(): AsyncGenerator<never> {
  await new Promise(() => {});
}
