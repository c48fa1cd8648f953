import { Mongo, type MongoOptions } from '@vouchsafe/mongo';

/** What a deployment's replicas know together of what they stand on. */
export type Surroundings = { readonly transport: string; readonly epoch: number; /** Which log its views, vault and parked messages belong to; absent where an older binary wrote it. */ readonly logId?: string };
type Row = { _id: string; transport: string; epoch: number; logId?: string };
const COLLECTION = 'surroundings';
const ID = 'known';

/**
 * A document beside what no replay can rebuild, that says which transport a deployment uses. It goes wherever that database is copied to,
 * and there it tells the copy that it is one.
 */
export class KnownSurroundings {
  readonly #mongo: Mongo;
  constructor(options: Omit<MongoOptions, 'codes'>) {
    this.#mongo = new Mongo({ ...options, codes: 'SURROUNDINGS' });
  }

  /** undefined: nobody has written any yet. */
  async read(): Promise<Surroundings | undefined> {
    const row = await this.#mongo.run(({ db, session }) => db.collection<Row>(COLLECTION).findOne({ _id: ID }, { session }));
    return row ? { transport: row.transport, epoch: Number(row.epoch), ...(row.logId !== undefined && { logId: row.logId }) } : undefined;
  }
  /** May be repeated; the epoch never falls. */
  async write({ transport, epoch, logId }: Surroundings): Promise<void> {
    await this.#mongo.run(({ db, session }) => db.collection<Row>(COLLECTION).updateOne({ _id: ID }, { $set: { transport, ...(logId !== undefined && { logId }) }, $max: { epoch } }, { upsert: true, session }));
  }
  close(): Promise<void> {
    return this.#mongo.close();
  }
}
