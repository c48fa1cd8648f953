import { instant } from '@vouchsafe/kernel';
import type { Patience } from '@vouchsafe/mongo';
import { createIds, silentLog, simulatedClock, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { localKeyWrap, type MaintainedCodeVault, type Nonces, type PersonalVault, type PlainRow, subjectOfRef } from '@vouchsafe/vault';
import { mongo } from 'mongoose';
import { openMongoCodeVault } from './mongo-code-vault.js';
import { mongoPersonalVault } from './mongo-personal-vault.js';

const random = systemRandom();
const clock = systemClock();
const wrap = localKeyWrap(Buffer.alloc(32, 7), random);
const databases = { next: 0 };
/** A process that dies of the first error. */
const DYING: Patience = { attemptsMax: 1, forMs: 0, selectionMs: 2_000, silenceMs: 5_000 };
const COMMANDS = ['insert', 'update', 'findAndModify', 'delete', 'find', 'aggregate', 'getMore'];

const codes = (from: number, to: number): PlainRow[] => Array.from({ length: to - from }, (_, i) => ({ line: from + i + 1, code: `CODE-${String(from + i).padStart(6, '0')}` }));

describeReal(['MongoDB'], 'processes that share a vault in MongoDB', () => {
  let servers: MongoServers;
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    servers = await startMongo({ members: 1, own: true });
  });
  afterEach(async () => {
    await failing('off', {});
    for (const vault of opened.splice(0)) await vault.close();
  });
  afterAll(() => servers?.stop());

  const failing = async (mode: unknown, data: object): Promise<void> => {
    const client = new mongo.MongoClient(servers.uri);
    try {
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode, data: { failCommands: COMMANDS, appName: 'vouchsafe', ...data } });
    } finally {
      await client.close();
    }
  };
  const aDatabase = (): string => `races_${++databases.next}`;
  const place = (database: string, patience?: Patience) => ({ uri: servers.uri, database, indexes: 'apply', clock, random, log: silentLog, ...(patience && { patience }) }) as const;
  const openCodes = async (database: string, patience?: Patience): Promise<MaintainedCodeVault> => {
    const vault = await openMongoCodeVault({ place: place(database, patience), namespace: 'live', wrap, random, clock });
    opened.push(vault);
    return vault;
  };
  const openPersonal = async (database: string, at = clock): Promise<PersonalVault & Nonces> => {
    const vault = await mongoPersonalVault({ place: place(database), namespace: 'live', keys: wrap, random, ids: createIds(at, random), clock: at });
    opened.push(vault);
    return vault;
  };
  /** What an import does: goes on behind the last line the vault has noted. */
  const importAll = async (vault: MaintainedCodeVault, batchId: string, rows: readonly PlainRow[], atOnce: number): Promise<void> => {
    await vault.begin({ batchId, importId: `imp_${batchId}`, uses: 1 });
    const done = (await vault.batch(batchId))!.line;
    for (let at = done; at < rows.length; at += atOnce) {
      const part = rows.slice(at, at + atOnce);
      await vault.seal(batchId, part, { line: at + part.length, refusals: [] });
    }
    await vault.complete(batchId);
  };
  const contentOf = async (vault: MaintainedCodeVault, batchId: string): Promise<string[]> => {
    const { rows } = (await vault.batch(batchId))!;
    expect(await vault.verify(batchId)).toBe(true);
    return (await vault.open([{ batchId, from: 0, to: rows }])).map(({ code }) => code);
  };

  it('take each code in once, whoever is quicker with it', async () => {
    const database = aDatabase();
    const vaults = [await openCodes(database), await openCodes(database), await openCodes(database)];
    const rows = codes(0, 600);
    await Promise.all(vaults.map((vault, i) => importAll(vault, `bat_${i}`, i === 1 ? rows.toReversed() : rows, 100)));
    const contents = await Promise.all(vaults.map((_, i) => contentOf(vaults[0]!, `bat_${i}`)));
    expect(contents.flat().sort()).toEqual(rows.map(({ code }) => code));
    for (const [i, content] of contents.entries()) {
      for (const [index, code] of [...content.entries()].filter(([at]) => at % 37 === 0)) expect(await vaults[2]!.find(code)).toEqual({ batchId: `bat_${i}`, index, uses: 1 });
    }
  });

  it('of which one is thought dead do not seal a code twice into one batch', async () => {
    const database = aDatabase();
    const [zombie, next] = [await openCodes(database), await openCodes(database)];
    for (const vault of [zombie, next]) await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
    const rows = codes(0, 400);
    const work = async (vault: MaintainedCodeVault): Promise<void> => {
      for (let at = 0; at < rows.length; at += 50) await vault.seal('bat_a', rows.slice(at, at + 50), { line: at + 50, refusals: [] }).catch(ignoringContention);
    };
    await Promise.all([work(zombie), work(next)]);
    await work(next);
    await next.complete('bat_a');
    const content = await contentOf(next, 'bat_a');
    expect(content.toSorted()).toEqual(rows.map(({ code }) => code));
    await expect(zombie.seal('bat_a', codes(400, 401), { line: 401, refusals: [] })).rejects.toThrow('open batch');
    expect(await zombie.find(content[77]!)).toEqual({ batchId: 'bat_a', index: 77, uses: 1 });
  });

  it('that die at any command leave nothing that counts twice, or half', async () => {
    const rows = codes(0, 150);
    let deaths = 0;
    for (let survived = 0; survived < 60; survived++) {
      const database = aDatabase();
      const dying = await openCodes(database, DYING);
      await failing({ skip: survived }, { closeConnection: true });
      const died = await importAll(dying, 'bat_a', rows, 70).then(() => false, () => true);
      await failing('off', {});
      if (died) deaths++;
      const next = await openCodes(database);
      await importAll(next, 'bat_a', rows, 70);
      expect((await contentOf(next, 'bat_a')).toSorted()).toEqual(rows.map(({ code }) => code));
      // The dead one was only slow: what it still tries is refused or changes nothing.
      await importAll(dying, 'bat_a', rows, 70).catch((error: unknown) => expect(String(error)).toMatch(/open batch|Fault/));
      expect(await next.batch('bat_a')).toMatchObject({ rows: 150, status: 'complete' });
      for (const vault of opened.splice(0)) await vault.close();
      if (!died) break;
    }
    expect(deaths).toBeGreaterThan(20);
  });

  it('whose answers are lost take everything in once', async () => {
    const rows = codes(0, 150);
    for (const command of ['insert', 'update', 'findAndModify']) {
      for (const times of [1, 4]) {
        const vault = await openCodes(aDatabase());
        await failing({ times }, { failCommands: [command], writeConcernError: { code: 91, errmsg: 'going down' } });
        await importAll(vault, 'bat_a', rows, 70);
        await failing('off', {});
        expect((await contentOf(vault, 'bat_a')).toSorted()).toEqual(rows.map(({ code }) => code));
        expect(await vault.batch('bat_a')).toMatchObject({ rows: 150, refused: 0, line: 150 });
      }
    }
  });

  it('start on an empty vault at once with one key of each kind', async () => {
    const database = aDatabase();
    const vaults = await Promise.all([openCodes(database), openCodes(database), openCodes(database)]);
    const ids = vaults.map((vault) => vault.nameUnits([{ batchId: 'bat_a', index: 3 }])[0]);
    expect(new Set(ids).size).toBe(1);
    expect(await vaults[0].lookupKeys()).toHaveLength(1);
    const personal = await Promise.all([openPersonal(database), openPersonal(database)]);
    expect(new Set(personal.map((vault) => vault.tokenOf({ kind: 'phone', value: '13800138000' }))).size).toBe(1);
  });

  it('read nothing of a batch that another one has erased', async () => {
    const database = aDatabase();
    const [one, two] = [await openCodes(database), await openCodes(database)];
    await importAll(one, 'bat_a', codes(0, 10), 10);
    expect(await two.open([{ batchId: 'bat_a', from: 0, to: 1 }])).toHaveLength(1);
    await one.erase('bat_a');
    await expect(two.open([{ batchId: 'bat_a', from: 0, to: 1 }])).rejects.toMatchObject({ code: 'KEY_ERASED' });
  });

  it('keep a buyer’s data with one subject, and none of what was erased elsewhere', async () => {
    const database = aDatabase();
    const vaults = [await openPersonal(database), await openPersonal(database)];
    const buyer = { channelId: 'chn_1', buyer: 'b-1' };
    const kept = (await Promise.all(Array.from({ length: 60 }, (_, i) => vaults[i % 2]!.protect([{ kind: 'ip', value: `10.0.0.${i}` }], buyer)))).flat();
    expect(new Set(kept.map(({ ref }) => subjectOfRef(ref))).size).toBe(1);
    for (const [i, { ref }] of kept.entries()) expect(await vaults[(i + 1) % 2]!.reveal(ref)).toBe(`10.0.0.${i}`);
    await vaults[0]!.erase(kept[0]!.ref);
    const [again] = await vaults[1]!.protect([{ kind: 'ip', value: '10.0.0.1' }], buyer);
    expect(await vaults[0]!.reveal(again!.ref)).toBe('10.0.0.1');
  });

  it('let a nonce pass once, also where an answer is lost or its time was over', async () => {
    const database = aDatabase();
    const time = simulatedClock(instant(1_700_000_000_000));
    const vaults = [await openPersonal(database, time), await openPersonal(database, time)];
    for (let round = 0; round < 5; round++) {
      const until = instant(time.now() + 1_000);
      if (round % 2 === 1) await failing({ times: 2 }, { failCommands: ['insert', 'update'], writeConcernError: { code: 91, errmsg: 'going down' } });
      const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => vaults[i % 2]!.claim('crd_1', 'nonce', until)));
      expect(claims.filter(Boolean)).toHaveLength(1);
      await time.advance(1_001);
    }
  });
});

