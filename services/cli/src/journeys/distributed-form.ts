import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { allEvents } from '../audit/open-log.js';
import { compareLiveViews } from '../chaos/views.js';
import { DEMO_CHANNELS, DEMO_TERMINALS } from '../demo/cast.js';
import { startSandboxCluster } from '../drive/sandbox-cluster.js';
import type { Form } from './form.js';
import { auditOf } from './proving.js';

const isCompiled = existsSync(path.resolve(__dirname, '../../../order/dist/main.js'));

/** Those that write what an order does; the gateway too. */
const KILLED = ['order', 'inventory', 'ledger', 'fulfillment', 'redemption', 'gateway'] as const;

/** Every service and the gateway as a process of its own, on Kafka, MongoDB and an EventStoreDB (or our log behind its door). */
export const openDistributed = async (): Promise<Form> => {
  if (!isCompiled) throw new Error('compile first: the cluster starts services/*/dist/main.js');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-journeys-'));
  const goods = path.join(folder, 'goods');
  mkdirSync(goods);
  const name = `j${randomBytes(4).toString('hex')}`; // servers may be shared with other suites
  const cluster = await startSandboxCluster({ folder, name, channels: DEMO_CHANNELS, terminals: DEMO_TERMINALS, note: () => {} });
  const { http, grpc, keys, behind, eventStore, mongo } = cluster;
  return {
    http, grpc, keys, behind, folder: goods, recorders: 'several',
    crash: async () => {
      const children = KILLED.map((service) => cluster.processes.get(service)!);
      await Promise.all(children.map((child) => child.signal('SIGKILL')));
      for (const child of children) child.start();
      await Promise.all(KILLED.map((service) => cluster.ready(service)));
    },
    audit: async () => {
      const store = await openEsdbStore({ connectionString: eventStore.url, prefix: eventStore.prefix, clock: systemClock(), log: silentLog });
      try {
        const { findings, monthEnd } = await auditOf(allEvents(store), 'several');
        const { differences } = await compareLiveViews(store, { uri: mongo, database: name });
        return [...Object.values(findings.violations).flat(), ...monthEnd.filter(({ ok }) => !ok).map(({ name: invariant }) => invariant), ...differences];
      } finally {
        await store.close();
      }
    },
    close: async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
