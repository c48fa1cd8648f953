import type { Envelope, EventStore } from '@vouchsafe/event-store';
import { entriesLogLacks, type Journal } from '@vouchsafe/journal';
import type { Collection } from '@vouchsafe/read-store';
import type { Clock, Ids, Log } from '@vouchsafe/runtime';
import type { CodeVault } from '@vouchsafe/vault';
import { stillOut } from '../domain/stock-evolve.js';
import type { Units } from '../domain/stock-types.js';
import type { StockCard } from '../projections/stock-cards.js';
import type { Imports } from './imports.js';
import type { PoolAnswer, Pools } from './pools.js';

export type RestoredOptions = {
  readonly store: EventStore; readonly journal: Journal; readonly vault: CodeVault; readonly pools: Pools; readonly imports: Imports; readonly stock: Collection<StockCard>;
  readonly clock: Clock; readonly ids: Ids; readonly log: Log; readonly epoch: number;
};
const PAGE = 200;

/** After a restore or in a copied directory: what was done after the backup must not be done again (RULES, Secrets 4). */
export class Restored {
  readonly #options: RestoredOptions;
  constructor(options: RestoredOptions) {
    this.#options = options;
  }

  /** Before anything is served: pools with stock are held, codes and look-up keys of the journal block, erased keys are destroyed again. */
  async secure(): Promise<void> {
    const { stock, pools, clock, epoch, log } = this.#options;
    let held = 0;
    for (let after: { values: []; id: string } | undefined; ; ) {
      const page = await stock.find({ limit: PAGE, ...(after && { after }) });
      for (const { id } of page) {
        await pools.decide(id, { type: 'HoldPool', epoch, at: clock.now() }, this.#envelope(id));
        held++;
      }
      const last = page[page.length - 1];
      if (page.length < PAGE || !last) break;
      after = { values: [], id: last.id };
    }
    await this.#adoptImports();
    await this.#eraseAgain();
    log.warn({ epoch, held }, 'this data was restored or copied: stock is held until released against the journal (ReleasePoolHold)');
  }

  /** Units of a product that the journal says were sold after the backup, less those that came back; and how many entries say so. */
  async soldAfterBackup(productId: string): Promise<{ ranges: readonly Units[]; entries: number }> {
    const { journal, store, pools } = this.#options;
    let entries = 0;
    let ranges: readonly Units[] = [];
    for await (const { entry } of entriesLogLacks(journal, store, ['Committed', 'Returned'])) {
      if (entry.productId !== productId) continue;
      entries++;
      ranges = entry.type === 'Committed' ? [...stillOut(ranges, entry.ranges), ...entry.ranges] : stillOut(ranges, entry.ranges);
    }
    // What left the platform stays out, whatever came back later.
    const { batches } = await pools.state(productId);
    for await (const { entry } of entriesLogLacks(journal, store, ['Disclosed'])) {
      const own = entry.ranges.filter(({ batchId }) => batches.has(batchId));
      if (own.length === 0) continue;
      entries++;
      ranges = [...stillOut(ranges, own), ...own];
    }
    return { ranges, entries };
  }

  /** Takes off sale what the journal names and `writeOff` adds, and sells again. */
  async release(productId: string, writeOff: readonly Units[], envelope: Envelope): Promise<{ answer: PoolAnswer; entries: number }> {
    const { pools, clock, epoch } = this.#options;
    const { ranges, entries } = await this.soldAfterBackup(productId);
    const held = (await pools.state(productId)).heldEpoch ?? epoch;
    const answer = await pools.decide(productId, { type: 'ReleasePoolHold', epoch: held, writeOff: [...ranges, ...writeOff], at: clock.now() }, envelope);
    return { answer, entries };
  }

  async #adoptImports(): Promise<void> {
    const { journal, vault, log } = this.#options;
    const aborted = await this.#adoptKeys();
    let adopted = 0;
    let lost = 0;
    for await (const { entry } of journal.read()) {
      if (entry.type !== 'Imported' || aborted.has(entry.importId)) continue;
      if (((await vault.batch(entry.batchId))?.rows ?? 0) > entry.row) continue;
      const fresh = await vault.adoptHashes(Buffer.from(entry.hashes, 'base64'), entry.hashVersion);
      if (fresh === undefined) lost++;
      else adopted += fresh;
    }
    if (adopted > 0) log.warn({ adopted }, 'codes imported after the backup count as imported; they are refused if they come again');
    if (lost > 0) log.error({ entries: lost }, 'hashes of codes imported after the backup are under a look-up key that this key-encryption key does not open: those codes are not recognised if they come again');
  }
  /** Takes the look-up keys of the journal; imports that were given up, whose codes block nobody. */
  async #adoptKeys(): Promise<ReadonlySet<string>> {
    const { journal, vault } = this.#options;
    const aborted = new Set<string>();
    for await (const { entry } of journal.read()) {
      if (entry.type === 'ImportEnded' && entry.outcome === 'aborted') aborted.add(entry.importId);
      if (entry.type === 'LookupKey') await vault.adoptLookupKey({ version: entry.hashVersion, kekId: entry.kekId, wrapped: Buffer.from(entry.wrapped, 'base64') });
    }
    return aborted;
  }

  async #eraseAgain(): Promise<void> {
    const { journal, imports, pools, clock } = this.#options;
    for await (const { entry } of journal.read()) {
      if (entry.type !== 'Erased' || entry.kind !== 'batch') continue;
      const batch = await imports.load(entry.id);
      if (batch.step !== 'completed' || batch.erased) continue;
      const reason = `erased before the restore: ${entry.reason}`;
      await pools.decide(batch.plan.productId, { type: 'RecallBatch', batchId: entry.id, reason, at: clock.now() }, this.#envelope(entry.id));
      await imports.erase(entry.id, reason, this.#envelope(entry.id));
    }
  }

  #envelope(correlation: string): Envelope {
    const { ids, clock } = this.#options;
    return { commandId: ids.uuid(), correlation, principal: 'svc_inventory', at: clock.now() };
  }
}

/** Fault-free comparison at every start: batches of the log that the vault lacks or holds otherwise. */
export const batchesBehind = async (vault: CodeVault, imports: Imports, batchIds: readonly string[]): Promise<readonly string[]> => {
  const behind: string[] = [];
  for (const batchId of batchIds) {
    const batch = await imports.load(batchId);
    if ((batch.step !== 'ready' && batch.step !== 'completed') || (batch.step === 'completed' && batch.erased)) continue;
    const sealed = await vault.batch(batchId);
    if (sealed?.rows !== batch.vault.rows || sealed.hash !== batch.vault.hash) behind.push(batchId);
  }
  return behind;
};
