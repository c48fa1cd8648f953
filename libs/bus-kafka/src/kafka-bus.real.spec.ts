import { describeBusContract } from '@vouchsafe/bus/testing';
import { describeReal, startKafka, type TestServers } from '@vouchsafe/test-servers';
import { Rig } from './testing/rig.js';

describeReal(['Kafka'], 'the bus on a real Kafka', () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1 });
  });
  afterAll(() => servers.stop());

  describeBusContract('Kafka', async () => {
    const rig = new Rig(servers);
    await rig.open();
    const bus = rig.bus('inventory');
    return { bus, until: (work) => work, close: () => rig.close(), handled: () => bus.caughtUp() };
  });
});
