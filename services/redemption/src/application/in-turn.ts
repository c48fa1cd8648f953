import type { Soon } from '@vouchsafe/event-store';

/** Runs work of one key one after the other, of different keys at once. Keys with nothing to do cost nothing, nor does what is done at once. */
export const keyedTurns = () => {
  const tails = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Soon<T>): Soon<T> => {
    const before = tails.size === 0 ? undefined : tails.get(key);
    const mine = before ? before.then(work, work) : work();
    if (!(mine instanceof Promise)) return mine;
    tails.set(key, mine);
    const ended = (): void => {
      if (tails.get(key) === mine) tails.delete(key);
    };
    mine.then(ended, ended);
    return mine;
  };
};
export type KeyedTurns = ReturnType<typeof keyedTurns>;
