import { on, type Publisher, serveCommands, startPublisher } from '@vouchsafe/bus';
import { commitReservation, releaseReservation, reserveVouchers, returnUnits } from '@vouchsafe/contracts';
import { DeciderHost } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { bind, type BoundProjection, type Collection, type ProjectionRunner, startProjections } from '@vouchsafe/read-store';
import type { ServiceModule } from '@vouchsafe/runtime';
import { openSpool } from '@vouchsafe/vault';
import { batchCodec, buyerLimitCodec, stockCodec } from './adapters/codecs.js';
import { toIntegration } from './adapters/integration.js';
import { type KeptSnapshot, poolSnapshots, snapshotCollection } from './adapters/pool-snapshots.js';
import { sealTo } from './adapters/seal-to.js';
import { importHandlers } from './api/import-handlers.js';
import { secretsHandlers } from './api/secrets-handlers.js';
import { stockHandlers } from './api/stock-handlers.js';
import { catalogTerms, ownContext } from './application/catalog-terms.js';
import { Exports } from './application/exports.js';
import { Imports } from './application/imports.js';
import { Pools } from './application/pools.js';
import type { InventoryPorts } from './application/ports.js';
import { batchesBehind, Restored } from './application/restored.js';
import { SalesPast } from './application/sales-past.js';
import { Secrets } from './application/secrets.js';
import { CATEGORIES } from './application/streams.js';
import { startStockFigures } from './application/stock-figures.js';
import { startUpkeep, sweep } from './application/upkeep.js';
import type { InventoryConfig } from './config.js';
import { batch } from './domain/batch.js';
import { buyerLimit } from './domain/buyer-limit.js';
import { stock } from './domain/stock.js';
import { type BatchCard, batchCards, batchLosses } from './projections/batches.js';
import { type Chore, importChores, limitChores, poolChores } from './projections/chores.js';
import { type SalePlace, sales } from './projections/sales.js';
import { type StockCard, stockCards } from './projections/stock-cards.js';

type Collections = { readonly cards: Collection<BatchCard>; readonly stock: Collection<StockCard>; readonly chores: Collection<Chore>; readonly places: Collection<SalePlace>; readonly snapshots: Collection<KeptSnapshot> };

/** The module, with its views' runner and its publisher while they run, for those who watch them. */
export type Inventory = ServiceModule & { readonly projections: () => ProjectionRunner | undefined; readonly publisher: () => Publisher | undefined };

/** Unsold vouchers: imports, minting, pools, the vault of codes. */
export const createInventory = (ports: InventoryPorts, config: InventoryConfig): Inventory => {
  const stops: (() => Promise<void>)[] = [];
  const running: { runner?: ProjectionRunner; publisher?: Publisher } = {};
  return {
    name: 'inventory',
    needs: ['catalog'],
    projections: () => running.runner,
    publisher: () => running.publisher,
    start: async () => {
      const { bus, rpc } = ports;
      const runner = await startProjections({ ...ports, name: 'inventory', projections: inventoryProjections() });
      stops.push(() => runner.stop());
      running.runner = runner;
      await runner.caughtUp(); // timers and pools to hold are views: they must be whole before anything is served
      const parts = compose(ports, config, { runner, ...(await collections(ports)) });
      stops.push(() => parts.poolHost.idle(), () => parts.imports.stop());
      await refuseVaultBehind(ports, parts.imports, parts.cards);
      if (ports.deployment.raised) await parts.restored.secure();
      await journalLookupKeys(ports);
      serveCommands(bus, 'inventory', [
        on(reserveVouchers, (command, envelope) => parts.pools.reserve(command, envelope)),
        on(commitReservation, (command, envelope) => parts.pools.commit(command, envelope)),
        on(releaseReservation, (command, envelope) => parts.pools.release(command, envelope)),
        on(returnUnits, (command, envelope) => parts.pools.returnUnits(command, envelope)),
      ], { overlapping: true }); // each pool's decisions are taken in turn by its stream's host
      rpc.serve(SecretsService, secretsHandlers(parts.secrets));
      rpc.serve(InventoryService, { ...importHandlers(parts), ...stockHandlers(parts) });
      const publisher = await startPublisher({ ...ports, context: 'inventory', categories: CATEGORIES, toIntegration });
      running.publisher = publisher;
      stops.push(() => publisher.stop(), startStockFigures(parts), startUpkeep({ ...parts, projections: runner, timers: ports.timers, sweepMs: config.sweepMs }));
      await sweep({ ...parts, projections: runner, sweepMs: config.sweepMs });
    },
    stop: async () => {
      for (const stop of stops.splice(0).reverse()) await stop();
    },
  };
};

