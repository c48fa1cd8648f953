import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { KnownSurroundings } from './surroundings.js';

describeReal(['MongoDB'], 'what a deployment’s replicas know together of what they stand on', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
  });
  afterAll(() => servers?.stop());

  it('is nothing at first, then what the last one wrote; the epoch never falls', async () => {
    const open = () => new KnownSurroundings({ uri: servers.uri, database: `surroundings_${process.pid}`, clock: systemClock(), random: systemRandom(), log: silentLog });
    const [one, other] = [open(), open()];
    try {
      expect(await one.read()).toBeUndefined();
      await one.write({ transport: 'kafka-a/vouchsafe', epoch: 3 });
      await other.write({ transport: 'kafka-b/vouchsafe', epoch: 2 });
      expect(await one.read()).toEqual({ transport: 'kafka-b/vouchsafe', epoch: 3 });
    } finally {
      await one.close();
      await other.close();
    }
  });
});
