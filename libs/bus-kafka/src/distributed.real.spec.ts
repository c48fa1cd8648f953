import { randomBytes } from 'node:crypto';
import { memoryParkedStore, type CommandMessage, type EventMessage, type Outcome } from '@vouchsafe/bus';
import { anEvent } from '@vouchsafe/bus/testing';
import { Fault, instant } from '@vouchsafe/kernel';
import { describeReal, startKafka, type TestServers } from '@vouchsafe/test-servers';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { kafkaClient } from './client.js';
import { Intake } from './intake/intake.js';
import { lagsOf, totalLag } from './intake/lag.js';
import { generateCommandKeys, ed25519Keys, signed } from './signing.js';
import { Rig } from './testing/rig.js';
import { writeCommand } from './wire.js';

const aCommand = (id: string, key: string): CommandMessage => ({
  id, target: 'inventory', key, namespace: 'live', body: { name: 'Reserve', data: { quantity: 2 } }, principal: 'pri_x', correlation: 'ord_1', sentAt: instant(1_767_225_600_000),
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});
const yes = ({ id }: CommandMessage, result: Record<string, string> = {}): Outcome => ({ commandId: id, ok: true, result });
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const until = async (what: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await what()); await new Promise((resolve) => setTimeout(resolve, 25))) if (Date.now() > end) throw new Error(`not within ${ms} ms`);
};

