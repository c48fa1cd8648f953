/**
 * The world failed (store down, disk full, peer silent). Thrown, never returned.
 * `retryable`: the same call may succeed later. `code` is a stable word such as `STORE_READ_ONLY`.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  constructor(
    readonly code: string,
    message: string,
    readonly retryable = true,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True for a {@link Fault}, also one of another copy of this package. */
export const isFault = (error: unknown): error is Fault =>
  error instanceof Error && error.name === 'Fault' && typeof (error as Fault).code === 'string';
