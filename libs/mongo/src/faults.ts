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

type Kind = {
  readonly is: (error: Error, code: number) => boolean; readonly code: string; readonly retryable: boolean; readonly message: (place: Place, error: Error) => string;
};
/** Some come from a package of the driver's, so they are told by name. */
const UNREADABLE = ['MongoParseError', 'MongoInvalidArgumentError', 'MongoAPIError'];
const KINDS: readonly Kind[] = [
  {
    code: 'ADDRESS', retryable: false, is: ({ name }) => UNREADABLE.includes(name),
    message: () => 'the connection string of MongoDB cannot be read: check it, and encode special characters of the password',
  },
  {
    code: 'CREDENTIALS', retryable: false, is: (_, code) => AUTHENTICATION_FAILED.includes(code),
    message: ({ hosts }) => `MongoDB at ${hosts} refuses the credentials: check user, password and authSource`,
  },
  {
    code: 'FORBIDDEN', retryable: false, is: (_, code) => code === UNAUTHORIZED,
    message: ({ database }) => `the MongoDB user may not do this: grant it readWrite on the database ${database}`,
  },
  { code: 'FULL', retryable: true, is: (_, code) => code === DISK_FULL, message: ({ hosts }) => `MongoDB at ${hosts} has no disk space left` },
  {
    code: 'NO_MAJORITY', retryable: true, is: (error, code) => NO_MAJORITY.includes(code) || error instanceof mongo.MongoWriteConcernError || lacksMajority(error),
    message: ({ hosts }) => `MongoDB at ${hosts} takes no majority writes: too few of the replica set's members are up`,
  },
  {
    code: 'UNREACHABLE', retryable: true, is: (error) => mayPass(error),
    message: ({ hosts }, { name }) => `no primary of MongoDB answers at ${hosts} (${name}): check that it runs, the address and the replica set's name`,
  },
  {
    code: 'FAILED', retryable: false, is: (error) => error instanceof mongo.MongoError,
    message: ({ hosts }, error) => `MongoDB at ${hosts} answered ${error.name}${error instanceof mongo.MongoError && error.code !== undefined ? ` ${error.code}` : ''}`,
  },
];

/** The error as a {@link Fault} that says what to do; anything that is no answer of MongoDB stays as it is. */
export const faultOf = (error: unknown, place: Place): unknown => {
  if (!(error instanceof Error) || isFault(error)) return error;
  const answered = error instanceof mongo.MongoError ? Number(error.code) : Number.NaN;
  const kind = KINDS.find(({ is }) => is(error, answered));
  return kind ? new Fault(`${place.codes}_${kind.code}`, kind.message(place, error), kind.retryable, { cause: error }) : error;
};

/** Hosts of a connection string, without what is secret in it; read as the driver reads it, so that no odd password is taken for a host. */
export const hostsOf = (uri: string): string => /^[^/]+:\/\/(?:[^:@]*(?::[^@]*)?@)?((?!:)[^/?@]+)/.exec(uri)?.[1] ?? 'the configured address';
