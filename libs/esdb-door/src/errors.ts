import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { isFault } from '@vouchsafe/kernel';

/** A refusal with the details that the official clients read: the kind in `exception`, what it is about beside it. */
export class DoorError extends Error implements ServiceError {
  readonly details: string;
  readonly metadata = new Metadata();

  constructor(
    readonly code: status,
    message: string,
    exception?: string,
    about: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.details = message;
    if (exception) this.metadata.set('exception', exception);
    for (const [name, value] of Object.entries(about)) this.metadata.set(name, value);
  }
}

/** `known`: somebody, who may not do this. */
export const accessDenied = (why: string, known: boolean): DoorError => new DoorError(known ? status.PERMISSION_DENIED : status.UNAUTHENTICATED, why, 'access-denied');
export const invalid = (why: string): DoorError => new DoorError(status.INVALID_ARGUMENT, why);
export const tooLarge = (max: number): DoorError =>
  new DoorError(status.INVALID_ARGUMENT, `an append of more than ${max} bytes is refused`, 'maximum-append-size-exceeded', { 'maximum-append-size': String(max) });
export const closing = (): DoorError => new DoorError(status.UNAVAILABLE, 'this door is closing');

/** What a client is told of anything thrown behind the door; `unexpected` hears of what is our own mistake. */
export const toDoorError = (error: unknown, maxAppendBytes: number, unexpected: (error: unknown) => void): DoorError => {
  if (error instanceof DoorError) return error;
  if (error instanceof Error && error.name === 'Bug') return invalid(error.message); // what an event must be
  if (isFault(error)) {
    switch (error.code) {
      case 'STORE_READ_ONLY':
      case 'STORE_UNAVAILABLE':
      case 'STORE_CLOSED':
        return new DoorError(status.UNAVAILABLE, error.message);
      case 'POSITION_UNKNOWN':
        return invalid(error.message);
      case 'APPEND_TOO_LARGE':
        return tooLarge(maxAppendBytes);
      case 'LOG_DAMAGED':
        return new DoorError(status.DATA_LOSS, error.message);
    }
  }
  unexpected(error);
  return new DoorError(status.INTERNAL, 'the door failed; its log says why');
};
