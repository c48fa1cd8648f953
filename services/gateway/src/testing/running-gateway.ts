import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { create, type DescMethod, type DescMethodUnary, type DescService, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { inProcessBus } from '@vouchsafe/bus';
import { type BytesRpc, type Caller, type Catalogue, grpcPath, inProcessRpc } from '@vouchsafe/rpc';
import { clockTimers, type Namespace, systemClock } from '@vouchsafe/runtime';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { createGateway, type Gateway, gatewayConfig, type GatewayPorts } from '../index.js';

/** Who holds which key; a stand-in for access, which the gateway knows by its contract only. */
export type Keys = Readonly<Record<string, Partial<Caller> & { readonly rejection?: string; readonly cacheMs?: number; readonly concurrency?: number; readonly ratePerSecond?: number }>>;
export type Running = {
  readonly gateway: Gateway; readonly rpc: BytesRpc; readonly ports: TestPorts; readonly asked: string[]; readonly http: string; readonly grpc: string;
  readonly approvals: { open: string[]; check: string };
  /** What `durable` waits for; replaced by tests of the reply floor. */
  readonly floor: { wait: () => Promise<void>; waits: number };
  stop(): Promise<void>;
};

export const keyOf = (mode: Namespace, n: number | string): string => `vs_${mode}_${String(n).padStart(26, '0')}.abcd_${'A'.repeat(43)}`;

/** A gateway on free loopback ports over one or both namespaces, with `serve` registering what lies behind it. */
export const runGateway = async (options: {
  readonly services: readonly DescService[]; readonly keys: Keys; readonly serve: (rpc: BytesRpc, mode: Namespace) => void;
  readonly modes?: readonly Namespace[]; readonly catalogues?: readonly Catalogue[]; readonly config?: object; readonly more?: Partial<GatewayPorts>;
}): Promise<Running> => {
  const clock = systemClock();
  const ports = testPorts();
  const asked: string[] = [];
  const approvals = { open: [] as string[], check: '' };
  const floor = { wait: async (): Promise<void> => {}, waits: 0 };
  const rpc = inProcessRpc();
  const sandbox = inProcessRpc();
  const namespaces: Partial<Record<Namespace, GatewayPorts['namespaces'][Namespace]>> = {};
  for (const mode of options.modes ?? (['live'] as const)) {
    const mine = mode === 'live' ? rpc : sandbox;
    serveIdentity(mine, options.keys, asked, approvals);
    options.serve(mine, mode);
    const store = { head: () => ports.store.head(), durable: async () => { floor.waits++; await floor.wait(); } };
    namespaces[mode] = { rpc: mine, store, bus: mode === 'live' ? ports.bus : inProcessBus(clock), clock };
  }
  const config = gatewayConfig.parse({ http: { port: 0 }, grpc: { port: 0 }, drainMs: 500, reflection: true, ...options.config });
  const gateway = createGateway({
    namespaces, services: options.services, catalogues: options.catalogues ?? [], clock, timers: clockTimers(clock), random: ports.random, log: ports.log, ...options.more,
  }, config);
  await gateway.start();
  const { http, grpc } = gateway.addresses();
  return {
    gateway, rpc, ports, asked, http, grpc, approvals, floor,
    stop: async () => {
      await gateway.stop();
      await ports.close();
    },
  };
};

const serveIdentity = (rpc: BytesRpc, keys: Keys, asked: string[], approvals: Running['approvals']): void => {
  const none = async (): Promise<never> => {
    throw new Error('not asked for in these tests');
  };
  rpc.serve(IdentityService, {
    protect: none, reveal: none, getRecipientKey: none,
    authenticate: async ({ authorization, path, method, query, bodySha256 }) => {
      asked.push(`${method} ${path} ${query} ${Buffer.from(bodySha256).toString('hex')}`.trim());
      const known = keys[authorization.replace(/^Bearer /, '')];
      if (!known) return { rejection: 'CREDENTIAL_INVALID' };
      return {
        rejection: known.rejection ?? '', principalId: known.principalId ?? 'pri_1', kind: known.kind ?? 'person', channelId: known.channelId ?? '', terminalId: known.terminalId ?? '',
        credentialId: `crd_${known.principalId ?? '1'}`, permissions: [...(known.permissions ?? [])], cacheUntilMs: BigInt(systemClock().now() + (known.cacheMs ?? 30_000)),
        concurrency: known.concurrency ?? 0, ratePerSecond: known.ratePerSecond ?? 0,
      };
    },
    openApproval: async ({ requestJson }) => {
      approvals.open.push(requestJson);
      return { approvalId: 'apr_1', expiresAtMs: 0n };
    },
    checkApproval: async () => ({ rejection: approvals.check, approver: 'pri_2' }),
  });
};

/** A gRPC client of the tests: one channel, closed by the test. */
export const grpcClient = (address: string, how: ChannelCredentials = credentials.createInsecure()): Client => new Client(address, how);
export const metadataOf = (entries: Readonly<Record<string, string>>): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
};
export const callGrpc = <M extends DescMethodUnary>(
  client: Client, method: M, request: MessageInitShape<M['input']>, headers: Readonly<Record<string, string>> = {}, deadlineMs = 5_000,
): Promise<MessageShape<M['output']>> => callRaw(client, method, toBinary(method.input, create(method.input, request)), headers, deadlineMs) as Promise<MessageShape<M['output']>>;
export const callRaw = (client: Client, method: DescMethod, bytes: Uint8Array, headers: Readonly<Record<string, string>> = {}, deadlineMs = 5_000): Promise<unknown> =>
  new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      grpcPath(method), (value: Uint8Array) => Buffer.from(value), (answer: Buffer) => fromBinary(method.output, answer), bytes, metadataOf(headers), { deadline: Date.now() + deadlineMs },
      (error: ServiceError | null, answer: unknown) => (error ? reject(error) : resolve(answer)),
    );
  });
