import { isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { mongo } from 'mongoose';
import { tableOf, type VaultIndexes } from './vault-mongo.js';

/** A subject with its newest page; full ones lie in `pages`. `v` counts its changes. */
export type Subject = {
  readonly _id: string; /** Token of whose it is; none where a value is kept for itself. */ readonly owner?: Buffer;
  readonly keyId: number; readonly key: Buffer; readonly page: number; readonly sealed: Buffer; readonly v: number;
};
type Page = { _id: string; subject: string; sealed: Buffer };

const SUBJECTS = 'subjects';
const PAGES = 'pages';
export const SUBJECT_INDEXES: VaultIndexes = {
  [SUBJECTS]: [{ name: 'owner', key: { owner: 1 }, unique: true, partialFilterExpression: { owner: { $exists: true } } }],
  [PAGES]: [{ name: 'subject', key: { subject: 1 } }],
};

export class Subjects {
  readonly #vault: Mongo;

  constructor(vault: Mongo) {
    this.#vault = vault;
  }

  byId(id: string): Promise<Subject | null> {
    return this.#run((subjects, session) => subjects.findOne({ _id: id }, { session }));
  }
  byOwner(owner: Buffer): Promise<Subject | null> {
    return this.#run((subjects, session) => subjects.findOne({ owner }, { session }));
  }

  /** False where the owner has a subject already; the unique insert decides. */
  insert(subject: Subject): Promise<boolean> {
    return this.#run(async (subjects, session) => {
      try {
        await subjects.insertOne(subject, { session });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error as { code?: unknown })) throw error;
        return (await subjects.findOne({ _id: subject._id }, { session })) !== null; // ours: the answer to an earlier attempt was lost
      }
    });
  }
  /** False where it was changed since it was read, by whomever. */
  async change({ _id, v }: Subject, to: Pick<Subject, 'page' | 'sealed'>): Promise<boolean> {
    const { matchedCount } = await this.#run((subjects, session) => subjects.updateOne({ _id, v }, { $set: { ...to, v: v + 1 } }, { session }));
    return matchedCount === 1;
  }
  /** Destroys the key with it; what is left of its pages opens no more. False where there was none. */
  async erase(id: string): Promise<boolean> {
    const there = (await this.byId(id)) !== null;
    await this.#run((subjects, session) => subjects.deleteOne({ _id: id }, { session }));
    await this.#vault.run((attempt) => tableOf<Page>(attempt, PAGES).deleteMany({ subject: id }, { session: attempt.session }));
    return there;
  }

  async page(subject: string, page: number): Promise<Buffer | undefined> {
    return (await this.#vault.run((attempt) => tableOf<Page>(attempt, PAGES).findOne({ _id: `${subject}/${page}` }, { session: attempt.session })))?.sealed;
  }
  /** A full page is the same whoever lays it down. */
  async layDown(subject: string, page: number, sealed: Buffer): Promise<void> {
    await this.#vault.run((attempt) =>
      tableOf<Page>(attempt, PAGES).updateOne({ _id: `${subject}/${page}` }, { $setOnInsert: { subject, sealed } }, { upsert: true, session: attempt.session }));
  }

  #run<T>(work: (subjects: mongo.Collection<Subject>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<Subject>(attempt, SUBJECTS), attempt.session));
  }
}
