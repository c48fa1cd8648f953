import { ErrorType, isCommandError } from '@eventstore/db-client';
import { type Revision, NO_STREAM } from '@vouchsafe/event-store';
import { Fault, isFault } from '@vouchsafe/kernel';

/** What an error of a call says of its outcome. */
export type Failure =
  /** Refused for the revision; `actual` where it was told. */
  | { readonly kind: 'conflict'; readonly actual: Revision | undefined }
  /** Nobody knows whether it was done: look, or try again. */
  | { readonly kind: 'unknown' }
  /** No use in trying again. */
  | { readonly kind: 'final'; readonly fault: Fault };

const GRPC_INVALID_ARGUMENT = 3;
const GRPC_PERMISSION_DENIED = 7;

/** Reads an error of the client library. What it does not know counts as unknown: looking is always safe. */
export const failureOf = (error: unknown): Failure => {
  if (isFault(error)) return error.retryable ? { kind: 'unknown' } : { kind: 'final', fault: error };
  if (!(error instanceof Error) || !isCommandError(error)) return grpcCodeOf(error) === GRPC_PERMISSION_DENIED ? denied(error) : { kind: 'unknown' };
  switch (error.type) {
    case ErrorType.WRONG_EXPECTED_VERSION:
      return { kind: 'conflict', actual: actualOf(error.actualVersion) };
    case ErrorType.INVALID_TRANSACTION: // partly the same ids at the same revisions
      return { kind: 'conflict', actual: undefined };
    case ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED:
      return final('APPEND_TOO_LARGE', `an append of more than ${error.maxAppendSize} bytes is refused by the event store`, error);
    case ErrorType.ACCESS_DENIED:
      return denied(error);
    case ErrorType.STREAM_DELETED:
      return final('STREAM_DELETED', 'a stream was deleted on the event store: history is incomplete; restore a backup', error);
    default:
      return grpcCodeOf(error) === GRPC_INVALID_ARGUMENT ? final('STORE_REFUSED', 'the event store refuses the call', error) : { kind: 'unknown' };
  }
};

const actualOf = (version: bigint | string): Revision => (typeof version === 'bigint' ? Number(version) : NO_STREAM);
const final = (code: string, message: string, cause: unknown): Failure => ({ kind: 'final', fault: new Fault(code, message, false, { cause }) });
const denied = (cause: unknown): Failure => final('STORE_ACCESS_DENIED', 'the event store refuses these credentials: check user and password of its connection string', cause);
const grpcCodeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);

/** An error of a server that answers, but with nothing more than that it cannot. */
export const saysNothing = (error: unknown): boolean => error instanceof Error && isCommandError(error) && error.type === ErrorType.UNKNOWN;

export const closedFault = (): Fault => new Fault('STORE_CLOSED', 'the event store is closed', false);
export const unavailableFault = (cause: unknown): Fault =>
  new Fault('STORE_UNAVAILABLE', 'the event store does not answer, or not in time', true, { cause });
export const positionFault = (position: number): Fault =>
  new Fault('POSITION_UNKNOWN', `position ${position} is none of this log; what it was kept for must be made again`, false);
