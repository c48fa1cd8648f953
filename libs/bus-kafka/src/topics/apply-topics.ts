import { Fault } from '@vouchsafe/kernel';
import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { awaitNone, awaitTopics } from './await-topics.js';
import type { TopicPlan } from './plan.js';

/** Why a topic is left as it is: what it has, what is wanted, and what a person can do. */
export type Refusal = { readonly topic: string; readonly setting: string; readonly actual: string; readonly wanted: string; readonly reason: 'SHRINKS' | 'MOVES_KEYS' | 'NEEDS_REASSIGNMENT' };
export type TopicsApplied = {
  readonly created: readonly string[];
  readonly grown: readonly string[];
  readonly altered: readonly string[];
  readonly unchanged: readonly string[];
};
export type ApplyOptions = {
  /** More partitions for topics that hold messages: keys move, so for a moment two instances may have one key. Fenced by the store, but a decision. */
  readonly grow?: boolean;
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
};
export type TopicsOutcome = { readonly ok: true; readonly applied: TopicsApplied } | { readonly ok: false; readonly refused: readonly Refusal[] };

type Actual = { readonly partitions: number; readonly replicas: number; readonly config: ReadonlyMap<string, { readonly value: string; readonly own: boolean }> };
type Change = { readonly plan: TopicPlan; readonly actual: Actual | undefined; readonly settings: Readonly<Record<string, string>> };

/** Settings whose smaller value loses or endangers data. */
const NOT_SMALLER = new Set(['min.insync.replicas', 'retention.ms', 'max.message.bytes']);
const FOR_EVER = -1;
/** DescribeConfigs: set for this topic itself. */
const TOPIC_SOURCE = 1;

/**
 * Brings topics to what is planned. May be called any number of times. Where anything would shrink (partitions, replicas, in-sync
 * minimum, retention), or needs a decision, nothing at all is done, and it is told.
 */
export const applyTopics = async (admin: Admin, plan: readonly TopicPlan[], { grow = false, dryRun = false }: ApplyOptions = {}): Promise<TopicsOutcome> => {
  await checkBrokers(admin, plan);
  const actual = await actualTopics(admin, plan.map(({ name }) => name));
  const refused = plan.flatMap((topic) => refusalsOf(topic, actual.get(topic.name), grow));
  if (refused.length > 0) return { ok: false, refused };
  const changes = plan.map((topic): Change => ({ plan: topic, actual: actual.get(topic.name), settings: differing(topic, actual.get(topic.name)) }));
  const absent = changes.filter((change) => !change.actual);
  const small = changes.filter(({ actual: have, plan: want }) => have && have.partitions < want.partitions);
  const different = changes.filter(({ actual: have, settings }) => have && Object.keys(settings).length > 0);
  if (!dryRun) {
    if (absent.length > 0) await create(admin, absent);
    if (small.length > 0) {
      await admin.createPartitions({ topicPartitions: small.map(({ plan: { name, partitions } }) => ({ topic: name, count: partitions })) });
      await awaitTopics(admin, small.map(({ plan: topic }) => topic));
    }
    if (different.length > 0) await alter(admin, different);
  }
  const names = (of: readonly Change[]): string[] => of.map(({ plan: { name } }) => name);
  const changed = new Set([...absent, ...small, ...different]);
  return { ok: true, applied: { created: names(absent), grown: names(small), altered: names(different), unchanged: names(changes.filter((change) => !changed.has(change))) } };
};

const checkBrokers = async (admin: Admin, plan: readonly TopicPlan[]): Promise<void> => {
  const { brokers } = await admin.describeCluster();
  const replicas = Math.max(...plan.map((topic) => topic.replicas));
  if (brokers.length < replicas) throw new Fault('TOO_FEW_BROKERS', `${replicas} replicas are planned, but the cluster has ${brokers.length} broker(s)`, false);
  const bad = plan.find((topic) => Number(topic.config['min.insync.replicas']) > topic.replicas);
  if (bad) throw new Fault('PLAN_IMPOSSIBLE', `${bad.name}: ${bad.config['min.insync.replicas']} in-sync replicas of ${bad.replicas} are planned: nothing could ever be written`, false);
};

