import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Closers, SERVICES } from '@vouchsafe/process';
import { freePort, type MongoServers, startKafka, startMongo, type TestServers } from '@vouchsafe/test-servers';
import { Child } from './child.js';
import { writeKeys } from './keys.js';
import { makeTopics, poisonEvents } from './topics.js';

const ROOT = path.resolve(__dirname, '../../..');
const mainOf = (service: string, root = ROOT): string => path.join(root, 'services', service, 'dist/main.js');
const NAME = 'vouchsafe';
/** A dozen processes that begin at once on few cores that others use as well. */
const READY_MS = 240_000;
const BOOTSTRAP_MS = 60_000;
/** Processes give themselves 25 s; orchestrators 30. */
const END_MS = 30_000;
/** A broker beside a dozen processes on few cores is slow, not gone: it is not to be fenced for that. */
const BROKER_SILENCE_MS = 9_000;

export type ClusterOptions = {
  /** Data, keys and logs of all processes. */
  readonly folder: string;
  readonly channels: readonly string[];
  readonly terminals: readonly string[];
  /** Tells deployments apart that share servers: of topics, databases and streams. */
  readonly name?: string;
  /** Servers of our own although endpoints are configured, so that they may be hurt. */
  readonly own?: boolean;
  /** Three are always our own. */
  readonly brokers?: 1 | 3;
  /** Puts something between the services and the event store: given its connection string, answers the one to use. */
  readonly eventStoreVia?: (url: string) => Promise<string>;
  /** More variables of every service's process. */
  readonly environment?: (service: string) => Readonly<Record<string, string>>;
  /** Once servers run and before anything of ours does: puts what was restored into databases. */
  readonly prepare?: (servers: { readonly mongo: string }) => Promise<void>;
  /** A compiled checkout of another version: its services run at first, until `upgrade` makes them ours. */
  readonly previous?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** Told of each step. */
  readonly note: (zh: string, en: string) => void;
};
export type ClusterKeys = { readonly admin: string; readonly channels: Readonly<Record<string, string>>; readonly terminals: Readonly<Record<string, string>> };
/** The distributed form in the sandbox, on this machine. */
export type Cluster = {
  readonly http: string;
  readonly grpc: string;
  readonly keys: ClusterKeys;
  /** By service; the gateway and the event store too. */
  readonly processes: ReadonlyMap<string, Child>;
  /** What stands behind each port. */
  readonly behind: readonly string[];
  readonly kafka: readonly string[];
  readonly mongo: string;
  /** Where each service takes calls, and whose key speaks for the gateway: for whoever calls services without it. */
  readonly rpc: { readonly targets: Readonly<Record<string, string>>; readonly gatewayKey: string; readonly trustedKeys: string };
  /** Connection string past whatever stands between, and the prefix of streams. */
  readonly eventStore: { readonly url: string; readonly prefix: string };
  /** To be hurt, where they are our own. */
  readonly servers: { readonly kafka: TestServers; readonly mongo: MongoServers };
  /** The variables of a process. */
  environment(service: string): Readonly<Record<string, string>>;
  /** Settles when a process says that it is ready, as after it was begun again. */
  ready(service: string): Promise<void>;
  /** Figures of a process, in Prometheus' text format. */
  metrics(service: string): Promise<string>;
  /** One more of a service, on ports and a disk of its own, not started: it shares the work that comes over Kafka. */
  another(service: string): Promise<Child>;
  /** A service is of our own version from its next start on. */
  upgrade(service: string): void;
  /** Puts a value on the events of a context that is no event. */
  poison(context: string, value: string): Promise<void>;
  stop(): Promise<void>;
};

