import { randomBytes } from 'node:crypto';
import { memoryParkedStore, type ParkedStore } from '@vouchsafe/bus';
import { type Log, silentLog, systemClock } from '@vouchsafe/runtime';
import type { TestServers } from '@vouchsafe/test-servers';
import { type Admin, type ITopicConfig, Kafka, logLevel } from 'kafkajs';
import { kafkaClient } from '../client.js';
import { mendTimer } from '../mends/timer.js';
import { type KafkaBus, kafkaBus } from '../kafka-bus.js';
import type { KafkaBusOptions } from '../options.js';
import { ed25519Keys, generateCommandKeys } from '../signing.js';
import { awaitTopics } from '../topics/await-topics.js';
import { namesOf } from '../topics/names.js';

const SERVICES = ['inventory', 'order', 'ledger', 'stranger'];

/** One deployment on a real Kafka: a prefix of its own, its topics, keys of its services, and buses that are stopped with it. */
export class Rig {
  readonly prefix = `test-${randomBytes(5).toString('hex')}`;
  readonly names = namesOf('live', this.prefix);
  readonly material = generateCommandKeys(SERVICES);
  readonly #buses: KafkaBus[] = [];
  readonly #kafka: Kafka;
  readonly admin: Admin;

  constructor(readonly servers: TestServers) {
    mendTimer(); // before any client is made
    this.#kafka = new Kafka({ clientId: 'rig', brokers: [...servers.endpoints], logLevel: logLevel.NOTHING, retry: { retries: 12, maxRetryTime: 1000, initialRetryTime: 50 } });
    this.admin = kafkaClient({ connection: { brokers: servers.endpoints }, clientId: 'rig', log: silentLog, requestTimeoutMs: 2000 }).admin();
  }

  async open(more: { readonly partitions?: number; readonly replicas?: number; readonly config?: Readonly<Record<string, string>> } = {}): Promise<void> {
    await this.admin.connect();
    const { events, commands, replies } = this.names;
    const topic = (name: string): ITopicConfig => ({
      topic: name, numPartitions: more.partitions ?? 2, replicationFactor: more.replicas ?? 1,
      configEntries: Object.entries(more.config ?? {}).map(([of, value]) => ({ name: of, value })),
    });
    const topics = [
      events('order'), events('inventory'), events('risk'), commands('inventory'), commands('order'), replies('inventory'), replies('order'), replies('stranger'),
    ].map(topic);
    await this.admin.createTopics({ waitForLeaders: false, topics });
    await awaitTopics(this.admin, topics.map((one) => ({ name: one.topic, partitions: one.numPartitions ?? 1 })));
  }

  /** One instance of a service. */
  bus(service: string, more: Partial<KafkaBusOptions> & { readonly parked?: ParkedStore; readonly log?: Log } = {}): KafkaBus {
    const bus = kafkaBus({
      connection: { brokers: this.servers.endpoints }, namespace: 'live', prefix: this.prefix, instance: `${service}-${this.#buses.length}`,
      keys: ed25519Keys(this.material.find((one) => one.service === service)!), parked: memoryParkedStore(), clock: systemClock(), log: silentLog, sessionTimeoutMs: 3000, ...more,
    });
    this.#buses.push(bus);
    return bus;
  }
  /** A bare client, as somebody else would use it. */
  get kafka(): Kafka {
    return this.#kafka;
  }

  /** Topics go with it, unless the servers do. */
  async close({ keepTopics = false } = {}): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.stop()));
    if (keepTopics) return this.admin.disconnect();
    const ours = (await this.admin.listTopics()).filter((topic) => topic.startsWith(`${this.prefix}.`));
    if (ours.length > 0) await this.admin.deleteTopics({ topics: ours });
    await this.admin.disconnect();
  }
}
