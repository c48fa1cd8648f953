/** What is needed of a call that answers with a stream. */
export type Outlet<T> = {
  readonly cancelled: boolean;
  write(message: T): boolean;
  on(event: string, listener: () => void): unknown;
  once(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
};

/** Why a signal aborted; one for all, for each call ends so, and an exception of its own would cost each. */
const GONE = Symbol('gone');

/** Where answers of a stream go: waits while the peer reads slowly, and knows when nobody listens any more. */
export class Sink<T> {
  readonly #call: Outlet<T>;
  readonly #gone = new AbortController();
  readonly signal: AbortSignal;

  /** `closing` ends it from our side. */
  constructor(call: Outlet<T>, closing: AbortSignal) {
    this.#call = call;
    this.signal = AbortSignal.any([this.#gone.signal, closing]);
    const gone = (): void => this.#gone.abort(GONE);
    call.on('cancelled', gone);
    call.on('close', gone);
    call.on('error', gone);
    if (call.cancelled) gone();
  }

  async send(message: T): Promise<void> {
    if (this.signal.aborted || this.#call.write(message)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#call.off('drain', done);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      this.#call.once('drain', done);
      this.signal.addEventListener('abort', done, { once: true });
    });
  }
}
