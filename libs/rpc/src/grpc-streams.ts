import type { ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import { Fault } from '@vouchsafe/kernel';
import { nextTurn } from '@vouchsafe/runtime';

type Bytes = Uint8Array;

/** A stream of requests as long as the caller sends. One that hung up looks like one that is done until a turn later. */
export async function* requestsOf(call: ServerReadableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>): AsyncIterable<Bytes> {
  for await (const request of call.iterator({ destroyOnReturn: false })) yield request as Bytes;
  await nextTurn();
  if (call.cancelled) throw new Fault('CANCELLED', 'the caller hung up in the middle of its requests');
}

/** Settles when the caller of a stream takes more, or is gone. */
export const drained = (call: ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      call.off('cancelled', done);
      resolve();
    };
    if (call.cancelled) return resolve();
    call.on('drain', done);
    call.on('cancelled', done);
  });
