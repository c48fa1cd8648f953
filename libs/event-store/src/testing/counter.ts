import { eventCodec, int, record, text } from '@vouchsafe/codec';
import { accept, type Decider, type Instant, type Message, reject } from '@vouchsafe/kernel';
import type { Envelope } from '../decider-host.js';

/** A counter that may not pass 1000 and does each command once: the smallest decider with every kind of answer. */
export type CounterCommand = Message<'Add', { id: string; by: number; times?: number }>;
export type CounterEvent = Message<'Added', { id: string; by: number }> | Message<'Noted', { id: string }>;
export type Counter = { readonly sum: number; readonly seen: readonly string[] };

const SEEN_MAX = 50;

export const counter: Decider<Counter, CounterCommand, CounterEvent, 'TOO_MUCH' | 'ID_REUSED'> = {
  initial: { sum: 0, seen: [] },
  decide: ({ id, by, times = 1 }, { sum, seen }) => {
    if (by < 0) throw new RangeError('a decider may have a bug');
    if (seen.includes(`${id} ${by}`)) return accept();
    if (seen.some((known) => known.startsWith(`${id} `))) return reject('ID_REUSED');
    if (sum + by * times > 1000) return reject('TOO_MUCH', { sum: String(sum) });
    return accept<CounterEvent>(...Array.from({ length: times }, () => ({ type: 'Added', id, by }) as const), {
      type: 'Noted',
      id,
    } as const);
  },
  evolve: ({ sum, seen }, event) => {
    switch (event.type) {
      case 'Added':
        return { sum: sum + event.by, seen: [`${event.id} ${event.by}`, ...seen].slice(0, SEEN_MAX) };
      case 'Noted':
        return { sum, seen };
    }
  },
};

export const counterCodec = eventCodec<CounterEvent>('test', {
  Added: { version: 1, shape: record({ id: text(), by: int }), published: true },
  Noted: { version: 1, shape: record({ id: text() }) },
});

export const add = (id: string, by: number, times?: number): CounterCommand => ({
  type: 'Add',
  id,
  by,
  ...(times !== undefined && { times }),
});
export const asked = (commandId: string): Envelope => ({
  commandId,
  correlation: 'ord_1',
  principal: 'pri_1',
  at: 1_760_000_000_000 as Instant,
});
