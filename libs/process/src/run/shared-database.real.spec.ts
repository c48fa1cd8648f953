import type { EventStore, RecordedEvent } from '@vouchsafe/event-store';
import { clockTimers, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { createMetrics, noTracing } from '@vouchsafe/telemetry';
import { describeReal, type MongoServers, startKafka, startMongo, type TestServers } from '@vouchsafe/test-servers';
import { Closers } from '../closers.js';
import { serviceConfig } from './config.js';
import { whetherCopied } from './copied.js';

const machine = () => ({ clock: systemClock(), timers: clockTimers(systemClock()), random: systemRandom(), log: silentLog, tracing: noTracing, metrics: createMetrics() });
/** A log by its first word. */
const log = (id: string): Pick<EventStore, 'readStream'> => ({ readStream: () => [{ id } as RecordedEvent] });

describeReal(['Kafka', 'MongoDB'], 'two deployments and one database', () => {
  let mongo: MongoServers;
  let kafka: TestServers;
  const closers = new Closers();
  beforeAll(async () => {
    [mongo, kafka] = await Promise.all([startMongo({ members: 1 }), startKafka({ brokers: 1 })]);
  });
  afterAll(async () => {
    await closers.closeAll();
    await Promise.all([mongo?.stop(), kafka?.stop()]);
  });

  it('the second, which stands on another log, is refused with the variables; replicas and restarts of the first are not', async () => {
    const config = serviceConfig.parse({
      VOUCHSAFE_NAMESPACE: 'sandbox', VOUCHSAFE_RPC_TARGETS: 'order=a', VOUCHSAFE_SIGNING_KEY: 'k', VOUCHSAFE_TRUSTED_KEYS: 't', VOUCHSAFE_KAFKA_BROKERS: kafka.endpoints.join(','),
      VOUCHSAFE_EVENT_STORE: 'esdb://s:1', VOUCHSAFE_EVENT_STORE_PREFIX: 'b.', VOUCHSAFE_MONGO_URI: mongo.uri,
    });
    const place = { uri: mongo.uri, database: `shared_${process.pid}` };
    const begin = (id: string) => whetherCopied(config, { place, store: log(id) }, machine(), closers);
    const first = await begin('log-a');
    expect(first).toMatchObject({ logId: 'log-a', copied: undefined });
    await first.settled(1);
    expect(await begin('log-a')).toMatchObject({ logId: 'log-a', copied: undefined, epochAtLeast: 1 });
    await expect(begin('log-b')).rejects.toMatchObject({
      code: 'DEPLOYMENT_FOREIGN', retryable: false, message: expect.stringMatching(new RegExp(`${place.database}.*VOUCHSAFE_EVENT_STORE, prefix b\\..*VOUCHSAFE_MONGO_DATABASE`)),
    });
  });
});