describeReal(['Kafka'], 'services apart, on a real Kafka', () => {
  let servers: TestServers;
  let rig: Rig;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1 });
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    rig = new Rig(servers);
    await rig.open();
  });
  afterEach(() => rig.close());

  it('a command goes to another service and its outcome comes back to the instance that asked', async () => {
    const inventory = rig.bus('inventory');
    const [here, there] = [rig.bus('order'), rig.bus('order')];
    const handled: string[] = [];
    inventory.serve('inventory', async (message) => {
      handled.push(message.id);
      if (message.key === 'broken') throw new Fault('STORE_READ_ONLY', 'the disk is full');
      return yes(message, { for: message.id });
    });
    await Promise.all([inventory.start(), here.start(), there.start()]);
    const asked = numbers(1, 40).map(async (n) => (n % 2 ? here : there).ask(aCommand(`c${n}`, `pool-${n % 5}`), 30_000));
    expect(await Promise.all(asked)).toEqual(numbers(1, 40).map((n) => ({ commandId: `c${n}`, ok: true, result: { for: `c${n}` } })));
    expect(handled.toSorted()).toEqual(numbers(1, 40).map((n) => `c${n}`).toSorted());
    await expect(here.ask(aCommand('c41', 'broken'), 30_000)).rejects.toMatchObject({ name: 'Fault', code: 'STORE_READ_ONLY', message: 'the disk is full', retryable: true });
    expect(inventory.health()).toEqual({ ready: true, problems: [], forged: 0 });
  });

  it('a console consumer reads events as JSON, their CloudEvents attributes and trace as headers', async () => {
    const order = rig.bus('order');
    await order.start();
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await order.publish([anEvent('order-1', 1, { data: { total: '12.50', name: '券' }, trace })]);
    const consumer = rig.kafka.consumer({ groupId: `${rig.prefix}-console` });
    await consumer.connect();
    await consumer.subscribe({ topics: [rig.names.events('order')], fromBeginning: true });
    const seen = new Promise<unknown>((resolve) => {
      void consumer.run({ eachMessage: async ({ message: { key, value, headers } }) => {
        resolve({ key: key?.toString(), value: JSON.parse(String(value)) as unknown, headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, of]) => [name, String(of)])) });
      } });
    });
    expect(await seen).toEqual({
      key: 'order-1', value: { total: '12.50', name: '券' },
      headers: {
        ce_specversion: '1.0', ce_id: 'order-1/1', ce_source: '/vouchsafe/live/order', ce_type: 'order.OrderEnded.v1', ce_subject: 'order-1', ce_time: '2026-01-01T00:00:00.000Z',
        ce_recordedat: '2026-01-01T00:00:00.001Z', ce_pub: '1', ce_correlation: 'ord_1', ce_causation: 'cmd-1', ce_principal: 'pri_x', 'content-type': 'application/json', traceparent: trace,
      },
    });
    await consumer.disconnect();
  });

  it('events missed are had from their owner in another process, in pages', async () => {
    const [order, ledger] = [rig.bus('order'), rig.bus('inventory')];
    const big = 'x'.repeat(50_000);
    order.servePublished('order', async (stream, from, max) => numbers(from, Math.min(20, from + max - 1)).map((pub) => anEvent(stream, pub, { data: { big } })));
    await Promise.all([order.start(), ledger.start()]);
    expect((await ledger.readPublished('order', 'order-1', 3, 100)).map(({ pub }) => pub)).toEqual(numbers(3, 20));
    expect(await ledger.readPublished('order', 'order-1', 3, 2)).toEqual([3, 4].map((pub) => anEvent('order-1', pub, { data: { big } })));
    await expect(ledger.readPublished('risk', 'case-1', 1, 2)).rejects.toMatchObject({ code: 'OWNER_UNAVAILABLE', retryable: true });
  });

  it('a forged command is not handled, but parked and told; nobody can retry it', async () => {
    const parked = memoryParkedStore();
    const inventory = rig.bus('inventory', { parked });
    const handled: string[] = [];
    inventory.serve('inventory', async (message) => {
      handled.push(message.id);
      return yes(message);
    });
    const [order, stranger] = [rig.bus('order'), rig.bus('stranger')];
    await Promise.all([inventory.start(), order.start(), stranger.start()]);
    const topic = rig.names.commands('inventory');
    const back = { replyTo: rig.names.replies('order'), ask: 'order-9:1' };
    const forger = ed25519Keys(generateCommandKeys(['order'])[0]!);
    const unsigned = writeCommand('order', aCommand('free-codes', 'pool-1'), back);
    const good = signed(ed25519Keys(rig.material.find(({ service }) => service === 'order')!), topic, unsigned);
    const producer = rig.kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [unsigned, signed(forger, topic, unsigned), { ...good, value: good.value.replace('2', '2000') }] });
    await expect(stranger.ask(aCommand('not-mine', 'pool-1'), 700)).rejects.toMatchObject({ code: 'SILENT' });
    expect(await order.ask(aCommand('free-codes', 'pool-1'), 30_000)).toMatchObject({ ok: true });
    await until(async () => (await parked.count()).messages === 4);
    expect(handled).toEqual(['free-codes']);
    expect(inventory.health().forged).toBe(4);
    const [first] = await inventory.parking.list({ group: 'forged', limit: 10 });
    expect(first).toMatchObject({ group: 'forged', error: expect.stringContaining('FORGED_COMMAND'), message: { commandId: 'free-codes', signer: '' } });
    await expect(inventory.parking.retry(first!.id)).rejects.toMatchObject({ code: 'FORGED_COMMAND' });
    expect(await inventory.parking.drop(first!.id)).toEqual({ handled: 0 });
    await producer.disconnect();
  });

  it('an outcome that its owner did not sign is not believed', async () => {
    const [order, stranger] = [rig.bus('order'), rig.bus('stranger')];
    stranger.serve('inventory', async (message) => yes(message, { free: 'codes' }));
    await Promise.all([order.start(), stranger.start()]);
    await expect(order.ask(aCommand('c1', 'pool-1'), 1500)).rejects.toMatchObject({ code: 'SILENT' });
  });

  it('events and commands that cannot be read are parked, and hold up nothing', async () => {
    const parked = memoryParkedStore();
    const inventory = rig.bus('inventory', { parked });
    const got: number[] = [];
    inventory.subscribe('hearer', ['order'], async ({ pub }) => void got.push(pub));
    const order = rig.bus('order');
    await Promise.all([inventory.start(), order.start()]);
    const producer = rig.kafka.producer();
    await producer.connect();
    await producer.send({ topic: rig.names.events('order'), messages: [{ key: 'order-1', value: 'no JSON' }, { key: 'order-1', value: null }] });
    await order.publish([anEvent('order-1', 1)]);
    await inventory.caughtUp();
    expect(got).toEqual([1]);
    const messages = await inventory.parking.list({ group: 'hearer', limit: 10 });
    expect(messages.map(({ error }) => error.split('\n')[0])).toEqual(['WireError: the header ce_source is missing', 'WireError: the header ce_source is missing']);
    await expect(inventory.parking.retry(messages[0]!.id)).rejects.toMatchObject({ code: 'MESSAGE_UNREADABLE' });
    for (const { id } of messages) await inventory.parking.drop(id);
    expect(await parked.count()).toEqual({ messages: 0, halted: 0 });
    await producer.disconnect();
  });

  it('instances share the work, and none is lost or out of order as they come and go', async () => {
    const parked = memoryParkedStore();
    const seen: EventMessage[] = [];
    const instance = (): ReturnType<Rig['bus']> => {
      const bus = rig.bus('inventory', { parked });
      bus.subscribe('hearer', ['order'], async (event) => void seen.push(event));
      return bus;
    };
    const order = rig.bus('order');
    const [one, two] = [instance(), instance()];
    await Promise.all([order.start(), one.start()]);
    const publishing = (async () => {
      for (const pub of numbers(1, 60)) await order.publish(numbers(1, 4).map((stream) => anEvent(`order-${stream}`, pub)));
    })();
    await two.start();
    const three = instance();
    await three.start();
    await one.stop();
    await publishing;
    await two.caughtUp();
    for (const stream of numbers(1, 4)) {
      const pubs = seen.filter((event) => event.stream === `order-${stream}`).map(({ pub }) => pub);
      expect([...new Set(pubs)]).toEqual(numbers(1, 60)); // some may come twice, the first of each in order
    }
  });

  it('what every instance is to know reaches each of them, from its start on', async () => {
    const order = rig.bus('order');
    await order.start();
    await order.publish([anEvent('order-1', 1)]);
    const heard: Record<string, number[]> = { one: [], two: [] };
    const gateways = ['one', 'two'].map((name) => {
      const bus = rig.bus('stranger');
      bus.subscribe('gateway-credentials', ['order'], async ({ pub }) => void heard[name]!.push(pub));
      return bus;
    });
    await Promise.all(gateways.map((bus) => bus.start()));
    await order.publish([anEvent('order-1', 2), anEvent('order-2', 1)]);
    await Promise.all(gateways.map((bus) => bus.caughtUp()));
    expect(Object.values(heard).map((pubs) => pubs.toSorted())).toEqual([[1, 2], [1, 2]]);
    expect(await gateways[0]!.lag()).toEqual({ [`${rig.prefix}.live.gateway-credentials.events`]: 0 });
  });

  it('a second deployment on the same topics is refused at its start with the reason, and begins once the first has ended', async () => {
    const [first, second] = ['dpl-1', 'dpl-2'].map((deployment) => {
      const bus = rig.bus('inventory', { deployment });
      bus.serve('inventory', async (message) => yes(message, { by: deployment }));
      return bus;
    });
    await first!.start();
    const starting = second!.start();
    await until(() => second!.health().problems.some(({ code }) => code === 'DEPLOYMENT_FOREIGN'), 30_000);
    expect(second!.health()).toMatchObject({ ready: false, problems: [{ code: 'DEPLOYMENT_FOREIGN', message: expect.stringMatching(/vouchsafe-inventory@dpl-1.*VOUCHSAFE_KAFKA_PREFIX/) }] });
    expect(first!.health()).toEqual({ ready: true, problems: [], forged: 0 });
    await first!.stop();
    await starting;
    expect(second!.health()).toEqual({ ready: true, problems: [], forged: 0 });
    const order = rig.bus('order', { deployment: 'dpl-2' });
    await order.start();
    expect(await order.ask(aCommand('c1', 'pool-1'), 30_000)).toMatchObject({ ok: true, result: { by: 'dpl-2' } });
  });

  it('a slow consumer takes in no more than it can hold, and goes on where it stood', async () => {
    const topic = rig.names.events('order');
    const order = rig.bus('order');
    await order.start();
    await order.publish(numbers(1, 4000).map((pub) => anEvent(`order-${pub % 50}`, pub, { data: { filling: randomBytes(400).toString('base64') } })));
    const client = kafkaClient({ connection: { brokers: servers.endpoints }, clientId: 'test', log: silentLog });
    const gate = Promise.withResolvers<void>();
    const got = new Set<string>();
    const intake = new Intake({
      groupId: `${rig.prefix}-slow`, topics: [topic], sessionTimeoutMs: 3000, clock: systemClock(), log: silentLog, connect: (config) => client.consumer(config),
      handle: async ({ partition, offset }) => {
        await gate.promise;
        got.add(`${partition}/${offset}`);
      },
    });
    await intake.start();
    await until(() => intake.inFlight > 500);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(intake.inFlight).toBeLessThan(2500); // two partitions, each at most 500 and one fetch of 256 KB
    gate.resolve();
    await until(() => got.size === 4000);
    expect(intake.restarts).toBe(0);
    await intake.stop();
    expect(totalLag(await lagsOf(rig.admin, `${rig.prefix}-slow`, [topic]))).toBe(0);
  });

  it('a stream halted in one instance stands still in the next, which goes on when a person says so', async () => {
    const parked = memoryParkedStore();
    let poisoned = true;
    const got: string[] = [];
    const instance = (): ReturnType<Rig['bus']> => {
      const bus = rig.bus('inventory', { parked });
      bus.subscribe('hearer', ['order'], async ({ stream, pub }) => {
        if (poisoned && stream === 'order-1' && pub === 1) throw new Error('poison');
        got.push(`${stream}/${pub}`);
      });
      return bus;
    };
    const order = rig.bus('order');
    order.servePublished('order', async () => []);
    const first = instance();
    await Promise.all([order.start(), first.start()]);
    await order.publish([anEvent('order-1', 1), anEvent('order-2', 1)]);
    await first.caughtUp();
    await first.stop();
    const second = instance();
    await second.start();
    await order.publish([anEvent('order-1', 2), anEvent('order-2', 2)]);
    await second.caughtUp();
    expect(got).toEqual(['order-2/1', 'order-2/2']);
    poisoned = false;
    const [head] = await second.parking.list({ group: 'hearer', limit: 1 });
    expect(await second.parking.retry(head!.id)).toEqual({ handled: 2 });
    expect(got).toEqual(['order-2/1', 'order-2/2', 'order-1/1', 'order-1/2']);
  });
});
