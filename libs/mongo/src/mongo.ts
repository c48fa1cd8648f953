import { Fault } from '@vouchsafe/kernel';
import type { Clock, Log, Random } from '@vouchsafe/runtime';
import { type Connection, type mongo, Mongoose } from 'mongoose';
import { faultOf, hostsOf, mayPass, type Place } from './faults.js';

export type MongoOptions = {
  /** Connection string. Whatever it says, writes go to a majority's journals and reads to what a majority has. */
  readonly uri: string;
  readonly database: string;
  /** First word of the codes of faults: `READ_STORE`, `VAULT`. */
  readonly codes: string;
  /** For waiting between attempts: real time, also where the domain's is simulated. */
  readonly clock: Clock; readonly random: Random; readonly log: Log;
  readonly patience?: Patience;
  /**
   * Once nobody has answered for so long, milliseconds, calls fail at once instead of waiting, but for one now and then that looks again: for those
   * whose callers have something better to do. Not set: every call has its own patience.
   */
  readonly impatientAfterMs?: number;
};

/** How long a call is repeated above what the driver does (which repeats once). */
export type Patience = {
  readonly attemptsMax: number;
  /** No attempt begins later than this after the first. */
  readonly forMs: number;
  /** One look for a primary. */
  readonly selectionMs: number;
  /** Without a word from the server this long, a connection is given up; 0 never (building of indexes). */
  readonly silenceMs: number;
};

const PATIENCE: Patience = { attemptsMax: 40, forMs: 15_000, selectionMs: 3_000, silenceMs: 30_000 };
const PAUSE_MS = 25;
const PAUSE_MAX_MS = 1_000;
const WRITE_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** While nobody answers it is looked again so often, by whoever calls. */
const LOOK_AGAIN_MS = 1_000;
const POOL_MAX = 20;

/** What one attempt works with. */
export type Attempt = { readonly client: mongo.MongoClient; readonly db: mongo.Db; readonly session: mongo.ClientSession };

/**
 * One database of a MongoDB replica set. Connects when first used and again whenever need be, so processes may start in any order.
 * Faults, each with its cause and remedy: `…_UNREACHABLE`, `…_NO_MAJORITY`, `…_FULL` (retryable), `…_ADDRESS`, `…_CREDENTIALS`, `…_FORBIDDEN`,
 * `…_NO_REPLICA_SET`, `…_CLOSED`, `…_FAILED`.
 */
export class Mongo {
  readonly #options: MongoOptions;
  readonly #patience: Patience;
  readonly #place: Place;
  #connecting: Promise<Connection> | undefined;
  #closed = false;
  /** Since when nobody has answered, and when somebody looked last. */
  #silentSince: number | undefined;
  #lookedMs = 0;
  #lastFault: Error | undefined;
  /** The newest operation anybody here has seen: later reads see it too, also on another primary. */
  #seen: mongo.Timestamp | undefined;

  constructor(options: MongoOptions) {
    this.#options = options;
    this.#patience = options.patience ?? PATIENCE;
    this.#place = { codes: options.codes, hosts: hostsOf(options.uri), database: options.database };
  }

  /** Runs `work`, which must do no harm when it is repeated, until it succeeds, fails for good or the patience ends. */
  async run<T>(work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { clock, random, log } = this.#options;
    const began = clock.monotonicMs();
    this.#refuseIfSilent();
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.#once(work);
        this.#silentSince = undefined;
        return result;
      } catch (error) {
        const spent = clock.monotonicMs() - began;
        const passes = mayPass(error);
        this.#silentSince = passes ? (this.#silentSince ?? clock.monotonicMs()) : undefined; // a refusal is an answer
        if (this.#closed || !passes || this.#isSilent || attempt >= this.#patience.attemptsMax || spent >= this.#patience.forMs) throw (this.#lastFault = this.#faultOf(error));
        log.debug({ attempt, spent, error: error instanceof Error ? error.name : 'unknown' }, 'MongoDB will be asked again');
        await clock.sleep(Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(attempt, 10)) * (0.5 + random.fraction() / 2));
      }
    }
  }

  get #isSilent(): boolean {
    const { impatientAfterMs, clock } = this.#options;
    return impatientAfterMs !== undefined && this.#silentSince !== undefined && clock.monotonicMs() - this.#silentSince >= impatientAfterMs;
  }
  #refuseIfSilent(): void {
    if (!this.#isSilent || !this.#lastFault) return;
    const now = this.#options.clock.monotonicMs();
    if (now - this.#lookedMs < LOOK_AGAIN_MS) throw this.#lastFault;
    this.#lookedMs = now;
  }

  /** Settles when the server answers and a majority of it takes a write; else the {@link Fault} that says why not. Asks once. */
  async check(): Promise<void> {
    try {
      await this.#once(({ db, session }) => db.collection<{ _id: string }>('checks').updateOne({ _id: 'majority' }, { $inc: { n: 1 } }, { upsert: true, session }));
    } catch (error) {
      throw this.#faultOf(error);
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connecting?.catch(() => undefined);
    this.#connecting = undefined;
    await connection?.close();
  }
  /** Fault `…_CLOSED` once it is. */
  checkOpen(): void {
    if (this.#closed) throw new Fault(`${this.#place.codes}_CLOSED`, 'it is closed', false);
  }

  async #once<T>(work: (attempt: Attempt) => Promise<T>): Promise<T> {
    this.checkOpen();
    const connection = await this.#connection();
    const client = connection.getClient();
    const session = client.startSession({ causalConsistency: true });
    try {
      if (this.#seen) session.advanceOperationTime(this.#seen);
      return await work({ client, db: connection.db!, session });
    } finally {
      const seen = session.operationTime;
      if (seen && (!this.#seen || seen.greaterThan(this.#seen))) this.#seen = seen;
      await session.endSession();
    }
  }

  #faultOf(error: unknown): Error {
    if (this.#closed) return new Fault(`${this.#place.codes}_CLOSED`, 'it is closed', false, { cause: error });
    return faultOf(error, this.#place) as Error;
  }

  #connection(): Promise<Connection> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    const { uri, database } = this.#options;
    const { selectionMs, silenceMs } = this.#patience;
    // A Mongoose of its own: the module's is shared by all that a process runs, and nothing may outlive its owner.
    const connection = new Mongoose().createConnection(uri, {
      dbName: database, appName: 'vouchsafe', autoIndex: false, autoCreate: false, bufferCommands: false,
      useBigInt64: true, retryWrites: true, retryReads: true, maxPoolSize: POOL_MAX,
      readPreference: 'primary', readConcernLevel: 'majority',
      // By name, for one given as `writeConcern` gives way to `journal=false` in the connection string.
      w: 'majority', journal: true, wtimeoutMS: WRITE_TIMEOUT_MS,
      // The driver's streaming monitor takes no 64-bit counter out of an error of ours (it throws in a timer, which ends the process): it asks instead.
      serverMonitoringMode: 'poll',
      serverSelectionTimeoutMS: selectionMs, connectTimeoutMS: selectionMs, socketTimeoutMS: silenceMs, heartbeatFrequencyMS: HEARTBEAT_MS,
    });
    try {
      await connection.asPromise();
      const hello = await connection.db!.admin().command({ hello: 1 });
      if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid')
        throw new Fault(`${this.#place.codes}_NO_REPLICA_SET`, `MongoDB at ${this.#place.hosts} is no replica set, so it takes no majority writes: start it with --replSet and initiate it`, false);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
}
