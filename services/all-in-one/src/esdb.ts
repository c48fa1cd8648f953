import { readFileSync } from 'node:fs';
import type { Authenticate } from '@vouchsafe/esdb-door';
import { plusMs } from '@vouchsafe/kernel';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { type Rpc, serviceCaller } from '@vouchsafe/rpc';
import { type Clock, createIds, type Ids, type Log, type Namespace, systemRandom } from '@vouchsafe/runtime';
import { esdbNamespace, type PlatformConfig } from './config.js';
import type { RunningNamespace } from './namespace.js';

/** Where clients of EventStoreDB read a namespace's streams. */
export type EsdbPort = { readonly url: string; close(): Promise<void> };

const READING = 'audit:read';
const AUTHENTICATE_MS = 5_000;

/**
 * Opens the EventStoreDB port, where one is configured: for reading only, since the platform alone writes its log. The password is a
 * key of the platform whose principal may read the audit; the user is not looked at. Without TLS (a sandbox on loopback) anybody reads.
 */
export const openEsdb = async (config: PlatformConfig, namespaces: ReadonlyMap<Namespace, RunningNamespace>, clock: Clock, log: Log): Promise<EsdbPort | undefined> => {
  const { VOUCHSAFE_ESDB_PORT: port, VOUCHSAFE_HOST: host, VOUCHSAFE_TLS_CERT: certFile, VOUCHSAFE_TLS_KEY: keyFile } = config;
  const namespace = esdbNamespace(config);
  const running = namespace && namespaces.get(namespace);
  if (port === undefined || !running) return undefined;
  const { openDoor } = await import('@vouchsafe/esdb-door'); // nothing of it is loaded where nobody wants it
  const tls = certFile && keyFile ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : undefined;
  const ids = createIds(clock, systemRandom());
  const door = await openDoor({
    store: running.store, namespace, host, port, clock, ids, log: log.child({ namespace, part: 'esdb' }),
    authenticate: byKey(running.rpc, namespace, clock, ids), ...(tls ? { tls } : { anonymous: { name: 'anonymous', may: 'read' } }),
  });
  return { url: `esdb://${host}:${door.port}?tls=${tls !== undefined}`, close: () => door.close() };
};

const byKey = (rpc: Rpc, namespace: Namespace, clock: Clock, ids: Ids): Authenticate => async ({ password }, peer) => {
  const context = { caller: serviceCaller('esdb', namespace), requestId: ids.uuid(), deadline: plusMs(clock.now(), AUTHENTICATE_MS), locale: 'en' } as const;
  const answer = await rpc.call(IdentityService.method.authenticate, { authorization: `Bearer ${password}`, peerIp: ipOf(peer) }, context);
  return answer.rejection === '' && answer.permissions.includes(READING) ? { name: answer.principalId, may: 'read' } : undefined;
};

/** The address out of `127.0.0.1:1234` or `[::1]:1234`. */
const ipOf = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
