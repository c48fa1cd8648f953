import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Cluster } from '@vouchsafe/cluster';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { Connection } from '../../client/connection.js';
import { DEMO_CHANNELS, DEMO_TERMINALS } from '../../demo/cast.js';
import { furnish } from '../../demo/furnish.js';
import { startSandboxCluster } from '../../drive/sandbox-cluster.js';
import { Server } from '../../drive/server.js';
import { clusterProcesses, type Processes } from './processes.js';

/** A platform that sells one product to one channel, in either form. */
export type Form = {
  readonly name: 'embedded' | 'distributed';
  readonly grpc: string;
  /** Key of the channel that buys. */
  readonly key: string;
  readonly processes: Processes;
  /** Figures of every process that keeps views. */
  readonly metrics: readonly (() => Promise<string>)[];
  /** What stands behind each port. */
  readonly behind: readonly string[];
  readonly cluster?: Cluster;
  close(): Promise<void>;
};
type Stock = { readonly grpc: string; readonly admin: string; readonly folder: string; readonly orders: number };

const PATIENCE_MS = 600_000;
/** Of one order, generously, in minor units. */
const ORDER_COSTS_MINOR = 3_000;
const CHANNEL = 'chn_dist';

const stocked = async ({ grpc, admin: key, folder, orders }: Stock): Promise<void> => {
  const admin = new Connection({ grpc, key }, PATIENCE_MS);
  try {
    await furnish(admin, folder, { months: orders, seats: 1, coffee: 1, tens: 1 });
    await admin.call(LedgerService.method.createDeposit, { channelId: CHANNEL, amount: { minor: BigInt(orders * ORDER_COSTS_MINOR), currency: 'CNY' }, bank: 'icbc', bankReference: 'BENCH-1' });
  } finally {
    admin.close();
  }
};

export const openEmbeddedForm = async (orders: number): Promise<Form> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-bench-'));
  const server = new Server({ folder });
  const close = async (): Promise<void> => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { grpc, http, keys, pid } = await server.start();
    await stocked({ grpc, admin: keys.VOUCHSAFE_ADMIN_KEY ?? '', folder, orders });
    return {
      name: 'embedded', grpc, key: keys.VOUCHSAFE_KEY_DIST ?? '', processes: new Map([['all-in-one', pid], ['load', process.pid]]),
      metrics: [async () => (await fetch(`${http}/metrics`)).text()], behind: ['one process, on its own files'], close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Servers of its own, so that nobody else's work is in the figures. */
export const openDistributedForm = async (orders: number, note: (zh: string, en: string) => void): Promise<Form> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-bench-'));
  const cluster = await startSandboxCluster({ folder, name: 'bench', own: true, channels: DEMO_CHANNELS, terminals: DEMO_TERMINALS, note });
  const close = async (): Promise<void> => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const goods = path.join(folder, 'goods');
    mkdirSync(goods);
    await stocked({ grpc: cluster.grpc, admin: cluster.keys.admin, folder: goods, orders });
    const names = [...cluster.processes.keys()].filter((name) => name !== 'event-store' && name !== 'gateway');
    return {
      name: 'distributed', grpc: cluster.grpc, key: cluster.keys.channels[CHANNEL] ?? '', processes: clusterProcesses(cluster), metrics: names.map((name) => () => cluster.metrics(name)),
      behind: cluster.behind, cluster, close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
