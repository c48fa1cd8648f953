/**
 * Settles in the next turn of the event loop, after waiting I/O was served. Long work calls it between its pieces so that
 * it does not hold up others of the same process. No timer: it takes no time, simulated or real.
 */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
