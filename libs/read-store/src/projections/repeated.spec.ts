import { memoryStore, type RecordedEvent, START } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, silentLog, simulatedClock } from '@vouchsafe/runtime';
import fc from 'fast-check';
import { sqliteReadStore } from '../sqlite-read-store.js';
import { bind } from './bound.js';
import { applyBatch, Routed } from './guarded.js';
import { Router } from './router.js';

type Event = { readonly type: 'make' | 'add' | 'count' | 'settle' | 'drop' };
type Value = { readonly n: number };
/** One document that several streams feed, make, count up and down, and delete. */
const shared = bind<Event, Value>({
  collection: { name: 'shared', indexes: [] },
  idsOf: () => ['it'],
  apply: (value, { type }) => {
    switch (type) {
      case 'make': return { n: 1 };
      case 'add': return value && { n: value.n + 1 };
      case 'count': return { n: (value?.n ?? 0) + 1 };
      case 'settle': return value && value.n > 1 ? { n: value.n - 1 } : undefined;
      case 'drop': return undefined;
    }
  },
}, { context: 'x', encode: ({ type }) => ({ type, data: {} }), decode: (type) => ({ type: type as Event['type'] }), isPublished: () => false, types: [] }, ['till']);

const step = fc.tuple(fc.constantFrom('till-a', 'till-b', 'till-c'), fc.constantFrom<Event['type']>('make', 'add', 'count', 'settle', 'drop'));
const AT = instant(1_760_000_000_000);
const recorded = async (steps: readonly (readonly [stream: string, type: string])[]): Promise<readonly RecordedEvent[]> => {
  const store = memoryStore(simulatedClock(AT));
  for (const [i, [stream, type]] of steps.entries()) {
    const event = { id: eventIdOf(`c-${i}`, 0), type, data: {}, occurredAt: AT, correlation: 'c', causation: 'c', principal: 'p' };
    await store.append({ stream, expected: await store.revisionOf(stream), events: [event] });
  }
  return (await store.readAll({ after: START, max: steps.length })).events;
};

it('a document of several streams is the same after batches that a crash repeats, however they are cut', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 20, maxLength: 20 });
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), cuts, cuts, fc.nat(14), fc.nat(14), async (steps, first, second, reached, saved) => {
    const events = await recorded(steps);
    const expected = events.reduce<unknown>((value, event) => shared.apply(value, { type: event.type }, event, 'it'), undefined);
    const readStore = sqliteReadStore({ file: ':memory:', log: silentLog });
    const collection = await readStore.collection<unknown>(shared.collection);
    const run = async (part: readonly RecordedEvent[], sizes: readonly number[]): Promise<void> => {
      for (let at = 0, i = 0; at < part.length; at += sizes[i++ % sizes.length]!) {
        const routed = new Routed();
        new Router([shared], { unknown: () => {}, unreadable: () => {} }).route(part.slice(at, at + sizes[i % sizes.length]!), routed);
        for (const byDocument of routed.byCollection.values()) await applyBatch(collection, byDocument, { has: () => false, add: () => undefined });
      }
    };
    await run(events.slice(0, reached), first);
    await run(events.slice(Math.min(saved, reached)), second); // the checkpoint lay behind
    expect((await collection.get('it'))?.value).toEqual(expected);
    await readStore.close();
  }), { numRuns: 300 });
});