/** Starts Kafka, MongoDB, an event store, every service and the gateway, each a process of its own; settles when all are ready. */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { folder, note, name = NAME, own = false } = options;
  const closers = new Closers();
  try {
    for (const name of ['logs', 'data']) mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 });
    note('启动 Kafka 与 MongoDB…', 'starting Kafka and MongoDB…');
    const kafka = await startKafka({ brokers: options.brokers ?? 1, ...(own && { own }), config: { 'broker.session.timeout.ms': BROKER_SILENCE_MS } });
    closers.add(() => kafka.stop());
    const mongo = await startMongo({ members: 1, ...(own && { own }) });
    closers.add(() => mongo.stop());
    await makeTopics(kafka.endpoints, name, options.brokers ?? 1);
    await options.prepare?.({ mongo: mongo.uri });
    const processes = new Map<string, Child>();
    const withUs = (): void => processes.forEach((child) => child.kill());
    process.once('exit', withUs);
    closers.add(() => void process.off('exit', withUs));
    const begin = (child: Child): Child => {
      child.start();
      processes.set(child.name, child);
      closers.add(() => child.end(END_MS));
      return child;
    };
    const eventStore = await eventStoreOf(folder, begin);
    const via = (await options.eventStoreVia?.(eventStore.url)) ?? eventStore.url;
    const places = await placesOf(folder, { kafka: kafka.endpoints, mongo: mongo.uri, eventStore: via }, options);
    const keys = await bootstrap(places, options);
    note('启动各服务…', 'starting the services…');
    const services = SERVICES.map((name) => begin(places.service(name)));
    const gateway = begin(places.gateway());
    const ready = (child: Child): Promise<void> => untilReady(child, places.probe(child.name));
    await Promise.all([...services, gateway].map(ready));
    return {
      servers: { kafka, mongo }, rpc: places.rpc, environment: places.environment, eventStore: { url: eventStore.url, prefix: `${name}.` }, ready: (service) => ready(processes.get(service)!),
      upgrade: (service) => processes.get(service)!.becomes(mainOf(service)),
      poison: (context, value) => poisonEvents(kafka.endpoints, `${name}.sandbox`, context, value),
      metrics: async (service) => (await fetch(`${places.probe(service)}/metrics`)).text(),
      another: async (service) => {
        const child = await places.another(service);
        processes.set(child.name, child);
        return child;
      },
      http: `http://127.0.0.1:${places.http}`, grpc: `127.0.0.1:${places.grpc}`, keys, processes, kafka: kafka.endpoints, mongo: mongo.uri, stop: () => closeTogether(processes, closers),
      behind: [`bus: ${kafka.what}`, `read store, vault: ${mongo.what}`, `event store: ${eventStore.what}`, 'rpc: gRPC, plain on loopback'],
    };
  } catch (error) {
    return closers.closeAfter(error);
  }
};

/** All processes end side by side, the event store and the servers after them. */
const closeTogether = async (processes: ReadonlyMap<string, Child>, closers: Closers): Promise<void> => {
  const ends = await Promise.allSettled([...processes.values()].filter(({ name }) => name !== 'event-store').map((child) => child.end(END_MS)));
  await closers.closeAll();
  const late = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  if (late.length > 0) throw new Error(late.join('\n'));
};

/** Settles once a process says that it is ready; else rejects with what it said last. */
const untilReady = async (child: Child, url: string): Promise<void> => {
  let said = '';
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    said = (await answer?.text().catch(() => '')) ?? '';
    return answer?.ok ?? false;
  };
  await child.until(isReady, READY_MS).catch((error: Error) => {
    throw new Error(`${error.message}\n${said}`, { cause: error });
  });
};

/** The configured EventStoreDB (`VOUCHSAFE_TEST_EVENTSTORE`), else our log behind its door. */
const eventStoreOf = async (folder: string, begin: (child: Child) => Child): Promise<{ readonly url: string; readonly what: string }> => {
  const configured = process.env['VOUCHSAFE_TEST_EVENTSTORE'];
  if (configured) return { url: configured, what: 'the configured EventStoreDB' };
  const child = begin(new Child({
    name: 'event-store', args: [path.join(ROOT, 'libs/esdb-door/dist/main.js'), path.join(folder, 'data', 'event-store')], env: {}, logFile: path.join(folder, 'logs', 'event-store.log'),
  }));
  await child.until(async () => child.log.includes('READY '), READY_MS);
  return { url: /READY (\S+)/.exec(child.log)![1]!, what: 'the embedded log behind its EventStoreDB door, a process of its own' };
};

type Servers = { readonly kafka: readonly string[]; readonly mongo: string; readonly eventStore: string };
type Places = { readonly http: number; readonly grpc: number; service(name: string): Child; gateway(): Child; probe(name: string): string; another(name: string): Promise<Child>; readonly rpc: Cluster['rpc']; readonly environment: (name: string) => Readonly<Record<string, string>> };

