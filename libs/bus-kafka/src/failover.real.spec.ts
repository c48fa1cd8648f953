import { anEvent } from '@vouchsafe/bus/testing';
import { describeReal, startKafka, type TestServers } from '@vouchsafe/test-servers';
import { Rig } from './testing/rig.js';

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const until = async (what: () => boolean | Promise<boolean>, ms = 40_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await what()); await new Promise((resolve) => setTimeout(resolve, 25))) if (Date.now() > end) throw new Error(`not within ${ms} ms`);
};

describeReal(['Kafka'], 'three brokers', () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 3 });
  });
  afterAll(() => servers.stop());

  it('one killed under load: no event is lost or out of order, no command unanswered', async () => {
    const rig = new Rig(servers);
    await rig.open({ partitions: 6, replicas: 3, config: { 'min.insync.replicas': '2' } });
    const [order, hearer] = [rig.bus('order'), rig.bus('inventory')];
    const got = new Map<string, Set<number>>();
    hearer.subscribe('hearer', ['order'], async ({ stream, pub }) => void got.set(stream, (got.get(stream) ?? new Set()).add(pub)));
    hearer.serve('inventory', async ({ id }) => ({ commandId: id, ok: true, result: {} }));
    await Promise.all([order.start(), hearer.start()]);
    const ask = async (n: number): Promise<void> => {
      const command = { id: `c${n}`, target: 'inventory', key: `pool-${n % 9}`, namespace: 'live', body: {}, principal: 'pri_x', correlation: 'ord_1', sentAt: Date.now() as never } as const;
      for (;;) if (await Promise.resolve(order.ask(command, 1000)).then(() => true, () => new Promise((resolve) => setTimeout(() => resolve(false), 10)))) return;
    };
    const asking = (async () => {
      for (const n of numbers(1, 200)) await ask(n);
    })();
    const publishing = (async () => {
      for (const pub of numbers(1, 150)) {
        await order.publish(numbers(1, 9).map((stream) => anEvent(`order-${stream}`, pub)));
        if (pub === 50) await servers.kill(1);
      }
    })();
    await Promise.all([publishing, asking]);
    await until(() => got.size === 9 && [...got.values()].every(({ size }) => size === 150));
    for (const pubs of got.values()) expect([...pubs]).toEqual(numbers(1, 150)); // a set keeps the order of first arrival
    await rig.close({ keepTopics: true });
  });

  it('services that start before their broker, or their topics, are not ready, say why, and recover', async () => {
    const own = await startKafka({ brokers: 1, own: true });
    await own.kill(0);
    const rig = new Rig(own);
    const bus = rig.bus('inventory', { requestTimeoutMs: 1000 });
    const demanding = rig.bus('order', { replicas: 3 });
    bus.subscribe('hearer', ['order'], async () => {});
    bus.serve('inventory', async ({ id }) => ({ commandId: id, ok: true, result: {} }));
    const starting = bus.start();
    await until(() => bus.health().problems.some(({ code }) => code === 'KAFKA_UNAVAILABLE'));
    expect(bus.health().ready).toBe(false);
    await own.restart(0);
    await until(() => bus.health().problems.some(({ code, message }) => code === 'TOPICS_MISSING' && ['topics apply', 'order.events', 'inventory.replies'].every((word) => message.includes(word))));
    await rig.open();
    await starting;
    void demanding.start();
    await until(() => demanding.health().problems.some(({ code, message }) => code === 'TOPICS_TOO_SMALL' && message.includes('order.replies')));
    expect(bus.health()).toEqual({ ready: true, problems: [], forged: 0 });
    await rig.close({ keepTopics: true });
    await own.stop();
  });
});
