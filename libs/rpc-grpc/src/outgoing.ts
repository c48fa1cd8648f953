import type { Client, ClientDuplexStream, ClientReadableStream, ClientWritableStream, Metadata, ServiceError } from '@grpc/grpc-js';
import { asBuffer } from '@vouchsafe/rpc';
import { type Breaker, WayError } from './breaker.js';
import { errorOf } from './status.js';

type Bytes = Uint8Array;
/** One call to another process, ready to be made. */
export type Outgoing = {
  readonly client: Client;
  readonly breaker: Breaker;
  /** `/vouchsafe.order.v1.OrderService/PlaceOrder` */
  readonly path: string;
  readonly metadata: Metadata;
  /** On this machine's clock. */
  readonly deadline: number;
  /** What was given to the call in all: one that was given next to nothing says little about the service. */
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
};

const asIs = (bytes: Bytes): Buffer => asBuffer(bytes);
const received = (bytes: Buffer): Bytes => bytes;
const PATIENCE_MIN_MS = 1_000;

export const askOnce = (out: Outgoing, request: Bytes): Promise<Bytes> =>
  out.breaker.run(() => new Promise((resolve, reject) => {
    const { client, path, metadata, deadline } = out;
    const call = client.makeUnaryRequest(path, asIs, received, request, metadata, { deadline }, settle(out, resolve, reject));
    whileRunning(out, call);
  }));

/** The requests go out as fast as they are taken; an answer before their end ends them. */
export const askWithMany = (out: Outgoing, requests: AsyncIterable<Bytes>): Promise<Bytes> =>
  out.breaker.run(() => new Promise((resolve, reject) => {
    const { client, path, metadata, deadline } = out;
    const call = client.makeClientStreamRequest(path, asIs, received, metadata, { deadline }, settle(out, resolve, reject));
    whileRunning(out, call);
    sendAll(call, requests).catch((error: unknown) => {
      call.cancel();
      reject(error);
    });
  }));

export const askForMany = (out: Outgoing, request: Bytes): AsyncIterable<Bytes> => answers(out, () => {
  const { client, path, metadata, deadline } = out;
  return client.makeServerStreamRequest(path, asIs, received, request, metadata, { deadline });
});

export const converse = (out: Outgoing, requests: AsyncIterable<Bytes>): AsyncIterable<Bytes> => {
  const failed: { by?: Error } = {};
  return answers(out, () => {
    const { client, path, metadata, deadline } = out;
    const call = client.makeBidiStreamRequest(path, asIs, received, metadata, { deadline });
    sendAll(call, requests).catch((error: unknown) => {
      failed.by = error instanceof Error ? error : new Error(String(error));
      call.cancel();
    });
    return call;
  }, failed);
};

/** Ended by its reader: the call is cancelled. Read slowly: the service is held up by flow control. */
async function* answers(out: Outgoing, begin: () => ClientReadableStream<Bytes> | ClientDuplexStream<Bytes, Bytes>, failed: { readonly by?: Error } = {}): AsyncIterable<Bytes> {
  const call = await out.breaker.run(() => reached(out, begin()));
  try {
    for await (const bytes of call) yield bytes as Bytes;
  } catch (error) {
    throw failed.by ?? heard(out, error as ServiceError, (fault) => fault);
  } finally {
    call.cancel();
  }
}

/** The stream once its service has taken the call, which it says by its first headers, at once. */
const reached = <S extends ClientReadableStream<Bytes>>(out: Outgoing, call: S): Promise<S> =>
  new Promise((resolve, reject) => {
    whileRunning(out, call);
    call.once('metadata', () => resolve(call));
    call.once('end', () => resolve(call));
    call.once('error', (error) => reject(heard(out, error as ServiceError, (fault) => new WayError(fault))));
  });

const settle = (out: Outgoing, resolve: (bytes: Bytes) => void, reject: (error: Error) => void) => (error: ServiceError | null, answer?: Bytes): void =>
  (error ? reject(heard(out, error, (fault) => new WayError(fault))) : resolve(answer!));

/** Who cancelled is told by his own reason. What came of the way is marked for the breaker. */
const heard = ({ path, signal, patienceMs }: Outgoing, error: ServiceError, ofTheWay: (fault: Error) => Error): Error => {
  if (signal?.aborted && signal.reason instanceof Error) return signal.reason;
  const { error: told, ofTheWay: isOfTheWay } = errorOf(error, path);
  const counts = isOfTheWay && (told as { code?: unknown }).code !== 'CANCELLED' && ((told as { code?: unknown }).code !== 'DEADLINE_EXCEEDED' || patienceMs >= PATIENCE_MIN_MS);
  return counts ? ofTheWay(told) : told;
};

const whileRunning = ({ signal }: Outgoing, call: { cancel(): void; once(event: 'status', then: () => void): unknown }): void => {
  if (!signal) return;
  if (signal.aborted) return call.cancel();
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  call.once('status', () => signal.removeEventListener('abort', cancel));
};

/** Writes as the service reads. Settles when all is sent, or the call is over; rejects with what the source threw. */
const sendAll = async (call: ClientWritableStream<Bytes> | ClientDuplexStream<Bytes, Bytes>, requests: AsyncIterable<Bytes>): Promise<void> => {
  const iterator = requests[Symbol.asyncIterator]();
  const state = { over: false, wake: (): void => {} };
  call.once('status', () => {
    state.over = true;
    state.wake();
  });
  const orOver = <T>(work: Promise<T>): Promise<T | undefined> => new Promise((resolve, reject) => {
    state.wake = () => resolve(undefined);
    if (state.over) return resolve(undefined);
    work.then(resolve, reject);
  });
  for (;;) {
    const next = iterator.next();
    const result = await orOver(next);
    if (!result) {
      next.catch(() => {}); // the call is over: nobody is left to be told
      return void iterator.return?.(undefined)?.catch(() => {});
    }
    if (result.done) return void call.end();
    if (!call.write(result.value)) await orOver(new Promise((resolve) => call.once('drain', resolve)));
  }
};
