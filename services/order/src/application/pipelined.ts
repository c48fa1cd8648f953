/** A promise that someone else settles; `next()` begins anew once it was awaited. */
class Signal {
  #settle: (() => void) | undefined;
  #raised = false;
  raise(): void {
    this.#raised = true;
    this.#settle?.();
  }
  async next(): Promise<void> {
    if (!this.#raised) await new Promise<void>((resolve) => { this.#settle = resolve; });
    this.#raised = false;
  }
}

/**
 * Works on at most `concurrency` requests at once and yields results as they are ready, in any order. Reads no further while
 * that many are in progress or wait to be taken. `work` must not reject; a failing source ends the results with its error.
 */
export async function* pipelined<Q, R>(requests: AsyncIterable<Q>, concurrency: number, work: (request: Q) => Promise<R>): AsyncIterable<R> {
  const ready: R[] = [];
  const [news, room] = [new Signal(), new Signal()];
  const state = { working: 0, reading: true, stopped: false, failure: undefined as { error: unknown } | undefined };
  const start = async (request: Q): Promise<void> => {
    state.working++;
    ready.push(await work(request));
    state.working--;
    news.raise();
  };
  const read = async (): Promise<void> => {
    try {
      for await (const request of requests) {
        if (state.stopped) break;
        void start(request);
        while (state.working + ready.length >= concurrency && !state.stopped) await room.next();
      }
    } catch (error) {
      state.failure = { error };
    }
    state.reading = false;
    news.raise();
  };
  void read();
  try {
    while (state.reading || state.working > 0 || ready.length > 0) {
      for (let result = ready.shift(); result !== undefined; result = ready.shift()) {
        room.raise();
        yield result;
      }
      if (state.reading || state.working > 0) await news.next();
    }
    if (state.failure) throw state.failure.error;
  } finally {
    state.stopped = true;
    room.raise();
  }
}
