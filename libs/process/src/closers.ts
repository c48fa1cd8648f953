type Close = () => Promise<void> | void;

/** What was opened, to be closed in reverse; all of it is tried, failures are told together after the last. */
export class Closers {
  readonly #closes: Close[] = [];

  add(close: Close): void {
    this.#closes.push(close);
  }

  /** May be called again: what was closed is not closed twice. */
  async closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closes.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'several parts did not stop cleanly');
  }

  /** After a failed start: everything is closed, and the reason of the failure is what is thrown. */
  async closeAfter(error: unknown): Promise<never> {
    await this.closeAll().catch((failure: unknown) => {
      throw new AggregateError([error, failure], 'a start failed, and what had started did not stop cleanly', { cause: error });
    });
    throw error;
  }
}
