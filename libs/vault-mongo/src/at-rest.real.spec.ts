import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createIds, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { localKeyWrap, type MaintainedCodeVault, type Nonces, type PersonalVault, type PlainRow } from '@vouchsafe/vault';
import { mongo } from 'mongoose';
import { CODE_VAULT_INDEXES, openMongoCodeVault } from './mongo-code-vault.js';
import { mongoPersonalVault } from './mongo-personal-vault.js';
import { applyVaultIndexes } from './vault-mongo.js';

const random = systemRandom();
const clock = systemClock();
const wrap = localKeyWrap(Buffer.alloc(32, 7), random);
const PASSWORD = 'pass';
const codes = (from: number, to: number): PlainRow[] => Array.from({ length: to - from }, (_, i) => ({ line: from + i + 1, code: `CODE-${String(from + i).padStart(6, '0')}`, number: 'NUMBER-7' }));

describeReal(['MongoDB'], 'a vault at rest in MongoDB', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-keyfile-'));
  let servers: MongoServers;
  let root: mongo.MongoClient;
  const opened: { close(): Promise<void> }[] = [];
  const names = { next: 0 };
  beforeAll(async () => {
    writeFileSync(path.join(folder, 'key'), 'a key of the members of this set', { mode: 0o400 });
    servers = await startMongo({ members: 1, own: true, args: ['--auth', '--keyFile', path.join(folder, 'key')] });
    const first = new mongo.MongoClient(`mongodb://${servers.endpoints[0]}/?directConnection=true`);
    await first.db('admin').command({ createUser: 'root', pwd: PASSWORD, roles: ['root'] });
    await first.close();
    root = new mongo.MongoClient(as('root'));
  });
  afterEach(async () => {
    for (const vault of opened.splice(0)) await vault.close();
  });
  afterAll(async () => {
    await root?.close();
    await servers?.stop();
    rmSync(folder, { recursive: true });
  });

  const as = (user: string): string => servers.uri.replace('//', `//${user}:${PASSWORD}@`);
  const aDatabase = (): string => `at_rest_${++names.next}`;
  const place = (database: string, user = 'root') => ({ uri: as(user), database, clock, random, log: silentLog });
  const openCodes = async (database: string, { user = 'root', indexes = 'apply' }: { user?: string; indexes?: 'apply' | 'check' } = {}): Promise<MaintainedCodeVault> => {
    const vault = await openMongoCodeVault({ place: { ...place(database, user), indexes }, namespace: 'live', wrap, random, clock });
    opened.push(vault);
    return vault;
  };
  const openPersonal = async (database: string): Promise<PersonalVault & Nonces> => {
    const vault = await mongoPersonalVault({ place: { ...place(database), indexes: 'apply' }, namespace: 'live', keys: wrap, random, ids: createIds(clock, random), clock });
    opened.push(vault);
    return vault;
  };
  const importAll = async (vault: MaintainedCodeVault, rows: readonly PlainRow[]): Promise<void> => {
    await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
    await vault.seal('bat_a', rows, { line: rows.length, refusals: [] });
  };
  /** Every byte of a database's documents, and of the log of operations. */
  const bytesOf = async (database: string): Promise<string> => {
    const found: string[] = [];
    const add = (documents: readonly mongo.Document[]): void => void found.push(...documents.map((document) => Buffer.from(mongo.BSON.serialize(document)).toString('latin1')));
    for (const { name } of await root.db(database).listCollections({}, { nameOnly: true }).toArray()) add(await root.db(database).collection(name).find().toArray());
    add(await root.db('local').collection('oplog.rs').find({ ns: new RegExp(`^${database}\\.`) }).toArray());
    return found.join('\n');
  };

  it('holds nothing in the clear, neither in documents nor in the log of operations', async () => {
    const database = aDatabase();
    await importAll(await openCodes(database), codes(0, 100));
    const personal = await openPersonal(database);
    await personal.protect([{ kind: 'phone', value: '138 0013 8000' }, { kind: 'email', value: 'zhang.san@example.com' }], { channelId: 'chn_1', buyer: 'zhang-san-4711' });
    await personal.keep('credential', 'a-signing-key');
    const bytes = await bytesOf(database);
    expect(bytes).toContain('bat_a');
    expect(bytes).not.toMatch(/CODE-|NUMBER-7|0013|13800138000|zhang|example\.com|a-signing-key/);
  });

  it('tells a block that was moved to another place, or changed', async () => {
    const database = aDatabase();
    const vault = await openCodes(database);
    await importAll(vault, codes(0, 128));
    const blocks = root.db(database).collection<{ _id: string; first: number; body: mongo.Binary }>('blocks');
    const [one, two] = await blocks.find({}, { sort: { first: 1 } }).toArray();
    for (const [block, other] of [[one!, two!], [two!, one!]] as const) await blocks.updateOne({ _id: block._id }, { $set: { body: other.body } });
    await expect(vault.open([{ batchId: 'bat_a', from: 0, to: 1 }])).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(await vault.verify('bat_a')).toBe(false);
    await blocks.deleteOne({ _id: two!._id });
    await expect(vault.open([{ batchId: 'bat_a', from: 100, to: 101 }])).rejects.toMatchObject({ code: 'BATCH_NOT_IN_VAULT' });
  });

  it('uses no initialisation vector twice under a key, whichever process seals', async () => {
    const database = aDatabase();
    for (let start = 0; start < 3; start++) {
      const vault = await openCodes(database);
      await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
      await vault.seal('bat_a', codes(start * 200, start * 200 + 200), { line: 0, refusals: [] });
    }
    const blocks = await root.db(database).collection<{ key: number; body: mongo.Binary }>('blocks').find().toArray();
    const used = blocks.map(({ key, body }) => `${key}/${Buffer.from(body.buffer).subarray(0, 12).toString('hex')}`);
    expect(blocks).toHaveLength(12);
    expect(new Set(used).size).toBe(12);
    expect(new Set(blocks.map(({ key }) => key)).size).toBe(3);
  });

  it('is not opened without its indexes, for the unique ones decide races', async () => {
    const database = aDatabase();
    await importAll(await openCodes(database, { indexes: 'check' }), codes(0, 3)); // new, so they are made
    await root.db(database).collection('codes').dropIndex('batch');
    await expect(openCodes(database, { indexes: 'check' })).rejects.toMatchObject({ code: 'VAULT_INDEXES_MISSING', retryable: false });
    await applyVaultIndexes(place(database), CODE_VAULT_INDEXES);
    await applyVaultIndexes(place(database), CODE_VAULT_INDEXES);
    await expect(openCodes(database, { indexes: 'check' })).resolves.toBeDefined();
  });

  it('opens for the user of its owner, and for no other service', async () => {
    const [codesOf, viewsOf] = [aDatabase(), aDatabase()];
    await root.db('admin').command({ createUser: 'inventory', pwd: PASSWORD, roles: [{ role: 'readWrite', db: codesOf }, { role: 'readWrite', db: viewsOf }] });
    await root.db('admin').command({ createUser: 'order', pwd: PASSWORD, roles: [{ role: 'readWrite', db: viewsOf }] });
    await importAll(await openCodes(codesOf, { user: 'inventory' }), codes(0, 3));
    for (const indexes of ['apply', 'check'] as const) await expect(openCodes(codesOf, { user: 'order', indexes })).rejects.toMatchObject({ code: 'VAULT_FORBIDDEN', retryable: false });
  });
});
