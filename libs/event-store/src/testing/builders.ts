import type { Json } from '@vouchsafe/codec';
import type { Instant } from '@vouchsafe/kernel';
import { eventIdOf } from '@vouchsafe/runtime';
import type { AppendRequest, EventStore, NewEvent, Page, Position, RecordedEvent } from '../port.js';
import { START } from '../port.js';

/** A complete event to append; `id` is made from `name`, so equal names have equal ids. */
export const anEvent = (name: string, fields: Partial<NewEvent> = {}): NewEvent => ({
  id: eventIdOf(name, 0),
  type: 'test.SomethingHappened.v1',
  data: { name },
  occurredAt: 1_760_000_000_000 as Instant,
  correlation: 'ord_1',
  causation: name,
  principal: 'pri_1',
  ...fields,
});

/** An append of events named `<name>/0`, `<name>/1`, …, after revision `expected`. */
export const anAppend = (stream: string, expected: number, name: string, count = 1, data?: Json): AppendRequest => ({
  stream,
  expected,
  events: Array.from({ length: count }, (_, i) => anEvent(`${name}/${i}`, data === undefined ? {} : { data })),
});

export const dataOf = (events: readonly RecordedEvent[]): unknown[] => events.map(({ data }) => data);
export const revisionsOf = (events: readonly RecordedEvent[]): number[] => events.map(({ revision }) => revision);

/** Everything durable after a position, read in pages of `max`. */
export const readToEnd = async (
  store: EventStore,
  options: { after?: Position; categories?: readonly string[]; max?: number } = {},
): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  let page: Page = { events: [], next: options.after ?? START, atEnd: false };
  while (!page.atEnd) {
    page = await store.readAll({
      after: page.next,
      max: options.max ?? 100,
      ...(options.categories && { categories: options.categories }),
    });
    events.push(...page.events);
  }
  return events;
};

/** Follows the store until `count` events have come. */
export const follow = async (
  store: EventStore,
  count: number,
  options: { after?: Position; categories?: readonly string[] } = {},
): Promise<RecordedEvent[]> => {
  const stop = new AbortController();
  const events: RecordedEvent[] = [];
  const { after = START, categories } = options;
  for await (const page of store.subscribe({ after, signal: stop.signal, ...(categories && { categories }) })) {
    events.push(...page.events);
    if (events.length >= count) stop.abort();
  }
  return events;
};
