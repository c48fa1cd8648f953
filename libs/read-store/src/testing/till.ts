import { eventCodec, int, record, text } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';
import type { Projection } from '../port.js';

/** What happens to a till. */
export type TillEvent = Message<'Opened', { readonly owner: string }> | Message<'Added', { readonly amount: number }> | Message<'Closed'>;
export const codec = eventCodec<TillEvent>('till', {
  Opened: { version: 1, shape: record({ owner: text() }) },
  Added: { version: 1, shape: record({ amount: int }) },
  Closed: { version: 1, shape: record({}) },
});
export type Card = { readonly owner: string; readonly sum: number };
/** A document per till. */
export const card: Projection<TillEvent, Card> = {
  collection: { name: 'card', indexes: [{ fields: ['owner'] }] },
  idsOf: (_event, { stream }) => [stream],
  apply: (value, event) => {
    switch (event.type) {
      case 'Opened': return { owner: event.owner, sum: 0 };
      case 'Added': return value && { ...value, sum: value.sum + event.amount };
      case 'Closed': return undefined;
    }
  },
};
/** One document that all streams feed. */
export const total: Projection<TillEvent, { readonly sum: number }> = {
  collection: { name: 'total', indexes: [] },
  idsOf: (event) => (event.type === 'Added' ? ['all', 'all'] : []),
  apply: (value, event) => (event.type === 'Added' ? { sum: (value?.sum ?? 0) + event.amount } : value),
};

/** The same thing, but for some methods. */
export const except = <T extends object>(real: T, other: Partial<T>): T =>
  new Proxy(real, {
    get: (target, key) => {
      const value: unknown = Reflect.get(key in other ? other : target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
