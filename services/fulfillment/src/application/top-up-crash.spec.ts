import { type EventStore, memoryStore } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { simulatedClock } from '@vouchsafe/runtime';
import { TEST_START } from '@vouchsafe/testing';
import type { ProviderAnswer } from '../domain/top-up-messages.js';
import { openCounter } from '../testing/counter.js';
import type { Providers, TopUpProvider } from './ports.js';

/** Counts steps (appends, provider calls before and after their effect) and dies at the `dieAt`th: from then on nothing settles well. */
class Mortality {
  step = 0;
  constructor(readonly dieAt: number) {}
  get dead(): boolean {
    return this.step >= this.dieAt;
  }
  pass(): void {
    this.step++;
    if (this.dead) throw new Fault('KILLED', 'the process is gone', false);
  }
}
const mortalStore = (store: EventStore, life: Mortality): EventStore => ({
  exclusive: true, epoch: 1,
  append: async (request) => {
    life.pass();
    const result = await store.append(request);
    life.pass(); // recorded, and nobody lived to hear of it
    return result;
  },
  appendMany: (requests) => store.appendMany(requests), readStream: (stream, options) => store.readStream(stream, options), revisionOf: (stream) => store.revisionOf(stream),
  readAll: (options) => store.readAll(options), subscribe: (options) => store.subscribe(options), head: () => store.head(), durable: (position) => store.durable(position), close: async () => {},
});

/** A provider without idempotency that remembers what it did, over the lives of our process. */
const forgetful = (script: 'succeed' | 'late' | 'partly') => {
  const done = new Map<string, number>();
  const outcome = (number: string, asked: number): ProviderAnswer => {
    if (!done.has(number)) return { status: 'absent' };
    if (script === 'late' && asked < 2) return { status: 'accepted' };
    return script === 'partly' ? { status: 'partial', delivered: 1 } : { status: 'succeeded' };
  };
  let asked = 0;
  const provider = (life: Mortality): TopUpProvider => ({
    submit: async ({ requestNumber }) => {
      life.pass();
      done.set(requestNumber, (done.get(requestNumber) ?? 0) + 1);
      life.pass();
      return outcome(requestNumber, asked);
    },
    query: async (requestNumber) => {
      life.pass();
      return outcome(requestNumber, asked++);
    },
  });
  return { done, provider: (life: Mortality): Providers => ({ get: () => provider(life), routeOf: () => ['a'] }) };
};

it('calls a provider only when the record of the attempt is durable', async () => {
  const clock = simulatedClock(TEST_START);
  const store = memoryStore(clock);
  let durable = -1;
  const slow = Object.assign(mortalStore(store, new Mortality(Number.MAX_SAFE_INTEGER)), {
    durable: async (position: number) => {
      await clock.sleep(5);
      durable = Math.max(durable, position);
    },
  });
  const seen: boolean[] = [];
  const submit: TopUpProvider['submit'] = async () => {
    seen.push(durable === store.head());
    return { status: 'accepted' };
  };
  const query: TopUpProvider['query'] = async () => {
    seen.push(durable === store.head());
    return { status: 'succeeded' };
  };
  const counter = openCounter({ store: slow, clock, providers: { get: () => ({ submit, query }), routeOf: () => ['a'] }, account: '1' });
  await counter.start();
  await clock.until(counter.run(5));
  expect(seen).toEqual([true, true]);
});

const LIVES_MAX = 40;
describe.each(['succeed', 'late', 'partly'] as const)('a top-up at a provider that would do it twice (%s)', (script) => {
  it.each(Array.from({ length: 14 }, (_, i) => i + 1))('ends once though the process dies at every step from %i on', async (dieAt) => {
    const clock = simulatedClock(TEST_START);
    const store = memoryStore(clock);
    const { done, provider } = forgetful(script);
    let end: unknown;
    for (let life = 0; life < LIVES_MAX && !end; life++) {
      const mortality = new Mortality(life < 4 ? dieAt + life : Number.MAX_SAFE_INTEGER);
      const counter = openCounter({ store: mortalStore(store, mortality), clock, providers: provider(mortality), account: '1' });
      await Promise.allSettled([counter.start(), counter.start()]); // everything comes twice
      await Promise.allSettled([counter.run(10), counter.driver.drive(counter.stream)]);
      end = mortality.dead ? undefined : (await counter.state())?.end;
      await clock.advance(80_000);
    }
    expect(end).toMatchObject(script === 'partly' ? { outcome: 'partial', delivered: 1 } : { outcome: 'succeeded', delivered: 4 });
    expect([...done.values()]).toEqual([1]);
    const types = (await store.readStream('delivery-ord_1_1', { max: 100 })).map(({ type }) => type);
    expect(types.filter((type) => type === 'fulfillment.TopUpEnded.v1')).toHaveLength(1);
  });
});
