import { describeReal, startKafka, type TestServers } from '@vouchsafe/test-servers';
import { ConfigResourceTypes } from 'kafkajs';
import { Rig } from '../testing/rig.js';
import { awaitNone } from './await-topics.js';
import { applyTopics } from './apply-topics.js';
import { planTopics, type TopicPlan } from './plan.js';
import type { Topology } from './topology.js';

const topology: Topology = [
  { name: 'order', publishes: true, serves: false, commands: ['inventory'], hears: {} },
  { name: 'inventory', publishes: true, serves: true, commands: [], hears: { 'inventory.orders': ['order'] } },
];

describeReal(['Kafka'], 'topics apply, on a real Kafka', () => {
  let servers: TestServers;
  let rig: Rig;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1 });
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    rig = new Rig(servers);
    await rig.admin.connect();
  });
  afterEach(() => rig.close());

  const plan = (more: Partial<Parameters<typeof planTopics>[0]> = {}): readonly TopicPlan[] =>
    planTopics({ namespace: 'live', prefix: rig.prefix, topology, partitions: 4, replicas: 1, minInSync: 1, retentionMs: 86_400_000, ...more });
  const six = ['order.events', 'order.commands', 'order.replies', 'inventory.events', 'inventory.commands', 'inventory.replies'];
  const settingOf = async (topic: string, name: string): Promise<string | undefined> => {
    const { resources } = await rig.admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }] });
    return resources[0]?.configEntries[0]?.configValue;
  };

  it('makes what is missing, and does nothing the second time', async () => {
    const named = six.map((name) => `${rig.prefix}.live.${name}`);
    expect(await applyTopics(rig.admin, plan(), { dryRun: true })).toMatchObject({ ok: true, applied: { created: named } });
    expect(await applyTopics(rig.admin, plan())).toEqual({ ok: true, applied: { created: named, grown: [], altered: [], unchanged: [] } });
    expect(await applyTopics(rig.admin, plan())).toEqual({ ok: true, applied: { created: [], grown: [], altered: [], unchanged: named } });
    const { topics } = await rig.admin.fetchTopicMetadata({ topics: named });
    expect(Object.fromEntries(topics.map(({ name, partitions }) => [name.slice(rig.prefix.length + 6), partitions.length]))).toEqual({
      'order.events': 4, 'order.commands': 4, 'order.replies': 3, 'inventory.events': 4, 'inventory.commands': 4, 'inventory.replies': 3,
    });
    expect(await settingOf(named[0]!, 'retention.ms')).toBe('86400000');
    expect(await settingOf(named[0]!, 'min.insync.replicas')).toBe('1');
  });

  it('lengthens retention, and leaves a topic’s other settings as they are', async () => {
    await applyTopics(rig.admin, plan());
    const name = `${rig.prefix}.live.order.events`;
    await rig.admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries: [
      ...Object.entries(plan()[0]!.config).map(([setting, value]) => ({ name: setting, value })), { name: 'segment.ms', value: '3600000' },
    ] }] });
    await awaitNone('the setting is not seen', async () => ((await settingOf(name, 'segment.ms')) === '3600000' ? [] : [name]));
    expect(await applyTopics(rig.admin, plan({ retentionMs: 2 * 86_400_000 }))).toMatchObject({ ok: true, applied: { created: [], altered: expect.arrayContaining([name]) } });
    expect([await settingOf(name, 'retention.ms'), await settingOf(name, 'segment.ms')]).toEqual(['172800000', '3600000']);
  });

  it('shrinks nothing, and then does nothing at all', async () => {
    await applyTopics(rig.admin, plan().slice(1));
    const outcome = await applyTopics(rig.admin, plan({ partitions: 2, retentionMs: 3_600_000 }));
    expect(outcome).toMatchObject({ ok: false, refused: expect.arrayContaining([
      { topic: `${rig.prefix}.live.inventory.events`, setting: 'partitions', actual: '4', wanted: '2', reason: 'SHRINKS' },
      { topic: `${rig.prefix}.live.inventory.events`, setting: 'retention.ms', actual: '86400000', wanted: '3600000', reason: 'SHRINKS' },
    ]) });
    expect(await rig.admin.listTopics()).not.toContain(`${rig.prefix}.live.order.events`);
  });

  it('adds partitions only when told to, for keys move', async () => {
    await applyTopics(rig.admin, plan());
    expect(await applyTopics(rig.admin, plan({ partitions: 6 }))).toMatchObject({ ok: false, refused: expect.arrayContaining([expect.objectContaining({ reason: 'MOVES_KEYS', actual: '4', wanted: '6' })]) });
    expect(await applyTopics(rig.admin, plan({ partitions: 6 }), { grow: true })).toMatchObject({ ok: true, applied: { grown: expect.arrayContaining([`${rig.prefix}.live.order.events`]) } });
    expect(await applyTopics(rig.admin, plan({ partitions: 6 }))).toMatchObject({ ok: true, applied: { grown: [] } });
  });

  it('refuses what the cluster cannot keep', async () => {
    await expect(applyTopics(rig.admin, plan({ replicas: 3, minInSync: 2 }))).rejects.toMatchObject({ code: 'TOO_FEW_BROKERS' });
    await expect(applyTopics(rig.admin, plan({ replicas: 1, minInSync: 2 }))).rejects.toMatchObject({ code: 'PLAN_IMPOSSIBLE' });
  });
});
