import { randomBytes, randomUUID } from 'node:crypto';
import { memoryParkedStore } from '@vouchsafe/bus';
import type { Cluster } from '@vouchsafe/cluster';
import { NO_STREAM } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { instant, plusMs } from '@vouchsafe/kernel';
import { CONTRACTS } from '@vouchsafe/process';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { serviceCaller } from '@vouchsafe/rpc';
import { createGrpcRpc, tokenIssuer, tokenVerifier, watchKeys } from '@vouchsafe/rpc-grpc';
import { clockTimers, createIds, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { type Kafka, Partitioners } from 'kafkajs';
import { quantileOf } from '../load.js';

/** What one step between processes takes, alone, one after the other, in milliseconds. */
export type Hop = { readonly what: string; readonly times: number; readonly p50Ms: number; readonly p99Ms: number };

const WARM = 200;
const TIMES = 500;
const DEADLINE_MS = 10_000;
const EVENT_BYTES = 450;

const timed = async (what: string, once: (n: number) => Promise<unknown>): Promise<Hop> => {
  for (let n = 0; n < WARM; n++) await once(n);
  const taken: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    const from = performance.now();
    await once(WARM + n);
    taken.push(performance.now() - from);
  }
  const at = quantileOf(taken);
  return { what, times: TIMES, p50Ms: at(0.5), p99Ms: at(0.99) };
};

/** A bare message through the same broker: produced with acks=all, consumed, one at a time. The reference of all that goes over Kafka. */
export const bareRoundTrip = async (kafka: Kafka): Promise<Hop> => {
  const topic = `bench-bare-${randomBytes(4).toString('hex')}`;
  const admin = kafka.admin();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner });
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500, minBytes: 1 });
  try {
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
    await Promise.all([producer.connect(), consumer.connect()]);
    let arrived: (value: string) => void = () => {};
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => arrived(String(message.value)) });
    const value = 'x'.repeat(EVENT_BYTES);
    return await timed('bare Kafka: produce → consume', async (n) => {
      const came = new Promise<void>((resolve) => { arrived = (text) => { if (text.startsWith(`${n}:`)) resolve(); }; });
      await producer.send({ topic, acks: -1, messages: [{ key: String(n), value: `${n}:${value}` }] });
      await came;
    });
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()]);
    await admin.deleteTopics({ topics: [topic] }).finally(() => admin.disconnect());
  }
};

/** A command to another service and its outcome, signed and checked, with nothing to decide. */
export const commandRoundTrip = async (brokers: readonly string[]): Promise<Hop> => {
  const { applyTopics, ed25519Keys, generateCommandKeys, kafkaAdmin, kafkaBus, planTopics } = await import('@vouchsafe/bus-kafka'); // as every command that may do without it
  const prefix = `bench-${randomBytes(4).toString('hex')}`;
  const clock = systemClock();
  const topics = planTopics({ namespace: 'sandbox', prefix, partitions: 4, replicas: 1, minInSync: 1, retentionMs: 3_600_000 });
  const admin = kafkaAdmin({ brokers }, silentLog);
  await admin.connect();
  const keys = generateCommandKeys(['order', 'inventory']);
  const buses = keys.map((material) => kafkaBus({
    connection: { brokers }, namespace: 'sandbox', prefix, instance: randomUUID(), keys: ed25519Keys(material), parked: memoryParkedStore(), clock, log: silentLog,
  }));
  try {
    await applyTopics(admin, topics);
    const [order, inventory] = buses;
    inventory!.serve('inventory', async ({ id }) => ({ commandId: id, ok: true, result: {} }));
    await Promise.all(buses.map((bus) => bus.start()));
    return await timed('Kafka: command + outcome', async (n) => order!.ask(
      { id: `c${n}`, target: 'inventory', key: `k${n}`, namespace: 'sandbox', body: { name: 'Nothing', data: { filling: 'x'.repeat(EVENT_BYTES) } }, principal: 'bench', correlation: 'bench', sentAt: clock.now() },
      DEADLINE_MS,
    ));
  } finally {
    await Promise.allSettled(buses.map((bus) => bus.stop()));
    await admin.deleteTopics({ topics: topics.map(({ name }) => name) }).finally(() => admin.disconnect());
  }
};

/** A call from one process to another that reads from memory. */
export const grpcHop = async ({ rpc: { targets, gatewayKey, trustedKeys } }: Cluster, channelId: string): Promise<Hop> => {
  const clock = systemClock();
  const keys = await watchKeys({ signingKeyFile: gatewayKey, trustedKeysFile: trustedKeys }, clockTimers(clock), silentLog);
  const rpc = createGrpcRpc({
    clock, log: silentLog, contracts: CONTRACTS, targets, issuer: tokenIssuer('gateway', clock, keys.signing),
    verifier: tokenVerifier({ audience: 'bench', namespace: 'sandbox', clock, trusted: keys.trusted }),
  });
  const caller = serviceCaller('gateway', 'sandbox');
  try {
    return await timed('gRPC: a call and its answer', () => rpc.call(CatalogTermsService.method.getChannelTerms, { channelId }, {
      caller, requestId: 'bench', deadline: plusMs(clock.now(), DEADLINE_MS), locale: 'en',
    }));
  } finally {
    rpc.close();
    await keys.stop();
  }
};

/** One event to a stream of its own, durable and read back, as every decision is. */
export const storeAppend = async ({ eventStore: { url } }: Cluster): Promise<Hop> => {
  const clock = systemClock();
  const store = await openEsdbStore({ connectionString: url, prefix: 'bench.', clock, log: silentLog });
  const ids = createIds(clock, systemRandom());
  const data = { filling: 'x'.repeat(EVENT_BYTES) };
  try {
    return await timed('event store: an append', async () => {
      const id = ids.uuid();
      return store.append({
        stream: `bench-${id}`, expected: NO_STREAM,
        events: [{ id, type: 'bench.Nothing.v1', data, occurredAt: instant(clock.now()), correlation: 'bench', causation: id, principal: 'bench' }],
      });
    });
  } finally {
    await store.close();
  }
};
