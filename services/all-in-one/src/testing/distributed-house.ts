import { randomBytes } from 'node:crypto';
import type { Cluster } from '@vouchsafe/cluster';
import type { Rpc } from '@vouchsafe/rpc';
import type { GrpcRpc, RpcKeys } from '@vouchsafe/rpc-grpc';
import { clockTimers, silentLog, systemClock } from '@vouchsafe/runtime';
import { CONTRACTS } from '@vouchsafe/process';

/** Everything as processes of their own on real servers, called as the gateway calls them. */
export class DistributedHouse {
  #cluster: Cluster | undefined;
  #rpc: GrpcRpc | undefined;
  #keys: RpcKeys | undefined;

  constructor(readonly folder: string) {}

  get rpc(): Rpc {
    if (!this.#rpc) throw new Error('the house is closed');
    return this.#rpc;
  }

  /** The servers at first; later only the services again, on what is there. */
  async start(): Promise<void> {
    const { startCluster } = await import('@vouchsafe/cluster');
    if (this.#cluster) await this.#again(this.#cluster);
    else this.#cluster = await startCluster({ folder: this.folder, name: `j${randomBytes(4).toString('hex')}`, channels: [], terminals: [], note: () => {} });
    const { createGrpcRpc, tokenIssuer, watchKeys } = await import('@vouchsafe/rpc-grpc');
    const clock = systemClock();
    const { targets, gatewayKey, trustedKeys } = this.#cluster.rpc;
    const keys = await watchKeys({ signingKeyFile: gatewayKey, trustedKeysFile: trustedKeys }, clockTimers(clock), silentLog);
    this.#keys = keys;
    this.#rpc = createGrpcRpc({
      clock, log: silentLog, contracts: CONTRACTS, targets, issuer: tokenIssuer('gateway', clock, keys.signing), verifier: { verify: () => ({ ok: false, reason: 'AUDIENCE_WRONG' }) },
    });
  }
  async #again({ processes, ready }: Cluster): Promise<void> {
    const ours = [...processes.values()].filter(({ name, isAlive }) => name !== 'event-store' && !isAlive);
    for (const child of ours) child.start();
    await Promise.all(ours.map(({ name }) => ready(name)));
  }

  /** All services end as SIGTERM ends them; the servers stay. */
  async stop(): Promise<void> {
    this.#rpc?.close();
    this.#rpc = undefined;
    await this.#keys?.stop();
    await Promise.all([...(this.#cluster?.processes.values() ?? [])].filter(({ name }) => name !== 'event-store').map((child) => child.signal('SIGTERM')));
  }
  async close(): Promise<void> {
    await this.stop();
    await this.#cluster?.stop();
  }
}
