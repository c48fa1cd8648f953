import { eventCodec, int, record } from '@vouchsafe/codec';
import { instant, type Message } from '@vouchsafe/kernel';
import { type ReadStore, sqliteReadStore } from '@vouchsafe/read-store';
import { seededRandom, silentLog, type SimulatedClock, simulatedClock } from '@vouchsafe/runtime';
import fc from 'fast-check';
import { consume, type Consuming } from './consumer.js';
import { inProcessBus } from './in-process-bus.js';
import { type LossyBus, lossyBus, type Mishaps } from './lossy-bus.js';
import type { EventMessage } from './port.js';
import { anEvent } from './testing/bus-contract.js';

type Event = Message<'OrderEnded', { readonly pub: number }> | Message<'Other', { readonly pub: number }>;
const codec = eventCodec<Event>('order', {
  OrderEnded: { version: 1, shape: record({ pub: int }), published: true },
  Other: { version: 1, shape: record({ pub: int }), published: true },
});

describe('a consumer', () => {
  const readStores: ReadStore[] = [];
  afterEach(async () => {
    for (const store of readStores.splice(0)) await store.close();
  });
  /** A bus with a consumer on it; `log` is what was published, the owner's truth. */
  const setUp = async (mishaps: Omit<Mishaps, 'random'> = {}, more: { seed?: number; readStore?: ReadStore; startMs?: number; only?: readonly Event['type'][] } = {}) => {
    const clock: SimulatedClock = simulatedClock(instant(1_767_225_600_000 + (more.startMs ?? 0)));
    const bus: LossyBus = lossyBus(inProcessBus(clock), { random: seededRandom(more.seed ?? 1), ...mishaps });
    const readStore = more.readStore ?? sqliteReadStore({ file: ':memory:', log: silentLog });
    if (!more.readStore) readStores.push(readStore);
    const log: EventMessage[] = [];
    const got: string[] = [];
    bus.servePublished('order', async (stream, from, max) => log.filter((e) => e.stream === stream && e.pub >= from).slice(0, max));
    const consuming: Consuming = await consume({
      bus, group: 'ledger', contexts: ['order'], readStore, codec, log: silentLog, clock, ...(more.only && { only: more.only }),
      on: async (_event, { stream, pub }) => void got.push(`${stream}/${pub}`),
    });
    await bus.start();
    const publish = async (...events: readonly EventMessage[]): Promise<void> => {
      log.push(...events);
      await clock.until(bus.publish(events));
    };
    return { bus, clock, log, got, publish, readStore, stop: () => consuming.stop() };
  };

  it('handles each event once, however often it comes', async () => {
    const { bus, got, publish } = await setUp();
    await publish(anEvent('order-a', 1), anEvent('order-a', 2));
    await bus.publish([anEvent('order-a', 1), anEvent('order-a', 2), anEvent('order-a', 2)]);
    expect(got).toEqual(['order-a/1', 'order-a/2']);
  });

  it('fetches what it missed from the owner before it goes on', async () => {
    const { bus, log, got } = await setUp();
    log.push(...[1, 2, 3, 4].map((pub) => anEvent('order-a', pub)));
    await bus.publish([anEvent('order-a', 4)]);
    expect(got).toEqual(['order-a/1', 'order-a/2', 'order-a/3', 'order-a/4']);
  });

  it('remembers over a restart what it has handled', async () => {
    const first = await setUp();
    await first.publish(anEvent('order-a', 1), anEvent('order-b', 1));
    await first.stop();
    const second = await setUp({}, { readStore: first.readStore, startMs: 60_000 });
    await second.publish(anEvent('order-a', 1), anEvent('order-a', 2));
    expect(second.got).toEqual(['order-a/2']);
  });

  it('counts what it does not want or does not know, without an effect', async () => {
    const { got, publish } = await setUp({}, { only: ['OrderEnded'] });
    await publish(anEvent('order-a', 1), anEvent('order-a', 2, { type: 'order.Other.v1' }), anEvent('order-a', 3, { type: 'order.Newer.v7' }), anEvent('order-a', 4));
    expect(got).toEqual(['order-a/1', 'order-a/4']);
  });

  it('does not fetch again what a person dropped', async () => {
    const { bus, clock, log, readStore } = await setUp();
    const got: number[] = [];
    await consume({ bus, group: 'fragile', contexts: ['order'], readStore, codec, log: silentLog, clock, on: async ({ pub }) => {
      if (pub === 1) throw new Error('poison');
      got.push(pub);
    } });
    log.push(anEvent('order-a', 1), anEvent('order-a', 2));
    await clock.until(bus.publish(log));
    const [head] = await bus.parking.list({ group: 'fragile', limit: 1 });
    await clock.until(bus.parking.drop(head!.id));
    log.push(anEvent('order-a', 3));
    await clock.until(bus.publish([anEvent('order-a', 3)]));
    expect(got).toEqual([2, 3]);
  });

  it('ends with every effect, in order per stream, whatever the bus loses, doubles or reorders', async () => {
    const chance = fc.double({ min: 0, max: 0.6, noNaN: true });
    await fc.assert(fc.asyncProperty(chance, chance, chance, fc.integer(), async (drop, double, reorder, seed) => {
      const { bus, clock, log, got, publish } = await setUp({ drop, double, reorder }, { seed });
      const next: Record<string, number> = {};
      for (let i = 0; i < 30; i++) {
        const stream = `order-${(i * 7) % 4}`;
        await publish(anEvent(stream, (next[stream] = (next[stream] ?? 0) + 1)));
      }
      await clock.until(bus.heal());
      for (const stream of Object.keys(next)) {
        expect(got.filter((at) => at.startsWith(stream))).toEqual(log.filter((event) => event.stream === stream).map(({ pub }) => `${stream}/${pub}`));
      }
    }), { numRuns: 40 });
  });
});