/** Views that inventory keeps; also what an audit rebuilds and compares. */
export const inventoryProjections = (): readonly BoundProjection[] => [
  bind(batchCards, batchCodec, ['batch']), bind(batchLosses, stockCodec, ['pool']), bind(stockCards, stockCodec, ['pool']), bind(sales, stockCodec, ['pool']),
  bind(importChores, batchCodec, ['batch']), bind(poolChores, stockCodec, ['pool']), bind(limitChores, buyerLimitCodec, ['buyerlimit']),
];
const collections = async ({ readStore }: InventoryPorts): Promise<Collections> => ({
  cards: await readStore.collection<BatchCard>(batchCards.collection), stock: await readStore.collection<StockCard>(stockCards.collection),
  chores: await readStore.collection<Chore>(importChores.collection), places: await readStore.collection<SalePlace>(sales.collection),
  snapshots: await readStore.collection<KeptSnapshot>(snapshotCollection),
});

const compose = (ports: InventoryPorts, config: InventoryConfig, views: Collections & { readonly runner: { caughtUp(): Promise<void> } }) => {
  const { store, clock, random, vault, journal, rpc, spool, deployment, log } = ports;
  const context = () => ownContext(ports);
  const poolHost = new DeciderHost({ store, clock, random, decider: stock, codec: stockCodec, snapshot: poolSnapshots(views.snapshots, clock, log) });
  const pools = new Pools({
    pools: poolHost,
    limits: new DeciderHost({ store, clock, random, decider: buyerLimit, codec: buyerLimitCodec }),
    past: new SalesPast({ store, codec: stockCodec, places: views.places, projections: views.runner }), journal, clock,
  });
  const imports = new Imports({ ...ports, config, pools, spool: openSpool(spool, vault.spoolKeys), batches: new DeciderHost({ store, clock, random, decider: batch, codec: batchCodec }) });
  const shared = { ...ports, config, pools, imports, cards: views.cards, stock: views.stock, chores: views.chores, projections: views.runner };
  return {
    ...shared,
    poolHost,
    terms: catalogTerms(rpc, context),
    secrets: new Secrets({ ...shared, context }),
    exports: new Exports({ ...shared, sealTo }),
    restored: new Restored({ ...shared, epoch: deployment.epoch }),
  };
};

/** So that hashes in the journal can be used even if the vault is older than they are. */
const journalLookupKeys = async ({ vault, journal }: InventoryPorts): Promise<void> => {
  for (const { version, kekId, wrapped } of await vault.lookupKeys()) {
    journal.record({ type: 'LookupKey', hashVersion: version, kekId, wrapped: Buffer.from(wrapped).toString('base64') });
  }
  await journal.flush();
};
const PAGE = 1_000;

/** Events name what the vault holds; a vault that is behind them would sell codes it does not have. */
const refuseVaultBehind = async ({ vault, deployment, log }: InventoryPorts, imports: Imports, cards: Collection<BatchCard>): Promise<void> => {
  const ids: string[] = [];
  for (const state of ['READY', 'COMPLETED']) {
    for (let after: { values: []; id: string } | undefined; ; ) {
      const page = await cards.find({ where: { state }, limit: PAGE, ...(after && { after }) });
      ids.push(...page.map(({ id }) => id));
      const last = page[page.length - 1];
      if (page.length < PAGE || !last) break;
      after = { values: [], id: last.id };
    }
  }
  const behind = await batchesBehind(vault, imports, ids);
  if (behind.length === 0) return;
  log.error({ behind: behind.slice(0, 10), epoch: deployment.epoch }, 'the vault does not hold what the log says');
  throw new Fault('VAULT_BEHIND', `the vault is older than the log or was changed: ${behind.length} batches differ, first ${behind[0]}. Restore both from one backup`, false);
};
