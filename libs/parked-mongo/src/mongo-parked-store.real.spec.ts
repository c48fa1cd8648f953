import { randomBytes } from 'node:crypto';
import { aParked, describeParkedStoreContract } from '@vouchsafe/bus/testing/parked-store';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongoParkedStore } from './index.js';

describeReal(['MongoDB'], 'parked messages on a real MongoDB', () => {
  let servers: MongoServers;
  const database = `parked_${randomBytes(4).toString('hex')}`;
  const open = (name = database) => mongoParkedStore({ uri: servers.uri, database: name, clock: systemClock(), random: systemRandom(), log: silentLog });
  beforeAll(async () => void (servers = await startMongo({ members: 1 })));
  afterAll(() => servers.stop());

  describeParkedStoreContract('MongoDB', async () => open(`${database}_c`));

  it('are known to every replica, in one order, also where two park at once', async () => {
    const [one, other] = [open(), open()];
    await Promise.all([one, other].flatMap((store, i) => Array.from({ length: 20 }, (_, n) => store.put(aParked(`m-${i}-${n}`, 's')))));
    const seen = await one.list({ limit: 100 });
    expect(seen).toHaveLength(40);
    expect(await other.list({ limit: 100 })).toEqual(seen);
    // Both park the same message: it is there once.
    await Promise.all([one.put(aParked('same', 't')), other.put(aParked('same', 't'))]);
    expect(await one.list({ target: 't', limit: 10 })).toHaveLength(1);
    await one.close();
    await other.close();
  });
});
