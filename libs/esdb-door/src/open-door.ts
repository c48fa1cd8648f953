import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb';
import type { EventStore } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Clock, Ids, Log, Namespace } from '@vouchsafe/runtime';
import { Appender } from './appender.js';
import { answering, clusterOf, supportedMethods } from './services.js';
import { Streams } from './streams.js';
import { type Authenticate, type Visitor, visitorOf } from './who.js';

export type DoorOptions = {
  /** One namespace's store; the door says nothing of another. */
  readonly store: EventStore;
  readonly namespace: Namespace;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. Without it only loopback is listened on. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly authenticate: Authenticate;
  /** Who comes without credentials, as official clients do without TLS; undefined: nobody is let in so. Impossible in `live`. */
  readonly anonymous?: Visitor;
  /** Whether anybody at all may append. Impossible in `live`, where only the platform's own code writes. */
  readonly append?: boolean;
  /** Bytes of one append; the real server's default. */
  readonly maxAppendBytes?: number;
  /** So often subscribers are asked for again, milliseconds. */
  readonly recheckMs?: number;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'uuid'>;
  readonly log: Log;
};
export type Door = {
  readonly port: number;
  /** Ends subscriptions and calls, then the listener. */
  close(): Promise<void>;
};

const MAX_APPEND_BYTES = 1 << 20;
const MESSAGE_BYTES = 17 << 20;
const QUESTION_BYTES = 64 << 10;
/** Calls at once of one connection. */
const STREAMS_MAX = 1_024;
const RECHECK_MS = 30_000;
/** An answer under way may still go out. */
const CLOSING_MS = 2_000;
const FLUSH_MS = 100;

/** Opens a store to clients of EventStoreDB. Throws a Bug for what must not be composed, Fault `DOOR_UNAVAILABLE` where the port cannot be had. */
export const openDoor = async (options: DoorOptions): Promise<Door> => {
  const { store, namespace, host, tls, append = false, maxAppendBytes = MAX_APPEND_BYTES, recheckMs = RECHECK_MS, clock, ids, log, anonymous, authenticate } = options;
  invariant(namespace !== 'live' || !append, 'nobody appends to live from outside');
  invariant(namespace !== 'live' || !anonymous, 'nobody reads live without credentials');
  invariant(tls !== undefined || isLoopback(host), 'beyond loopback a door has TLS');
  const stop = new AbortController();
  const appender = new Appender(store, clock, { allowed: append, maxBytes: maxAppendBytes });
  const streams = new Streams({
    store, appender, ids, clock, log, recheckMs, closing: stop.signal,
    visitor: (metadata, peer) => visitorOf(metadata, peer, authenticate, anonymous),
  });
  const server = new Server({
    // Whoever is let in or not: a question is small, and only appends carry more.
    'grpc.max_receive_message_length': append ? MESSAGE_BYTES : QUESTION_BYTES, 'grpc.max_send_message_length': MESSAGE_BYTES,
    'grpc.max_concurrent_streams': STREAMS_MAX, 'grpc-node.max_session_memory': Number.MAX_SAFE_INTEGER,
  });
  server.addService(StreamsService, streams.handlers);
  server.addService(ServerFeaturesService, answering('getSupportedMethods', () => supportedMethods(append)));
  const instanceId = ids.uuid();
  const bound = { port: options.port };
  server.addService(GossipService, answering('read', () => clusterOf(host, bound.port, instanceId, clock)));
  bound.port = await bind(server, `${host}:${options.port}`, tls);
  return {
    port: bound.port,
    close: async () => {
      stop.abort();
      await within(streams.idle(), clock, CLOSING_MS);
      await within(shutdown(server), clock, FLUSH_MS); // it waits for clients to hang up, which they need not
      server.forceShutdown();
    },
  };
};

const within = async (work: Promise<void>, clock: Clock, ms: number): Promise<void> => {
  const over = new AbortController();
  await Promise.race([work, clock.sleep(ms, over.signal)]);
  over.abort();
};

const bind = (server: Server, address: string, tls: DoorOptions['tls']): Promise<number> => {
  const credentials = tls ? ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]) : ServerCredentials.createInsecure();
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) reject(new Fault('DOOR_UNAVAILABLE', `the EventStoreDB door cannot listen on ${address}`, true, { cause: error }));
      else resolve(port);
    });
  });
};
const shutdown = (server: Server): Promise<void> => new Promise((resolve) => server.tryShutdown(() => resolve()));

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
