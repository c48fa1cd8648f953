import { DeadlineExceededError, StreamDeletedError, TimeoutError, UnavailableError, UnknownError, WrongExpectedVersionError } from '@eventstore/db-client';
import { NO_STREAM } from '@vouchsafe/event-store';
import { failureOf } from './failures.js';

const wrong = (current: bigint | 'no_stream') => new WrongExpectedVersionError(undefined, { streamName: 'order-1', expected: 3n, current });

describe('an error of the client library', () => {
  it('is a conflict where the revision was refused, and tells the actual one', () => {
    expect(failureOf(wrong(5n))).toEqual({ kind: 'conflict', actual: 5 });
    expect(failureOf(wrong('no_stream'))).toEqual({ kind: 'conflict', actual: NO_STREAM });
  });

  it.each([
    ['a deadline that passed', new DeadlineExceededError()], ['a server that is not there', new UnavailableError()], ['a server’s own time-out', new TimeoutError()],
    ['one that says nothing', new UnknownError()], ['one of no kind', new Error('socket hang up')], ['no error at all', 'what'],
  ])('leaves the outcome unknown: %s', (_, error) => {
    expect(failureOf(error)).toEqual({ kind: 'unknown' });
  });

  it('is final where history was deleted', () => {
    expect(failureOf(StreamDeletedError.fromStreamName('order-1'))).toMatchObject({ kind: 'final', fault: { code: 'STREAM_DELETED', retryable: false } });
  });
});