const ignoringContention = (error: unknown): void => expect(error).toMatchObject({ code: 'VAULT_CONTENTION' });

describeReal(['MongoDB'], 'a vault in a replica set of three whose primary dies', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 3 });
  });
  afterAll(() => servers?.stop());

  it('loses no code that was answered and takes none in twice', async () => {
    const vault = await openMongoCodeVault({ place: { uri: servers.uri, database: 'failover', indexes: 'apply', clock, random, log: silentLog }, namespace: 'live', wrap, random, clock });
    try {
      await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
      const rows = codes(0, 3_000);
      let answered = 0;
      const importing = (async () => {
        for (let at = 0; at < rows.length; at += 150) answered += (await vault.seal('bat_a', rows.slice(at, at + 150), { line: at + 150, refusals: [] })).sealed;
      })();
      while (answered === 0) await clock.sleep(5);
      await servers.kill(0);
      await importing;
      await vault.complete('bat_a');
      expect(answered).toBe(3_000);
      expect(await vault.verify('bat_a')).toBe(true);
      const opened = await vault.open([{ batchId: 'bat_a', from: 0, to: 3_000 }]);
      expect(opened.map(({ code }) => code)).toEqual(rows.map(({ code }) => code));
    } finally {
      await vault.close();
    }
  });
});
