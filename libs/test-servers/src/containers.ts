import { existsSync } from 'node:fs';
import type { StartedTestContainer } from 'testcontainers';
import { freePort } from './processes.js';
import { configured, type TestServers } from './servers.js';

/** Images as their projects publish them; others by these variables, e.g. of a mirror, or built on the spot (deploy/check/containers.sh). */
const IMAGES = {
  Kafka: ['VOUCHSAFE_TEST_KAFKA_IMAGE', 'apache/kafka:4.3.1'],
  MongoDB: ['VOUCHSAFE_TEST_MONGO_IMAGE', 'mongo:8.0'],
  EventStoreDB: ['VOUCHSAFE_TEST_EVENTSTORE_IMAGE', 'eventstore/eventstore:24.10'],
} as const;
const imageOf = (kind: keyof typeof IMAGES): string => process.env[IMAGES[kind][0]] ?? IMAGES[kind][1];
const START_MS = 120_000;
const SOCKET = '/var/run/docker.sock';
/** Some engines may not raise the limits they were started with. */
const LIMITS = { nofile: { soft: 20_000, hard: 20_000 }, nproc: { soft: 32_768, hard: 32_768 } };

/** Whether a container engine is there for testcontainers (Docker, or another that speaks its API at `DOCKER_HOST`). */
export const hasEngine = (): boolean => process.env['DOCKER_HOST'] !== undefined || existsSync(SOCKET);

type Plan = { readonly kind: keyof typeof IMAGES; readonly command?: (port: number) => string[]; readonly environment?: (port: number) => Record<string, string>; readonly log: RegExp };

/**
 * One server in a container, on the same port inside and outside, for both tell their clients their own address. Undefined, with the
 * reason on stderr, where the engine cannot run it (no such image here): the caller looks elsewhere.
 */
const inContainer = async ({ kind, command, environment, log }: Plan): Promise<{ readonly container: StartedTestContainer; readonly port: number; readonly image: string } | undefined> => {
  const image = imageOf(kind);
  const port = await freePort();
  try {
    const { GenericContainer, Wait } = await import('testcontainers'); // a development dependency: absent in the image
    const plan = new GenericContainer(image).withExposedPorts({ container: port, host: port }).withUlimits(LIMITS)
      .withWaitStrategy(Wait.forLogMessage(log)).withStartupTimeout(START_MS);
    if (command) plan.withCommand(command(port));
    if (environment) plan.withEnvironment(environment(port));
    return { container: await plan.start(), port, image };
  } catch (error) {
    process.stderr.write(`${kind}: no container of ${image} (${error instanceof Error ? error.message.split('\n')[0] : String(error)})\n`);
    return undefined;
  }
};

/** Not to be hurt: whoever wants that asks for servers of its own, which are local processes. */
const servers = ({ container, port, image }: NonNullable<Awaited<ReturnType<typeof inContainer>>>): TestServers =>
  ({ ...configured(`${image} in a container (testcontainers)`, [`127.0.0.1:${port}`]), stop: async () => void (await container.stop()) });

/** A mongod in a container; the caller makes a replica set `name` of it. */
export const containerMongo = async (name: string): Promise<TestServers | undefined> => {
  const started = await inContainer({ kind: 'MongoDB', command: (port) => ['mongod', '--port', String(port), '--bind_ip_all', '--replSet', name], log: /Waiting for connections/ });
  return started && servers(started);
};

/** One node that keeps its events in memory. `undefined` where there is no engine, or no such image: there is no other form of it. */
export const containerEventStore = async (): Promise<TestServers | undefined> => {
  if (!hasEngine()) return undefined;
  const started = await inContainer({
    kind: 'EventStoreDB', log: /IS LEADER/,
    environment: (port) => ({ EVENTSTORE_INSECURE: 'true', EVENTSTORE_MEM_DB: 'true', EVENTSTORE_CLUSTER_SIZE: '1', EVENTSTORE_RUN_PROJECTIONS: 'None', EVENTSTORE_NODE_IP: '0.0.0.0', EVENTSTORE_NODE_PORT: String(port) }),
  });
  return started && servers(started);
};

/** A broker that is its own controller. */
export const containerKafka = async (): Promise<TestServers | undefined> => {
  const started = await inContainer({
    kind: 'Kafka', log: /Kafka Server started/,
    environment: (port) => ({
      KAFKA_NODE_ID: '1', KAFKA_PROCESS_ROLES: 'broker,controller', KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093', KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`, KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT', KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1', KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1', KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0', KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
    }),
  });
  return started && servers(started);
};
