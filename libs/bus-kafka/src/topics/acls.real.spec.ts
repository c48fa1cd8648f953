import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { memoryParkedStore } from '@vouchsafe/bus';
import { anEvent } from '@vouchsafe/bus/testing';
import { instant } from '@vouchsafe/kernel';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { describeReal, startKafka, type TestServers } from '@vouchsafe/test-servers';
import type { Admin } from 'kafkajs';
import { kafkaClient, type KafkaConnection } from '../client.js';
import { type KafkaBus, kafkaBus } from '../kafka-bus.js';
import { ed25519Keys, generateCommandKeys } from '../signing.js';
import { applyRights, planRights } from './acls.js';
import { applyTopics } from './apply-topics.js';
import { namesOf } from './names.js';
import { planTopics } from './plan.js';
import { mayCommand, type Topology } from './topology.js';

const topology: Topology = [
  { name: 'order', publishes: true, serves: false, commands: ['inventory'], hears: { 'order.stock': ['inventory'] } },
  { name: 'inventory', publishes: true, serves: true, commands: [], hears: {} },
];
const names = namesOf('live');
const PASSWORD = 'only-for-this-test';
const users = ['admin', 'vouchsafe-order', 'vouchsafe-inventory'];

describeReal(['Kafka'], 'a Kafka with TLS, passwords and rights', () => {
  let servers: TestServers;
  let folder: string;
  let admin: Admin;
  let ca: string;
  const buses: KafkaBus[] = [];
  const as = (username: string): KafkaConnection => ({ brokers: servers.endpoints, ssl: { ca }, sasl: { mechanism: 'plain', username, password: PASSWORD } });
  const keys = generateCommandKeys(['order', 'inventory']);
  const bus = (service: string): KafkaBus => {
    const made = kafkaBus({
      connection: as(`vouchsafe-${service}`), namespace: 'live', instance: `${service}-1`, keys: ed25519Keys(keys.find((one) => one.service === service)!),
      parked: memoryParkedStore(), mayCommand: mayCommand(topology), clock: systemClock(), log: silentLog, sessionTimeoutMs: 3000,
    });
    buses.push(made);
    return made;
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-tls-'));
    const store = path.join(folder, 'broker.p12');
    const keytool = (...args: string[]): void => void execFileSync('keytool', [...args, '-keystore', store, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', 'broker'], { stdio: 'pipe' });
    keytool('-genkeypair', '-keyalg', 'EC', '-dname', 'CN=broker', '-ext', 'san=ip:127.0.0.1', '-validity', '2');
    keytool('-exportcert', '-rfc', '-file', path.join(folder, 'ca.pem'));
    ca = readFileSync(path.join(folder, 'ca.pem'), 'utf8');
    servers = await startKafka({ brokers: 1, own: true, config: {
      listeners: 'SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}', 'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'SASL_SSL', 'sasl.enabled.mechanisms': 'PLAIN', 'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'ssl.keystore.location': store, 'ssl.keystore.password': PASSWORD, 'ssl.key.password': PASSWORD, 'ssl.keystore.type': 'PKCS12',
      'ssl.truststore.location': store, 'ssl.truststore.password': PASSWORD, 'ssl.truststore.type': 'PKCS12', 'ssl.endpoint.identification.algorithm': '',
      'listener.name.sasl_ssl.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${PASSWORD}" ${users.map((user) => `user_${user}="${PASSWORD}"`).join(' ')};`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'super.users': 'User:admin;User:ANONYMOUS',
    } });
    admin = kafkaClient({ connection: as('admin'), clientId: 'admin', log: silentLog }).admin();
    await admin.connect();
    await applyTopics(admin, planTopics({ namespace: 'live', topology, partitions: 2, replicas: 1, minInSync: 1, retentionMs: 86_400_000 }));
  });
  afterAll(async () => {
    await Promise.all(buses.map((one) => one.stop()));
    await admin?.disconnect();
    await servers?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('rights are added once; what is there beyond the plan is told, and taken away when asked', async () => {
    const plan = planRights(topology, names);
    expect(await applyRights(admin, plan, { dryRun: true })).toMatchObject({ added: plan, present: 0 });
    // A broker that is asked knows what the controller has written a moment later.
    const until = async (excess: number): Promise<void> => {
      for (let tries = 0; tries < 400; tries++) {
        const seen = await applyRights(admin, plan, { dryRun: true });
        if (seen.present === plan.length && seen.excess.length === excess) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    expect(await applyRights(admin, plan)).toMatchObject({ added: plan, excess: [] });
    await until(0);
    expect(await applyRights(admin, plan)).toEqual({ added: [], present: plan.length, excess: [] });
    const more = { principal: 'User:vouchsafe-order', operation: 'WRITE', resource: 'TOPIC', name: names.events('inventory'), pattern: 'LITERAL' } as const;
    await applyRights(admin, [more]);
    await until(1);
    expect(await applyRights(admin, plan, { prune: true })).toEqual({ added: [], present: plan.length, excess: [more] });
    await until(0);
    expect(await applyRights(admin, plan)).toEqual({ added: [], present: plan.length, excess: [] });
  });

  it('with these rights and no more, services do all they do on the bus', async () => {
    await applyRights(admin, planRights(topology, names));
    const [order, inventory] = [bus('order'), bus('inventory')];
    inventory.serve('inventory', async ({ id }) => ({ commandId: id, ok: true, result: { left: 1 } }));
    inventory.servePublished('inventory', async (stream, from) => [anEvent(stream, from, { context: 'inventory' })]);
    const heard: string[] = [];
    order.subscribe('order.stock', ['inventory'], async ({ id }) => void heard.push(id));
    await Promise.all([order.start(), inventory.start()]);
    const command = { id: 'c1', target: 'inventory', key: 'pool-1', namespace: 'live', body: {}, principal: 'pri_x', correlation: 'ord_1', sentAt: instant(0) } as const;
    expect(await order.ask(command, 5000)).toEqual({ commandId: 'c1', ok: true, result: { left: 1 } });
    await inventory.publish([anEvent('pool-1', 1, { context: 'inventory' })]);
    await order.caughtUp();
    expect(heard).toEqual(['pool-1/1']);
    expect(await order.readPublished('inventory', 'pool-1', 7, 1)).toEqual([anEvent('pool-1', 7, { context: 'inventory' })]);
    expect([order.health(), inventory.health()]).toEqual([1, 2].map(() => ({ ready: true, problems: [], forged: 0 })));
  });

  it('nobody writes in another’s place', async () => {
    await applyRights(admin, planRights(topology, names));
    const producer = kafkaClient({ connection: as('vouchsafe-order'), clientId: 'x', log: silentLog }).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await expect(producer.send({ topic: names.events('inventory'), messages: [{ key: 'k', value: '{}' }] })).rejects.toMatchObject({ message: expect.stringMatching(/authori[sz]|does not host/i) });
    await producer.disconnect();
  });
});
