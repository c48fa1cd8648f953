import { anEvent } from '@vouchsafe/bus/testing';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { describeReal, freePort, startKafka, type TestServers } from '@vouchsafe/test-servers';
import type { Consumer } from 'kafkajs';
import Broker = require('kafkajs/src/broker');
import ConsumerGroup = require('kafkajs/src/consumer/consumerGroup');
import { kafkaClient } from './client.js';
import { Intake } from './intake/intake.js';
import { lagsOf } from './intake/lag.js';
import { startWatchdog } from './intake/watchdog.js';
import { Proxy } from './testing/proxy.js';
import { Rig } from './testing/rig.js';

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const until = async (what: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await what()); await new Promise((resolve) => setTimeout(resolve, 25))) if (Date.now() > end) throw new Error(`not within ${ms} ms`);
};

/** Both members were told of a generation that a rebalance has just ended: commit in the next one. */
const whenRebalanced = (error: Error & { readonly type?: string }): false => {
  const { type } = error.cause instanceof Error ? (error.cause as typeof error) : error;
  if (!['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'].includes(type ?? '')) throw error;
  return false;
};

describeReal(['Kafka'], 'known faults of the client, on a real Kafka', () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1 });
  });
  afterAll(() => servers.stop());

  it.each(['snappy', 'lz4', 'zstd', 'gzip'])('batches in %s are read, whoever packed them', async (codec) => {
    const rig = new Rig(servers);
    await rig.open({ config: { 'compression.type': codec } }); // the broker packs anew what comes in another codec
    const [order, hearer] = [rig.bus('order', { compression: codec === 'gzip' ? 'zstd' : 'gzip' }), rig.bus('inventory')];
    const got = new Map<string, unknown>();
    hearer.subscribe('hearer', ['order'], async ({ id, data }) => void got.set(id, data));
    await Promise.all([order.start(), hearer.start()]);
    const events = numbers(1, 300).map((pub) => anEvent(`order-${pub % 7}`, pub, { data: { text: `${pub} 券 `.repeat(pub), random: Math.random() } }));
    await order.publish(events);
    await hearer.caughtUp();
    expect(Object.fromEntries(got)).toEqual(Object.fromEntries(events.map(({ id, data }) => [id, data])));
    await rig.close();
  });

  it('offsets of a partition that belongs to another member are not committed', async () => {
    const rig = new Rig(servers);
    await rig.open();
    const client = kafkaClient({ connection: { brokers: servers.endpoints }, clientId: 'test', log: silentLog });
    const topic = rig.names.events('order');
    const groupId = `${rig.prefix}-group`;
    let raw: Consumer | undefined;
    const member = new Intake({
      groupId, topics: [topic], sessionTimeoutMs: 3000, handle: async () => {}, clock: systemClock(), log: silentLog,
      connect: (config) => (raw = client.consumer(config)),
    });
    await member.start();
    const other = new Intake({ groupId, topics: [topic], sessionTimeoutMs: 3000, handle: async () => {}, clock: systemClock(), log: silentLog, connect: (config) => client.consumer(config) });
    await other.start();
    let [mine, theirs] = [-1, -1];
    await until(async () => {
      if (member.assignment[topic]?.length !== 1 || other.assignment[topic]?.length !== 1) return false;
      [mine, theirs] = [member.assignment[topic][0]!, other.assignment[topic][0]!];
      const offsets = [{ topic, partition: mine, offset: '3' }, { topic, partition: theirs, offset: '7' }];
      return raw!.commitOffsets(offsets).then(() => true, whenRebalanced);
    });
    const [offsets] = await rig.admin.fetchOffsets({ groupId, topics: [topic] });
    expect(Object.fromEntries(offsets!.partitions.map(({ partition, offset }) => [partition, offset]))).toEqual({ [mine]: '3', [theirs]: '-1' });
    await Promise.all([member.stop(), other.stop()]);
    await rig.close();
  });

  it('a consumer that falls silent is begun anew, and nothing is missed', async () => {
    const rig = new Rig(servers);
    await rig.open();
    const client = kafkaClient({ connection: { brokers: servers.endpoints }, clientId: 'test', log: silentLog });
    const topic = rig.names.events('order');
    let raw: Consumer | undefined;
    const got: string[] = [];
    const intake = new Intake({
      groupId: `${rig.prefix}-group`, topics: [topic], sessionTimeoutMs: 3000, handle: async ({ key }) => void got.push(key), clock: systemClock(), log: silentLog,
      connect: (config) => (raw = client.consumer(config)),
    });
    await intake.start();
    const watchdog = startWatchdog({
      watched: () => [intake], lagsOf: (groupId, topics) => lagsOf(rig.admin, groupId, topics), stalledMs: 1000, everyMs: 200, clock: systemClock(), log: silentLog,
    });
    await until(() => (intake.assignment[topic]?.length ?? 0) > 0); // a pause before that is forgotten
    Object.assign(raw!, { resume: () => undefined }); // nor shall back-pressure that eases end it
    raw!.pause([{ topic }]); // stands for whatever makes a client fetch nothing although it keeps its membership
    const order = rig.bus('order');
    await order.start();
    await order.publish([anEvent('order-1', 1), anEvent('order-2', 1)]);
    await until(() => got.length === 2);
    expect(intake.restarts).toBe(1);
    await watchdog.stop();
    await intake.stop();
    await rig.close();
  });

  it('a reader of what is live that falls silent is begun anew as well, where it was', async () => {
    const rig = new Rig(servers);
    const { fetch } = ConsumerGroup.prototype;
    let silent: ConsumerGroup | undefined;
    jest.spyOn(ConsumerGroup.prototype, 'fetch').mockImplementation(async function (this: ConsumerGroup, nodeId) {
      if (this.groupId.includes('gateway-credentials')) silent ??= this;
      return this === silent ? new Promise((resolve) => setTimeout(() => resolve([]), 100)) : fetch.call(this, nodeId);
    });
    try {
      await rig.open();
      const [order, gateway] = [rig.bus('order'), rig.bus('inventory', { stalledMs: 1000 })];
      const got: number[] = [];
      gateway.subscribe('gateway-credentials', ['order'], async ({ pub }) => void got.push(pub));
      await Promise.all([order.start(), gateway.start()]);
      await order.publish([anEvent('order-1', 1), anEvent('order-1', 2)]);
      await until(() => got.length === 2);
      expect(got).toEqual([1, 2]);
    } finally {
      jest.restoreAllMocks();
      await rig.close();
    }
  });

  it('a member whose coordinator is loading joins again, and goes on with the partitions it was told of', async () => {
    const rig = new Rig(servers);
    await rig.open();
    const client = kafkaClient({ connection: { brokers: servers.endpoints }, clientId: 'test', log: silentLog });
    const got: string[] = [];
    const intake = new Intake({
      groupId: `${rig.prefix}-group`, topics: [rig.names.events('order')], sessionTimeoutMs: 3000, handle: async ({ key }) => void got.push(key), clock: systemClock(), log: silentLog,
      connect: (config) => client.consumer(config),
    });
    // What a broker says that was slow for a moment and has lost and got back its partitions; it remembers its groups.
    const refusal = (type: string) => (): never => { throw Object.assign(new Error(type), { type, retriable: true }); };
    try {
      await intake.start();
      const joins = jest.spyOn(Broker.prototype, 'joinGroup').mockImplementationOnce(refusal('GROUP_LOAD_IN_PROGRESS'));
      jest.spyOn(Broker.prototype, 'heartbeat').mockImplementationOnce(refusal('NOT_COORDINATOR_FOR_GROUP'));
      await until(() => joins.mock.calls.length >= 2);
      const order = rig.bus('order');
      await order.start();
      await order.publish([anEvent('order-1', 1), anEvent('order-2', 1)]);
      await until(() => got.length === 2);
      expect(intake.restarts).toBe(0);
    } finally {
      jest.restoreAllMocks();
      await intake.stop();
      await rig.close();
    }
  });

  it('connections that swallow everything are replaced, and what waited goes through', async () => {
    const port = await freePort();
    const own = await startKafka({ brokers: 1, own: true, config: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}` } });
    const proxy = await Proxy.listen(port, () => Number(own.endpoints[0]!.split(':')[1]));
    const rig = new Rig(own);
    try {
      await rig.open();
      const bus = rig.bus('inventory', { requestTimeoutMs: 1000 });
      const got: number[] = [];
      bus.subscribe('hearer', ['order'], async ({ pub }) => void got.push(pub));
      bus.serve('inventory', async ({ id }) => ({ commandId: id, ok: true, result: {} }));
      await bus.start();
      await bus.publish([anEvent('order-1', 1)]);
      expect(proxy.silence()).toBeGreaterThan(4);
      await bus.publish([anEvent('order-1', 2)]);
      await until(() => new Set(got).size === 2);
      await until(async () => (await Promise.resolve(bus.ask({
        id: 'c1', target: 'inventory', key: 'pool-1', namespace: 'live', body: {}, principal: 'pri_x', correlation: 'ord_1', sentAt: systemClock().now(),
      }, 1000)).catch(() => undefined)) !== undefined);
      await bus.stop();
    } finally {
      await rig.close({ keepTopics: true });
      await proxy.close();
      await own.stop();
    }
  });

  it('a broker killed and started again loses nothing that was acknowledged', async () => {
    const own = await startKafka({ brokers: 1, own: true });
    const rig = new Rig(own);
    try {
      await rig.open();
      const [order, hearer] = [rig.bus('order'), rig.bus('inventory')];
      const got: number[] = [];
      hearer.subscribe('hearer', ['order'], async ({ pub }) => void got.push(pub));
      hearer.serve('inventory', async ({ id }) => ({ commandId: id, ok: true, result: {} }));
      await Promise.all([order.start(), hearer.start()]);
      await order.publish(numbers(1, 20).map((pub) => anEvent('order-1', pub)));
      await own.kill(0);
      const during = order.publish(numbers(21, 40).map((pub) => anEvent('order-1', pub)));
      await new Promise((resolve) => setTimeout(resolve, 500));
      await own.restart(0);
      await during;
      await until(() => new Set(got).size === 40);
      expect([...new Set(got)]).toEqual(numbers(1, 40));
    } finally {
      await rig.close({ keepTopics: true });
      await own.stop();
    }
  });
});
