import type { Clock } from '@vouchsafe/runtime';

/** One life of a process in a simulation. After {@link Incarnation.kill} none of its waits ever ends: it takes no further step. */
export class Incarnation {
  #dead = false;

  get dead(): boolean {
    return this.#dead;
  }
  kill(): void {
    this.#dead = true;
  }

  /** What `work` gives, unless this life ended meanwhile: then it never settles. */
  living<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => { if (!this.#dead) resolve(value); },
        (error: unknown) => { if (!this.#dead) reject(error as Error); },
      );
    });
  }

  /** A clock whose sleepers of this life sleep for ever once it has ended. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      sleep: (ms, signal) => this.living(clock.sleep(ms, signal)),
    };
  }

  /** `port` with every promise of it bound to this life. Synchronous answers and iterables pass as they are. */
  guard<P extends object>(port: P): P {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (this.#dead) return new Promise(() => {});
          const answer: unknown = Reflect.apply(member, target, args);
          return answer instanceof Promise ? this.living(answer) : answer;
        };
      },
    });
  }
}
