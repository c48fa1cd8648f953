import { Fault } from '@vouchsafe/kernel';
import { type Attempt, Mongo, type MongoOptions } from '@vouchsafe/mongo';
import type { mongo } from 'mongoose';

export type VaultMongoOptions = Omit<MongoOptions, 'codes'> & {
  /**
   * `apply`: indexes that lack are made when the vault is opened (development, tests). `check`: that is a Fault
   * `VAULT_INDEXES_MISSING`; {@link applyVaultIndexes} is run before a new version starts. Empty collections get theirs either way.
   */
  readonly indexes: 'apply' | 'check';
};

/** The indexes of a vault's collections. The unique ones decide races, so nothing is written before they are there. */
export type VaultIndexes = Readonly<Record<string, readonly mongo.IndexDescription[]>>;

export const openVaultMongo = async (options: VaultMongoOptions, indexes: VaultIndexes): Promise<Mongo> => {
  const vault = new Mongo({ ...options, codes: 'VAULT' });
  try {
    if (options.indexes === 'apply') await vault.run((attempt) => applyAll(attempt, indexes));
    else await vault.run((attempt) => checkAll(attempt, indexes));
    return vault;
  } catch (error) {
    await vault.close();
    throw error;
  }
};

/** Makes the indexes of a vault, for a command before a new version starts. May be run again, and beside running services. */
export const applyVaultIndexes = async (options: Omit<MongoOptions, 'codes'>, indexes: VaultIndexes): Promise<void> => {
  await (await openVaultMongo({ ...options, indexes: 'apply' }, indexes)).close();
};

const applyAll = async ({ db, session }: Attempt, indexes: VaultIndexes): Promise<void> => {
  // By majority: the default waits for every member, also for one that is down.
  for (const [name, wanted] of Object.entries(indexes)) await db.collection(name).createIndexes([...wanted], { commitQuorum: 'majority', session });
};

const checkAll = async ({ db, session }: Attempt, indexes: VaultIndexes): Promise<void> => {
  for (const [name, wanted] of Object.entries(indexes)) {
    const present = (await db.collection(name).listIndexes({ session }).toArray().catch(noneWhereAbsent)).map((index) => (index as { name: string }).name);
    const missing = wanted.filter((index) => !present.includes(index.name!)).map((index) => index.name);
    if (missing.length === 0) continue;
    const empty = (await db.collection(name).findOne({}, { projection: { _id: 1 }, session })) === null;
    if (empty) await db.collection(name).createIndexes([...wanted], { commitQuorum: 'majority', session });
    else throw new Fault('VAULT_INDEXES_MISSING', `the collection ${name} lacks the indexes ${missing.join(', ')}: apply the vault's indexes before this version is started`, false);
  }
};

const NAMESPACE_NOT_FOUND = 26;
const noneWhereAbsent = (error: unknown): never[] => {
  if ((error as { code?: unknown }).code === NAMESPACE_NOT_FOUND) return [];
  throw error;
};

/** A collection whose bytes come as Buffers. */
export const tableOf = <T extends mongo.Document>({ db }: Attempt, name: string): mongo.Collection<T> => db.collection<T>(name, { promoteBuffers: true });

/** The next number of a series. Numbers may be left out, none is given twice. */
export const nextNumber = (vault: Mongo, series: string): Promise<number> =>
  vault.run(async (attempt) => {
    const counters = tableOf<{ _id: string; n: number }>(attempt, 'counters');
    const found = await counters.findOneAndUpdate({ _id: series }, { $inc: { n: 1 } }, { upsert: true, returnDocument: 'after', session: attempt.session });
    return Number(found!.n);
  });
