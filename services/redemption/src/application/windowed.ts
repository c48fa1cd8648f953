/** Works on at most `window` items at once and gives answers as they are done. The first rejection ends it. */
export async function* windowed<T, R>(items: AsyncIterable<T>, window: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const source = items[Symbol.asyncIterator]();
  const answers: R[] = [];
  let failed: { readonly error: unknown } | undefined;
  let [running, reading, ended] = [0, false, false];
  let wake = (): void => {};
  const fail = (error: unknown): void => {
    failed ??= { error };
    wake();
  };
  const start = async (item: T): Promise<void> => {
    running++;
    try {
      answers.push(await work(item));
    } finally {
      running--;
      wake();
    }
  };
  const mayRead = (): boolean => !ended && !failed && running < window;
  const read = async (): Promise<void> => {
    reading = true;
    while (mayRead()) {
      const next = await source.next();
      if (next.done) ended = true;
      else start(next.value).catch(fail);
    }
    reading = false;
    wake();
  };
  try {
    for (;;) {
      if (!reading && mayRead()) read().catch(fail);
      for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) yield answer;
      if (failed) throw failed.error;
      if (ended && running === 0 && answers.length === 0) return;
      await new Promise<void>((resolve) => { wake = resolve; });
    }
  } finally {
    // not awaited: it settles only when the peer's next item comes; its own end is no news to anybody
    if (!ended) source.return?.().catch(() => {});
  }
}
