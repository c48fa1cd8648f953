import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BoundProjection } from '@vouchsafe/read-store';
import { mongoReadStore } from '@vouchsafe/read-store-mongo';
import { clockTimers, createIds, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { createMetrics, noTracing } from '@vouchsafe/telemetry';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { startTransitStandIn, type TransitStandIn } from '@vouchsafe/vault/testing';
import { Closers } from '../closers.js';
import { applyServiceIndexes } from './apply-indexes.js';
import { databaseOf, serviceConfig } from './config.js';
import { openCodes, type VaultPlaces } from './vaults.js';

const clock = systemClock();
const machine = { clock, timers: clockTimers(clock), random: systemRandom(), log: silentLog, tracing: noTracing, metrics: createMetrics() };
const view = (...fields: readonly string[]): BoundProjection =>
  ({ collection: { name: 'cards', indexes: [{ fields }] }, categories: [], codec: { decode: () => undefined }, idsOf: () => [], apply: () => undefined });

describeReal(['MongoDB'], 'a service process on MongoDB', () => {
  let servers: MongoServers;
  let kms: TransitStandIn;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-process-'));
  const tokenFile = path.join(folder, 'token');
  const closers = new Closers();
  beforeAll(async () => {
    [servers, kms] = await Promise.all([startMongo({ members: 1 }), startTransitStandIn()]);
    kms.makeKey('vouchsafe');
  });
  afterEach(() => closers.closeAll());
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([servers?.stop(), kms?.stop()]);
  });
  const configOf = (more: Readonly<Record<string, string>> = {}) => serviceConfig.parse({
    VOUCHSAFE_NAMESPACE: 'sandbox', VOUCHSAFE_RPC_TARGETS: 'order=a', VOUCHSAFE_SIGNING_KEY: 'k', VOUCHSAFE_TRUSTED_KEYS: 't', VOUCHSAFE_KAFKA_BROKERS: 'k:1', VOUCHSAFE_EVENT_STORE: 'esdb://s:1',
    VOUCHSAFE_MONGO_URI: servers.uri, VOUCHSAFE_MONGO_DATABASE: `p${process.pid}`, ...more,
  });

  it('makes the indexes of views and vault by a command, and only what lacks', async () => {
    const config = configOf();
    const open = async (indexes: BoundProjection) => {
      const store = mongoReadStore({ uri: servers.uri, database: databaseOf(config, 'inventory'), indexes: 'check', ...machine });
      closers.add(() => store.close());
      return store.collection(indexes.collection);
    };
    await (await open(view('owner'))).write([{ id: 'd1', value: { owner: 'o', at: 1 }, revisions: { s: 0 } }]);
    await expect(open(view('at'))).rejects.toMatchObject({ code: 'READ_STORE_INDEXES_MISSING' });
    const kept = { name: 'inventory', views: () => [view('at'), view('at')], vault: 'codes' } as const;
    expect(await applyServiceIndexes(kept, config, machine)).toEqual({ service: 'inventory', views: [{ collection: 'cards', created: ['at', 'at desc'], dropped: [] }], vault: 'applied' });
    expect(await applyServiceIndexes(kept, config, machine)).toMatchObject({ views: [{ created: [], dropped: [] }] });
    await expect(open(view('at'))).resolves.toBeDefined();
  });

  describe('whose vault is under the key of a KMS', () => {
    const places = (more: Readonly<Record<string, string>> = {}): VaultPlaces => {
      const config = configOf({ VOUCHSAFE_KMS_ADDRESS: kms.address, VOUCHSAFE_KMS_KEY: 'vouchsafe', VOUCHSAFE_KMS_TOKEN_FILE: tokenFile, ...more });
      const place = { uri: servers.uri, database: databaseOf(config, 'kms', 'vault'), indexes: 'apply', ...machine } as const;
      return { config, dataDir: folder, place, ids: createIds(clock, machine.random), closers, ...machine };
    };

    it('opens it again, and codes never travel to the KMS', async () => {
      writeFileSync(tokenFile, `${kms.token}\n`);
      const vault = await openCodes(places());
      await vault.begin({ batchId: 'bat_a', importId: 'imp_a', uses: 1 });
      await vault.seal('bat_a', [{ line: 1, code: 'CODE-1' }], { line: 1, refusals: [] });
      await closers.closeAll();
      expect(kms.asked).toContain('encrypt');
      expect(kms.received.join('\n')).not.toContain('CODE-1');
      expect(await (await openCodes(places())).open([{ batchId: 'bat_a', from: 0, to: 1 }])).toMatchObject([{ code: 'CODE-1' }]);
    });

    it('says which file to mend where the token cannot be read, and whom to ask where it is refused', async () => {
      await expect(openCodes(places({ VOUCHSAFE_KMS_TOKEN_FILE: path.join(folder, 'absent') }))).rejects.toMatchObject({ code: 'KMS_TOKEN_MISSING', message: expect.stringContaining('VOUCHSAFE_KMS_TOKEN_FILE') as string });
      writeFileSync(tokenFile, 'expired');
      await expect(openCodes(places())).rejects.toMatchObject({ code: 'KMS_FORBIDDEN' });
    });
  });
});
