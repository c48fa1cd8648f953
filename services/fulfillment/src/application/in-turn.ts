/** Runs work of one key one after the other, of different keys at once. Keys with nothing to do cost nothing. */
export const keyedTurns = () => {
  const tails = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key);
    const mine = before ? before.then(work, work) : work();
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
};
export type KeyedTurns = ReturnType<typeof keyedTurns>;