const actualTopics = async (admin: Admin, wanted: readonly string[]): Promise<ReadonlyMap<string, Actual>> => {
  const there = new Set(await admin.listTopics());
  const topics = wanted.filter((name) => there.has(name));
  if (topics.length === 0) return new Map();
  const [metadata, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics }),
    admin.describeConfigs({ includeSynonyms: false, resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })) }),
  ]);
  return new Map(metadata.topics.map(({ name, partitions }) => {
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    return [name, {
      partitions: partitions.length, replicas: Math.min(...partitions.map((partition) => partition.replicas.length)),
      config: new Map(entries.map(({ configName, configValue, configSource }) => [configName, { value: configValue, own: Number(configSource) === TOPIC_SOURCE }])),
    }];
  }));
};

const refusalsOf = ({ name, partitions, replicas, config }: TopicPlan, actual: Actual | undefined, grow: boolean): Refusal[] => {
  if (!actual) return [];
  const refusal = (setting: string, have: number | string, want: number | string, reason: Refusal['reason']): Refusal => ({ topic: name, setting, actual: String(have), wanted: String(want), reason });
  const refused: Refusal[] = [];
  if (partitions < actual.partitions) refused.push(refusal('partitions', actual.partitions, partitions, 'SHRINKS'));
  if (partitions > actual.partitions && !grow) refused.push(refusal('partitions', actual.partitions, partitions, 'MOVES_KEYS'));
  if (replicas < actual.replicas) refused.push(refusal('replicas', actual.replicas, replicas, 'SHRINKS'));
  if (replicas > actual.replicas) refused.push(refusal('replicas', actual.replicas, replicas, 'NEEDS_REASSIGNMENT'));
  for (const [setting, value] of Object.entries(config)) {
    const have = actual.config.get(setting)?.value;
    if (have !== undefined && NOT_SMALLER.has(setting) && size(value) < size(have)) refused.push(refusal(setting, have, value, 'SHRINKS'));
  }
  return refused;
};
const size = (value: string): number => (Number(value) === FOR_EVER ? Infinity : Number(value));

const differing = ({ config }: TopicPlan, actual: Actual | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([setting, value]) => actual?.config.get(setting)?.value !== value));

const create = async (admin: Admin, absent: readonly Change[]): Promise<void> => {
  await admin.createTopics({ waitForLeaders: false, topics: absent.map(({ plan: { name, partitions, replicas, config } }) => ({
    topic: name, numPartitions: partitions, replicationFactor: replicas, configEntries: Object.entries(config).map(([setting, value]) => ({ name: setting, value })),
  })) });
  await awaitTopics(admin, absent.map(({ plan }) => plan));
};

/** The client replaces all of a topic's own settings; so those it has and the plan does not name are given again. */
const alter = async (admin: Admin, different: readonly Change[]): Promise<void> => {
  await admin.alterConfigs({ validateOnly: false, resources: different.map(({ plan: { name, config }, actual }) => {
    const own = [...(actual?.config ?? [])].filter(([, { own: isOwn }]) => isOwn).map(([setting, { value }]) => [setting, value] as const);
    const all = new Map([...own, ...Object.entries(config)]);
    return { type: ConfigResourceTypes.TOPIC, name, configEntries: [...all].map(([setting, value]) => ({ name: setting, value })) };
  }) });
  await awaitNone('altered, but with their old settings', async () => {
    const now = await actualTopics(admin, different.map(({ plan: { name } }) => name));
    return different.filter(({ plan: topic }) => Object.keys(differing(topic, now.get(topic.name))).length > 0).map(({ plan: { name } }) => name);
  });
};
