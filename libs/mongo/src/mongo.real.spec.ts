import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, freePort, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongo } from 'mongoose';
import { Mongo, type Patience } from './mongo.js';

const short: Patience = { attemptsMax: 6, forMs: 3_000, selectionMs: 400, silenceMs: 5_000 };
const LONGER_THAN_ONE_LOOK_MS = 3_500;
const PASSWORD = 'a secret of ours';

describeReal(['MongoDB'], 'MongoDB, as our adapters use it', () => {
  const opened: Mongo[] = [];
  const started: MongoServers[] = [];
  const open = (uri: string, patience?: Patience): Mongo => {
    const made = new Mongo({ uri, database: 'ours', codes: 'VIEWS', clock: systemClock(), random: systemRandom(), log: silentLog, ...(patience && { patience }) });
    opened.push(made);
    return made;
  };
  const start = async (options: Parameters<typeof startMongo>[0]): Promise<MongoServers> => {
    const servers = await startMongo({ own: true, ...options });
    started.push(servers);
    return servers;
  };
  const as = async <T>(uri: string, work: (admin: mongo.Db) => Promise<T>): Promise<T> => {
    const client = new mongo.MongoClient(uri, { directConnection: true, retryWrites: false });
    try {
      return await work(client.db('admin'));
    } finally {
      await client.close();
    }
  };
  const count = (ours: Mongo): Promise<unknown> =>
    ours.run(({ db, session }) => db.collection<{ _id: string }>('counts').updateOne({ _id: 'a' }, { $inc: { n: 1 } }, { upsert: true, session }));
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  afterAll(async () => {
    for (const servers of started) await servers.stop();
  });

  describe('tells what is wrong', () => {
    it('nobody answers', async () => {
      const port = await freePort();
      const error = await open(`mongodb://user:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/?replicaSet=rs0`, short).check().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'VIEWS_UNREACHABLE', retryable: true, message: expect.stringContaining(`127.0.0.1:${port}`) });
      expect((error as Error).message).not.toContain('secret');
    });

    it('the connection string is none', async () => {
      for (const uri of ['mongodb://user:secret@/x', 'http://127.0.0.1', 'secret', 'mongodb://127.0.0.1:1/?nonsense=1']) {
        const error = await open(uri, short).check().catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'VIEWS_ADDRESS', retryable: false });
        expect((error as Error).message).not.toContain('secret');
      }
    });

    it('it is no replica set', async () => {
      const { uri } = await start({ members: 1, standalone: true });
      await expect(open(uri, short).check()).rejects.toMatchObject({ code: 'VIEWS_NO_REPLICA_SET', retryable: false });
    });

    it('it refuses the credentials, or what they may do', async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-keyfile-'));
      try {
        writeFileSync(path.join(folder, 'key'), 'a key of the members of this set', { mode: 0o400 });
        const { uri, endpoints } = await start({ members: 1, args: ['--auth', '--keyFile', path.join(folder, 'key')] });
        const at = (user: string, password: string): string => uri.replace('//', `//${user}:${encodeURIComponent(password)}@`);
        await as(`mongodb://${endpoints[0]}`, (admin) => admin.command({ createUser: 'root', pwd: PASSWORD, roles: ['root'] }));
        await as(`mongodb://root:${encodeURIComponent(PASSWORD)}@${endpoints[0]}`, (admin) => admin.command({ createUser: 'reader', pwd: PASSWORD, roles: [{ role: 'read', db: 'ours' }] }));
        await expect(open(at('root', 'wrong'), short).check()).rejects.toMatchObject({ code: 'VIEWS_CREDENTIALS', retryable: false });
        await expect(open(uri, short).check()).rejects.toMatchObject({ code: 'VIEWS_FORBIDDEN', retryable: false });
        await expect(open(at('reader', PASSWORD), short).check()).rejects.toMatchObject({ code: 'VIEWS_FORBIDDEN', retryable: false, message: expect.stringContaining('readWrite on the database ours') });
        await expect(open(at('root', PASSWORD), short).check()).resolves.toBeUndefined();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  describe('with errors on demand', () => {
    let servers: MongoServers;
    beforeAll(async () => {
      servers = await start({ members: 1 });
    });
    const fail = (mode: unknown, data: object): Promise<unknown> =>
      as(`mongodb://${servers.endpoints[0]}`, (admin) => admin.command({ configureFailPoint: 'failCommand', mode, data: { failCommands: ['update'], ...data } }));
    afterEach(() => fail('off', {}));

    it('goes on where the driver, which repeats once, gives up', async () => {
      await fail({ times: 4 }, { closeConnection: true });
      const plain = new mongo.MongoClient(servers.uri, { retryWrites: true });
      try {
        await expect(plain.db('ours').collection('counts').updateOne({}, { $inc: { n: 1 } })).rejects.toThrow(mongo.MongoNetworkError);
      } finally {
        await plain.close();
      }
      await fail({ times: 4 }, { closeConnection: true });
      await expect(count(open(servers.uri))).resolves.toBeDefined();
    });

    it('repeats while the primary steps down', async () => {
      await fail({ times: 3 }, { errorCode: 189 });
      await expect(count(open(servers.uri))).resolves.toBeDefined();
    });

    it('ends when the patience does, as a fault that may pass', async () => {
      await fail('alwaysOn', { errorCode: 11602 });
      await expect(count(open(servers.uri, short))).rejects.toMatchObject({ name: 'Fault', code: 'VIEWS_UNREACHABLE', retryable: true });
    });

    it('says that there is no majority', async () => {
      for (const code of [64, 100]) {
        await fail('alwaysOn', { writeConcernError: { code, errmsg: 'waiting for replication timed out' } });
        await expect(open(servers.uri, short).check()).rejects.toMatchObject({ code: 'VIEWS_NO_MAJORITY', retryable: true });
      }
    });

    it('repeats no refusal', async () => {
      await fail({ times: 1 }, { errorCode: 2 });
      await expect(count(open(servers.uri))).rejects.toMatchObject({ code: 'VIEWS_FAILED', retryable: false });
    });
  });

  it('works when the server comes later, and again after it was killed', async () => {
    const servers = await start({ members: 1 });
    await servers.kill(0);
    const ours = open(servers.uri);
    const first = count(ours);
    await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_ONE_LOOK_MS));
    await servers.restart(0);
    await first;
    await servers.kill(0);
    const second = count(ours);
    await servers.restart(0);
    await second;
    expect(await ours.run(({ db, session }) => db.collection('counts').findOne({}, { session }))).toMatchObject({ n: 2 });
    await ours.close();
    await expect(count(ours)).rejects.toMatchObject({ code: 'VIEWS_CLOSED', retryable: false });
  });

  it('takes majority writes to the journal whatever the connection string says', async () => {
    const servers = await start({ members: 1 });
    const ours = open(`${servers.uri}&w=1&journal=false&readConcernLevel=local&readPreference=secondary`);
    const used = await ours.run(async ({ db }) => ({ ...db.writeConcern, reads: db.readConcern?.level, from: db.readPreference?.mode }));
    expect(used).toMatchObject({ w: 'majority', journal: true, reads: 'majority', from: 'primary' });
  });
});
