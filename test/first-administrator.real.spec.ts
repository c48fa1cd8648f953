import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Child } from '@vouchsafe/cluster';
import { newSigningKey, trustedKeysText } from '@vouchsafe/rpc-grpc';
import { describeReal, type MongoServers, startKafka, startMongo, type TestServers } from '@vouchsafe/test-servers';

const ROOT = path.resolve(__dirname, '..');
const READY_MS = 60_000;

describeReal(['Kafka', 'MongoDB'], 'the first administrator of a live deployment of processes', () => {
  let mongo: MongoServers;
  let kafka: TestServers;
  let store: Child;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-first-'));
  const at = (name: string): string => path.join(folder, name);
  beforeAll(async () => {
    [mongo, kafka] = await Promise.all([startMongo({ members: 1 }), startKafka({ brokers: 1 })]);
    mkdirSync(at('store'));
    store = new Child({ name: 'event-store', args: [path.join(ROOT, 'libs/esdb-door/dist/main.js'), at('store')], env: {}, logFile: at('store.log') });
    store.start();
    await store.until(async () => store.log.includes('READY '), READY_MS);
    const { pem, publicKey } = newSigningKey();
    writeFileSync(at('signing.pem'), pem, { mode: 0o600 });
    writeFileSync(at('trusted.json'), trustedKeysText([{ issuer: 'access', key: publicKey }]));
  }, READY_MS * 2);
  afterAll(async () => {
    await store?.signal('SIGTERM');
    await Promise.all([mongo?.stop(), kafka?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** `node services/access/dist/main.js bootstrap-admin …`, with the environment of access. */
  const bootstrapped = async (...args: readonly string[]): Promise<{ readonly code: number | null | undefined; readonly told: string }> => {
    const logFile = at(`run-${args.length}-${path.basename(args[0])}.log`);
    const run = new Child({
      name: 'access', args: [path.join(ROOT, 'services/access/dist/main.js'), 'bootstrap-admin', ...args], logFile,
      env: {
        VOUCHSAFE_NAMESPACE: 'live', VOUCHSAFE_RPC_TARGETS: '*=dns:///127.0.0.1:1', VOUCHSAFE_SIGNING_KEY: at('signing.pem'), VOUCHSAFE_TRUSTED_KEYS: at('trusted.json'), VOUCHSAFE_KAFKA_BROKERS: kafka.endpoints.join(','), VOUCHSAFE_KAFKA_PREFIX: `first-${process.pid}`,
        VOUCHSAFE_EVENT_STORE: /READY (\S+)/.exec(store.log)![1], VOUCHSAFE_EVENT_STORE_PREFIX: 'live.', VOUCHSAFE_MONGO_URI: mongo.uri, VOUCHSAFE_MONGO_DATABASE: `first${process.pid}`,
        VOUCHSAFE_DATA: at('data'), VOUCHSAFE_JOURNAL: at('journal'), VOUCHSAFE_VAULT_SECRET: '0b'.repeat(32),
      },
    });
    run.start();
    await run.ended();
    return { code: run.exitCode, told: run.log };
  };
  const keyIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { admin: string }).admin;

  it('gets a key once, in a file that only its owner reads, and another one only when that is said', async () => {
    const first = await bootstrapped(at('first.json'));
    expect(first).toEqual({ code: 0, told: expect.stringContaining(at('first.json')) as string });
    expect(statSync(at('first.json')).mode & 0o777).toBe(0o600);
    expect(keyIn(at('first.json'))).toMatch(/^vs_live_/);

    const twice = await bootstrapped(at('twice.json'));
    expect(twice.code).not.toBe(0);
    expect(twice.told).toContain('ALREADY_BOOTSTRAPPED');
    expect(existsSync(at('twice.json'))).toBe(false);

    expect(await bootstrapped(at('again.json'), '--again')).toMatchObject({ code: 0 });
    expect(keyIn(at('again.json'))).not.toBe(keyIn(at('first.json')));
    for (const { told } of [first, twice]) expect(told).not.toContain(keyIn(at('first.json')));
  }, READY_MS * 2);
});
