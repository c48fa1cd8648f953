import { connect } from 'node:net';
import { once } from 'node:events';
import { MongoClient } from 'mongodb';
import { describeReal } from './describe-real.js';
import { startKafka } from './kafka.js';
import { startMongo } from './mongo.js';
import type { TestServers } from './servers.js';

const canConnect = async (endpoint: string): Promise<boolean> => {
  const [host, port] = endpoint.split(':');
  const socket = connect(Number(port), host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

describeReal(['Kafka'], 'a Kafka for tests', () => {
  it('is shared by a run, and not to be hurt by one suite', async () => {
    const shared = await startKafka({ brokers: 1 });
    expect(await canConnect(shared.endpoints[0]!)).toBe(true);
    if (process.env['VOUCHSAFE_TEST_KAFKA']) await expect(shared.kill(0)).rejects.toThrow('not ours');
    await shared.stop();
  });
  it('of one’s own can be killed and started again, and is gone when stopped', async () => {
    const own: TestServers = await startKafka({ brokers: 1, own: true });
    await own.kill(0);
    expect([own.pid(0), await canConnect(own.endpoints[0]!)]).toEqual([undefined, false]);
    await own.restart(0);
    expect(await canConnect(own.endpoints[0]!)).toBe(true);
    await own.stop();
    expect(await canConnect(own.endpoints[0]!)).toBe(false);
  });
});

describeReal(['MongoDB'], 'a MongoDB for tests', () => {
  it('is a replica set, which keeps its data over a kill', async () => {
    const own = await startMongo({ members: 1, own: true });
    const client = new MongoClient(own.uri, { serverSelectionTimeoutMS: 20_000 });
    try {
      const things = client.db('test').collection<{ _id: number }>('things');
      await things.insertOne({ _id: 1 }, { writeConcern: { w: 'majority', j: true } });
      await own.kill(0);
      await own.restart(0);
      expect(await things.find().toArray()).toEqual([{ _id: 1 }]);
    } finally {
      await client.close();
      await own.stop();
    }
  });
});