/** Where everybody is: a port for calls and one for probes each, keys, and the environment that says so. */
const placesOf = async (folder: string, servers: Servers, { logLevel = 'warn', name: deployment = NAME, environment: more, previous }: ClusterOptions): Promise<Places> => {
  const names = [...SERVICES, 'gateway'];
  const keys = writeKeys(path.join(folder, 'keys'), names);
  const ports = new Map<string, { readonly rpc: number; readonly probe: number }>();
  for (const name of names) ports.set(name, { rpc: await freePort(), probe: await freePort() });
  const [http, grpc] = [await freePort(), await freePort()];
  const environment = (name: string): Readonly<Record<string, string>> => ({
    VOUCHSAFE_NAMESPACE: 'sandbox', VOUCHSAFE_LOG_LEVEL: logLevel, VOUCHSAFE_RPC_PORT: String(ports.get(name)!.rpc), VOUCHSAFE_PROBE_PORT: String(ports.get(name)!.probe),
    VOUCHSAFE_RPC_TARGETS: SERVICES.map((service) => `${service}=dns:///127.0.0.1:${ports.get(service)!.rpc}`).join(','),
    VOUCHSAFE_SIGNING_KEY: keys.signing(name), VOUCHSAFE_TRUSTED_KEYS: keys.trusted, VOUCHSAFE_KAFKA_BROKERS: servers.kafka.join(','), VOUCHSAFE_KAFKA_PREFIX: deployment, VOUCHSAFE_MONGO_DATABASE: deployment.replaceAll('-', '_'), VOUCHSAFE_EVENT_STORE_PREFIX: `${deployment}.`,
    VOUCHSAFE_EVENT_STORE: servers.eventStore, VOUCHSAFE_MONGO_URI: servers.mongo, VOUCHSAFE_DATA: path.join(folder, 'data', name), VOUCHSAFE_JOURNAL: path.join(folder, 'journal', name),
    VOUCHSAFE_VAULT_KEY: path.join(folder, 'keys', `vault-${name}.key`), VOUCHSAFE_HTTP_PORT: String(http), VOUCHSAFE_GRPC_PORT: String(grpc), ...more?.(name),
  });
  const child = (name: string): Child => new Child({ name, args: [mainOf(name, previous)], env: environment(name), logFile: path.join(folder, 'logs', `${name}.log`) });
  const another = async (name: string): Promise<Child> => {
    const second = `${name}-2`;
    ports.set(second, { rpc: await freePort(), probe: await freePort() });
    const { rpc, probe } = ports.get(second)!;
    const own = { VOUCHSAFE_RPC_PORT: String(rpc), VOUCHSAFE_PROBE_PORT: String(probe), VOUCHSAFE_DATA: path.join(folder, 'data', second), VOUCHSAFE_JOURNAL: path.join(folder, 'journal', second) };
    return new Child({ name: second, args: [mainOf(name, previous)], env: { ...environment(name), ...own }, logFile: path.join(folder, 'logs', `${second}.log`) });
  };
  const targets = Object.fromEntries(SERVICES.map((service) => [service, `dns:///127.0.0.1:${ports.get(service)!.rpc}`]));
  return { http, grpc, another, rpc: { targets, gatewayKey: keys.signing('gateway'), trustedKeys: keys.trusted }, service: child, gateway: () => child('gateway'), probe: (name) => `http://127.0.0.1:${ports.get(name)!.probe}`, environment };
};

/** The first keys, made by access before it runs. */
const bootstrap = async (places: Places, { folder, channels, terminals, previous }: ClusterOptions): Promise<ClusterKeys> => {
  const file = path.join(folder, 'keys', 'bootstrap.json');
  const once = new Child({
    name: 'access', args: [mainOf('access', previous), 'bootstrap-sandbox', file, channels.join(','), terminals.join(',')],
    env: places.environment('access'), logFile: path.join(folder, 'logs', 'bootstrap.log'),
  });
  once.start();
  const late = setTimeout(() => void once.signal('SIGKILL'), BOOTSTRAP_MS);
  await once.ended();
  clearTimeout(late);
  if (once.exitCode !== 0) throw new Error(`the first keys could not be made: ${once.log.slice(-2_000)}`);
  return JSON.parse(readFileSync(file, 'utf8')) as ClusterKeys;
};
