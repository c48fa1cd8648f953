import { consume, startPublisher } from '@vouchsafe/bus';
import { eventCodec, int, record } from '@vouchsafe/codec';
import { DeciderHost } from '@vouchsafe/event-store';
import { accept, type Decider, type Message } from '@vouchsafe/kernel';
import { recordedLog } from './recorded-log.js';
import { testPorts } from './test-ports.js';

type Counted = Message<'Counted', { readonly by: number }> | Message<'Noted', Record<never, never>>;
const codec = eventCodec<Counted>('counter', {
  Counted: { version: 1, shape: record({ by: int }), published: true },
  Noted: { version: 1, shape: record({}) },
});
const decider: Decider<number, { by: number }, Counted> = {
  initial: 0,
  decide: ({ by }) => accept<Counted>({ type: 'Noted' }, { type: 'Counted', by }),
  evolve: (sum, event) => (event.type === 'Counted' ? sum + event.by : sum),
};

it('gives a whole set of ports: what one context decides, another hears', async () => {
  const ports = testPorts();
  const { store, bus, readStore, clock, random, log } = ports;
  const host = new DeciderHost({ store, clock, random, decider, codec });
  const heard: number[] = [];
  await consume({ bus, group: 'listener', contexts: ['counter'], readStore, codec, log, clock, on: async (event) => {
    if (event.type === 'Counted') heard.push(event.by);
  } });
  const publisher = await startPublisher({
    context: 'counter', store, bus, readStore, categories: ['counter'], log, clock, toIntegration: ({ type, data }) => ({ type, data }),
  });
  for (const by of [1, 2, 3]) {
    await host.handle('counter-1', { by }, { commandId: `c${by}`, correlation: 'x', principal: 'pri_x', at: clock.now() });
  }
  await publisher.caughtUp();
  expect(heard).toEqual([1, 2, 3]);
  expect((await bus.readPublished('counter', 'counter-1', 2, 10)).map(({ pub }) => pub)).toEqual([2, 3]);
  await publisher.stop();
  await ports.close();
});

it('is the same for the same seed', async () => {
  const [a, b, c] = [testPorts({ seed: 7 }), testPorts({ seed: 7 }), testPorts({ seed: 8 })];
  const id = a.ids.mint('order');
  expect(b.ids.mint('order')).toBe(id);
  expect(c.ids.mint('order')).not.toBe(id);
  for (const ports of [a, b, c]) await ports.close();
});

it('keeps log lines with the fields of their children', () => {
  const log = recordedLog();
  log.child({ service: 'order' }).warn({ order: 'ord_1' }, 'late');
  expect(log.lines).toEqual([{ level: 'warn', message: 'late', fields: { service: 'order', order: 'ord_1' } }]);
});
