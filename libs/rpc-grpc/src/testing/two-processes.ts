import type { DescService } from '@bufbuild/protobuf';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { createGrpcRpc, type GrpcRpc, type GrpcRpcOptions, newSigningKey, tokenIssuer, tokenVerifier, type TrustedKey } from '../index.js';
import { keyIdOf } from '../token.js';

/** Everything that tests call, served by one service of this name. */
export const SERVER = 'shop';
const CONTRACTS: readonly DescService[] = [OrderService, InventoryService, CatalogTermsService];

export type Two = { readonly server: GrpcRpc; readonly client: GrpcRpc; readonly port: number; /** Another process of the caller's name and key. */ connect(options: Partial<GrpcRpcOptions>): GrpcRpc; close(): Promise<void> };
type More = { readonly both?: Partial<GrpcRpcOptions>; readonly server?: Partial<GrpcRpcOptions>; readonly client?: Partial<GrpcRpcOptions>; readonly clientName?: string; readonly host?: string; readonly port?: number };

/** A serving and a calling adapter, connected over loopback, each with keys of its own. */
export const twoProcesses = async ({ both, server: ofServer, client: ofClient, clientName = 'caller', host = '127.0.0.1', port: wanted = 0 }: More = {}): Promise<Two> => {
  const clock = systemClock();
  const [serverKey, clientKey] = [newSigningKey(), newSigningKey()];
  const trusted = new Map<string, TrustedKey>([[keyIdOf(clientKey.publicKey), { issuer: clientName, key: clientKey.publicKey }], [keyIdOf(serverKey.publicKey), { issuer: SERVER, key: serverKey.publicKey }]]);
  const contracts = CONTRACTS.map((contract) => ({ service: SERVER, contract }));
  const optionsOf = (name: string, key: typeof serverKey): GrpcRpcOptions => ({
    clock, log: silentLog, contracts, targets: {}, issuer: tokenIssuer(name, clock, () => key.privateKey),
    verifier: tokenVerifier({ audience: name, namespace: 'sandbox', clock, trusted: () => trusted }), ...both,
  });
  const server = createGrpcRpc({ ...optionsOf(SERVER, serverKey), ...ofServer });
  const port = await server.listen({ host: '127.0.0.1', port: wanted });
  const clients: GrpcRpc[] = [];
  const connect = (more: Partial<GrpcRpcOptions>): GrpcRpc => {
    clients.push(createGrpcRpc({ ...optionsOf(clientName, clientKey), targets: { [SERVER]: `dns:///${host}:${port}` }, ...more }));
    return clients.at(-1)!;
  };
  return {
    server, client: connect(ofClient ?? {}), port, connect,
    close: async () => {
      for (const client of clients) client.close();
      await server.drain(200);
      server.close();
    },
  };
};
