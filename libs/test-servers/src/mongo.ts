import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { containerMongo, hasEngine } from './containers.js';
import { dataFolder } from './data-folder.js';
import { freePort, ServerProcess, sleep } from './processes.js';
import { configured, type TestServers } from './servers.js';
import { mongodBinary, whyNoLocalMongo } from './tools.js';
import { ServerUnavailable } from './unavailable.js';

export type MongoOptions = {
  readonly members: 1 | 3;
  /** Servers of our own although an endpoint is configured, so that they may be hurt. Three members are always our own. */
  readonly own?: boolean;
  /** More arguments of mongod. */
  readonly args?: readonly string[];
  /** One server that is no replica set, as nobody should run it. Always our own. */
  readonly standalone?: boolean;
};
/** `uri` is a connection string of the replica set. */
export type MongoServers = TestServers & { readonly uri: string };

const READY_MS = 60_000;
const REPLICA_SET = 'rs0';

/**
 * A real MongoDB replica set: the configured one (`VOUCHSAFE_TEST_MONGO`, a connection string), else one in a container where there
 * is an engine, else a genuine mongod 6.0.5 on loopback, in a directory that is removed with it. {@link ServerUnavailable} where neither is to be had.
 */
export const startMongo = async (options: MongoOptions): Promise<MongoServers> => configuredMongo(options) ?? (await mongoInContainer(options)) ?? (await localMongo(options));

const isShared = ({ members, own, standalone }: MongoOptions): boolean => members === 1 && !own && !standalone;

const mongoInContainer = async (options: MongoOptions): Promise<MongoServers | undefined> => {
  if (!isShared(options) || options.args || !hasEngine()) return undefined;
  const servers = await containerMongo(REPLICA_SET);
  if (!servers) return undefined;
  const [endpoint] = servers.endpoints;
  await initiate([Number(endpoint!.split(':')[1])]);
  return { ...servers, uri: `mongodb://${endpoint}/?replicaSet=${REPLICA_SET}` };
};

const configuredMongo = (options: MongoOptions): MongoServers | undefined => {
  const endpoint = process.env['VOUCHSAFE_TEST_MONGO'];
  if (!endpoint || !isShared(options)) return undefined;
  const where = hostsOf(endpoint);
  return { ...configured(process.env['VOUCHSAFE_TEST_MONGO_IS'] ?? `MongoDB at ${where.join(',')}`, where), uri: endpoint };
};

const localMongo = async ({ members, args = [], standalone = false }: MongoOptions): Promise<MongoServers> => {
  const absent = whyNoLocalMongo();
  if (absent) throw new ServerUnavailable(absent);
  const binary = await mongodBinary();
  const folder = dataFolder('mongo');
  const ports: number[] = [];
  while (ports.length < members) ports.push(await freePort());
  const nodes = ports.map((port, index) => prepare(binary, path.join(folder, `member-${index}`), [...flags(port), ...(standalone ? [] : ['--replSet', REPLICA_SET]), ...args]));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.signal('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node, index) => start(node, ports[index]!)));
    if (!standalone) await initiate(ports);
  } catch (error) {
    await stop();
    throw error;
  }
  const endpoints = ports.map((port) => `127.0.0.1:${port}`);
  return {
    what: `MongoDB 6.0.5 (genuine mongod), ${members} member${members > 1 ? 's' : ''}`,
    endpoints, uri: `mongodb://${endpoints.join(',')}/${standalone ? '' : `?replicaSet=${REPLICA_SET}`}`, stop,
    kill: (index) => nodes[index]!.signal('SIGKILL'),
    restart: (index) => start(nodes[index]!, ports[index]!),
    pause: (index) => void nodes[index]!.signal('SIGSTOP'),
    resume: (index) => void nodes[index]!.signal('SIGCONT'),
    pid: (index) => nodes[index]!.pid,
  };
};

const hostsOf = (uri: string): string[] => uri.replace(/^mongodb(\+srv)?:\/\//, '').replace(/^.*@/, '').replace(/[/?].*$/, '').split(',');

const flags = (port: number): string[] => [
  '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket', '--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '64',
  '--wiredTigerEngineConfigString', 'log=(file_max=8MB,prealloc=false)',
  '--setParameter', 'diagnosticDataCollectionEnabled=false', '--setParameter', 'enableTestCommands=1',
];

const prepare = (binary: string, home: string, args: readonly string[]): ServerProcess => {
  mkdirSync(path.join(home, 'data'), { recursive: true });
  return new ServerProcess([binary, '--dbpath', path.join(home, 'data'), ...args], path.join(home, 'server.log'));
};

/** Settles when the member answers. */
const start = async (node: ServerProcess, port: number): Promise<void> => {
  node.spawn();
  await node.until(() => answers(port, async (admin) => Boolean(await admin.command({ ping: 1 }))), READY_MS);
};

const answers = async (port: number, question: (admin: Db) => Promise<boolean>): Promise<boolean> => {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { serverSelectionTimeoutMS: 500, connectTimeoutMS: 500 });
  try {
    return await question((await client.connect()).db('admin'));
  } catch {
    return false; // not yet: the caller asks again, within its time
  } finally {
    await client.close();
  }
};

const initiate = async (ports: readonly number[]): Promise<void> => {
  const client = new MongoClient(`mongodb://127.0.0.1:${ports[0]}/?directConnection=true`);
  try {
    await client.connect();
    await client.db('admin').command({ replSetInitiate: {
      _id: REPLICA_SET, settings: { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500 },
      members: ports.map((port, index) => ({ _id: index, host: `127.0.0.1:${port}`, priority: index === 0 ? 2 : 1 })),
    } });
  } finally {
    await client.close();
  }
  for (const end = Date.now() + READY_MS; !(await answers(ports[0]!, isPrimary)); await sleep(50)) {
    if (Date.now() > end) throw new Error('the replica set elected no primary');
  }
};
const isPrimary = async (admin: Db): Promise<boolean> => (await admin.command({ hello: 1 }))['isWritablePrimary'] === true;
