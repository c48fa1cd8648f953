import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { containerKafka, hasEngine } from './containers.js';
import { dataFolder } from './data-folder.js';
import { freePort, ServerProcess } from './processes.js';
import { configured, type TestServers } from './servers.js';
import { kafkaJars, whyNoLocalKafka } from './tools.js';
import { ServerUnavailable } from './unavailable.js';

export type KafkaOptions = {
  readonly brokers: 1 | 3;
  /** Servers of our own although an endpoint is configured, so that they may be hurt. Three brokers are always our own. */
  readonly own?: boolean;
  /** More broker settings, e.g. an authorizer. `{port}` and `{controller}` stand for the broker's ports. */
  readonly config?: Readonly<Record<string, string | number>>;
};

const READY_MS = 90_000;
const CLUSTER_ID_BYTES = 16;
type Ports = { readonly broker: number; readonly controller: number };

/**
 * A real Kafka: the configured one (`VOUCHSAFE_TEST_KAFKA`, comma-separated), else one in a container where there is an engine, else Apache
 * Kafka 4.3.1 on the local Java, on loopback, in a directory that is removed with it. {@link ServerUnavailable} where neither is to be had.
 */
export const startKafka = async (options: KafkaOptions): Promise<TestServers> => (options.brokers === 1 && !options.own ? await sharedKafka(options) : undefined) ?? (await localKafka(options));

const sharedKafka = async ({ config = {} }: KafkaOptions): Promise<TestServers | undefined> => {
  const endpoint = process.env['VOUCHSAFE_TEST_KAFKA'];
  if (endpoint) return configured(process.env['VOUCHSAFE_TEST_KAFKA_IS'] ?? `Kafka at ${endpoint}`, endpoint.split(','));
  return hasEngine() && Object.keys(config).length === 0 ? containerKafka() : undefined;
};

const localKafka = async ({ brokers, config = {} }: KafkaOptions): Promise<TestServers> => {
  const absent = whyNoLocalKafka();
  if (absent) throw new ServerUnavailable(absent);
  const jars = await kafkaJars();
  const folder = dataFolder('kafka');
  const ports: Ports[] = [];
  while (ports.length < brokers) ports.push({ broker: await freePort(), controller: await freePort() });
  // As `kafka-storage random-uuid` would: no two clusters have one id, and deployments tell by it which one they are on.
  const clusterId = randomBytes(CLUSTER_ID_BYTES).toString('base64url');
  const nodes = ports.map((_, index) => prepare(folder, ports, { index, config, jars, clusterId }));
  try {
    await Promise.all(nodes.map(start));
  } catch (error) {
    await Promise.all(nodes.map((node) => node.signal('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    what: `Apache Kafka 4.3.1, ${brokers} broker${brokers > 1 ? 's' : ''}, local JVM`,
    endpoints: ports.map(({ broker }) => `127.0.0.1:${broker}`),
    kill: (index) => nodes[index]!.signal('SIGKILL'),
    restart: (index) => start(nodes[index]!),
    pause: (index) => void nodes[index]!.signal('SIGSTOP'),
    resume: (index) => void nodes[index]!.signal('SIGCONT'),
    pid: (index) => nodes[index]!.pid,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.signal('SIGKILL')));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const start = async (node: ServerProcess): Promise<void> => {
  const known = node.alive ? 0 : logLength(node);
  node.spawn();
  await node.until(() => node.log.slice(known).includes('Kafka Server started'), READY_MS);
};
const logLength = (node: ServerProcess): number => {
  try {
    return node.log.length;
  } catch {
    return 0; // it never ran
  }
};

type Node = { readonly index: number; readonly config: Readonly<Record<string, string | number>>; readonly jars: readonly string[]; readonly clusterId: string };

const prepare = (folder: string, ports: readonly Ports[], { index, config, jars, clusterId }: Node): ServerProcess => {
  const home = path.join(folder, `broker-${index}`);
  mkdirSync(path.join(home, 'data'), { recursive: true });
  const properties = { ...settings(ports, index), 'log.dirs': path.join(home, 'data'), ...config };
  const text = Object.entries(properties).map(([key, value]) => `${key}=${String(value).replaceAll('{port}', String(ports[index]!.broker)).replaceAll('{controller}', String(ports[index]!.controller))}\n`);
  writeFileSync(path.join(home, 'server.properties'), text.join(''));
  // What `kafka-storage format` would write; saves a JVM per broker.
  writeFileSync(path.join(home, 'data', 'meta.properties'), `version=1\ncluster.id=${clusterId}\nnode.id=${index + 1}\n`);
  const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xms64m', '-Xmx256m', '-Xshare:auto'];
  return new ServerProcess(['java', ...flags, '-cp', jars.join(path.delimiter), 'kafka.Kafka', path.join(home, 'server.properties')], path.join(home, 'server.log'));
};

const settings = (ports: readonly Ports[], index: number): Record<string, string | number> => {
  const replicas = ports.length;
  const inSync = Math.max(1, replicas - 1);
  const { broker, controller } = ports[index]!;
  return {
    'process.roles': 'broker,controller', 'node.id': index + 1,
    'controller.quorum.voters': ports.map((port, i) => `${i + 1}@127.0.0.1:${port.controller}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER', 'inter.broker.listener.name': 'PLAINTEXT',
    'auto.create.topics.enable': 'false', 'num.partitions': 1, 'default.replication.factor': replicas, 'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': 1, 'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 1, 'transaction.state.log.replication.factor': replicas, 'transaction.state.log.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 1000, 'broker.session.timeout.ms': 2000,
    'num.network.threads': 2, 'num.io.threads': 2, 'background.threads': 2,
    'log.cleaner.dedupe.buffer.size': 2_097_152, 'log.index.size.max.bytes': 1_048_576, 'controlled.shutdown.enable': String(replicas > 1),
  };
};
