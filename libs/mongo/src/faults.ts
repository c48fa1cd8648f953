import { Fault, isFault } from '@vouchsafe/kernel';
import { Error as MongooseErrors, mongo } from 'mongoose';

/** What a fault is told with: never the connection string, for it holds a password. */
export type Place = {
  /** First word of the codes: `READ_STORE`, `VAULT`. */
  readonly codes: string;
  /** Hosts, without credentials. */
  readonly hosts: string;
  readonly database: string;
};

const AUTHENTICATION_FAILED = [18, 8000];
const UNAUTHORIZED = 13;
const DISK_FULL = 14031;
const DUPLICATE_KEY = 11000;
/** WriteConcernFailed (not in time), UnsatisfiableWriteConcern (never with these members). */
const NO_MAJORITY = [64, 100];
/**
 * Answers of a server that is going, coming or changing its role, and of cursors that ended with it or with a collection that was
 * replaced: the same call may succeed a moment later. By number: the names differ between versions.
 */
const PASSING = [6, 7, 43, 50, 64, 89, 91, 112, 134, 175, 189, 211, 237, 246, 262, 9001, 10107, 11600, 11602, 13435, 13436];
const PASSING_LABELS = ['RetryableWriteError', 'TransientTransactionError', 'ResetPool'];

/** True where asking again may help. Every call of ours may be repeated. */
export const mayPass = (error: unknown): boolean => {
  if (isFault(error)) return error.retryable;
  if (foundNobody(error)) return true;
  if (!(error instanceof mongo.MongoError)) return false;
  if (error instanceof mongo.MongoNetworkError || error instanceof mongo.MongoServerSelectionError || error instanceof mongo.MongoWriteConcernError) return true;
  if (lacksMajority(error)) return true;
  if (error instanceof mongo.MongoBulkWriteError && error.code === undefined) return true; // a lost connection in the driver's wrapping
  return PASSING.includes(Number(error.code)) || PASSING_LABELS.some((label) => error.hasErrorLabel(label));
};

/** While it connects mongoose tells this in words of its own. */
const foundNobody = (error: unknown): error is Error => error instanceof MongooseErrors.MongooseServerSelectionError;

/** An error, or one write's within many, that says: a unique key is taken. */
export const isDuplicateKey = (error: { readonly code?: unknown }): boolean => error.code === DUPLICATE_KEY;

/** Many writes of which nobody knows whether a majority has them. */
export const lacksMajority = (error: unknown): boolean => error instanceof mongo.MongoBulkWriteError && error.result?.getWriteConcernError() !== undefined;

/** The error as a {@link Fault} that says what to do; anything that is no answer of MongoDB stays as it is. */
export const faultOf = (error: unknown, { codes, hosts, database }: Place): unknown => {
  const isOfMongo = error instanceof mongo.MongoError;
  if (!isOfMongo && !foundNobody(error)) return error;
  const fault = (code: string, message: string, retryable: boolean): Fault => new Fault(`${codes}_${code}`, message, retryable, { cause: error });
  const code = isOfMongo ? Number(error.code) : Number.NaN;
  if (AUTHENTICATION_FAILED.includes(code)) return fault('CREDENTIALS', `MongoDB at ${hosts} refuses the credentials: check user, password and authSource`, false);
  if (code === UNAUTHORIZED) return fault('FORBIDDEN', `the MongoDB user may not do this: grant it readWrite on the database ${database}`, false);
  if (code === DISK_FULL) return fault('FULL', `MongoDB at ${hosts} has no disk space left`, true);
  if (NO_MAJORITY.includes(code) || error instanceof mongo.MongoWriteConcernError || lacksMajority(error))
    return fault('NO_MAJORITY', `MongoDB at ${hosts} takes no majority writes: too few of the replica set's members are up`, true);
  if (mayPass(error)) return fault('UNREACHABLE', `no primary of MongoDB answers at ${hosts} (${error.name}): check that it runs, the address and the replica set's name`, true);
  return fault('FAILED', `MongoDB at ${hosts} answered ${error.name} ${Number.isNaN(code) ? '' : code}`.trim(), false);
};

/** Hosts of a connection string, without what is secret in it. */
export const hostsOf = (uri: string): string => uri.replace(/^[^/]*\/\//, '').replace(/[/?].*$/, '').replace(/^.*@/, '');
