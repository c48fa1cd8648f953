import { randomBytes } from 'node:crypto';
import { silentLog } from '@vouchsafe/runtime';
import { describeReal, freePort, startKafka, type TestServers } from '@vouchsafe/test-servers';
import { EXIT } from '../speech.js';
import { applyPlan, type TopicsRequest } from './topics.js';

describeReal(['Kafka'], 'vouchsafe topics apply, on a real Kafka', () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1 });
  });
  afterAll(() => servers.stop());
  const request: TopicsRequest = {
    namespace: 'sandbox', prefix: `test-${randomBytes(4).toString('hex')}`, partitions: 3, replicas: 1, minInSync: 1, retentionMs: 86_400_000, acls: false, prune: false, grow: false, dryRun: false,
  };

  it('makes all topics of the platform, the second time none, and never fewer partitions', async () => {
    const connection = { brokers: servers.endpoints };
    const first = await applyPlan(connection, request, silentLog);
    expect(first).toMatchObject({ ok: true, topics: { created: expect.arrayContaining([`${request.prefix}.sandbox.order.events`, `${request.prefix}.sandbox.insight.replies`]) } });
    expect(await applyPlan(connection, request, silentLog)).toMatchObject({ ok: true, topics: { created: [], altered: [], grown: [] } });
    expect(await applyPlan(connection, { ...request, partitions: 1 }, silentLog)).toMatchObject({ ok: false, refused: expect.arrayContaining([expect.objectContaining({ setting: 'partitions', actual: '3', wanted: '1' })]) });
  });

  it('says where it looked when there is no Kafka', async () => {
    const brokers = [`127.0.0.1:${await freePort()}`];
    await expect(applyPlan({ brokers }, request, silentLog)).rejects.toMatchObject({ exit: EXIT.unavailable, en: expect.stringContaining(brokers[0]!) });
  });
});
