import type { Soon } from '@vouchsafe/event-store';

/** Goes on with `value`: at once where it is there, so that what waits for nothing makes no promise. */
export const whenThere = <T, R>(value: Soon<T>, then: (value: T) => Soon<R>): Soon<R> => (value instanceof Promise ? value.then(then) : then(value));
