import { readFileSync } from 'node:fs';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { PERMISSIONS, ROLES } from '@vouchsafe/access';
import { composeServices, startModules } from '@vouchsafe/all-in-one';
import { inProcessBus, lossyBus } from '@vouchsafe/bus';
import { type EmbeddedStore, openEmbeddedStore } from '@vouchsafe/event-store';
import { openJournal } from '@vouchsafe/journal';
import { instant, plusMs } from '@vouchsafe/kernel';
import { CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { sqliteReadStore } from '@vouchsafe/read-store';
import { type Caller, type CallContext, inProcessRpc, type Rpc } from '@vouchsafe/rpc';
import { clockTimers, createIds, memoryDisk, type MemoryDisk, type Random, seededRandom, silentLog, simulatedClock, type SimulatedClock } from '@vouchsafe/runtime';
import { localKeyWrap, openCodeVault, sqlitePersonalVault } from '@vouchsafe/vault';
import { parse } from 'yaml';
import { EXAMPLE_CATALOG, sampleCodes } from '../demo/furnish.js';
import { Incarnation } from './incarnation.js';

const START_MS = Date.UTC(2026, 2, 2, 1);
const BUS_MISHAPS = { drop: 0.02, double: 0.05, reorder: 0.05 };
/** Small, so that a short history has several segments. */
const SEGMENT_BYTES = 1 << 20;
const DEADLINE_MS = 60_000;

export type Life = { readonly incarnation: Incarnation; readonly store: EmbeddedStore; readonly rpc: Rpc };

/**
 * The real services on simulated adapters: one seed, one history. Time is virtual, the disk forgets what was not synced when the
 * process is killed, the bus drops, doubles and reorders.
 */
export class World {
  readonly clock: SimulatedClock = simulatedClock(instant(START_MS));
  readonly random: Random;
  #disk: MemoryDisk = memoryDisk();
  #journalDisk: MemoryDisk = memoryDisk();
  #spool: MemoryDisk = memoryDisk();
  #lists: MemoryDisk = memoryDisk();
  #life: Life | undefined;
  #codes: Awaited<ReturnType<typeof openCodeVault>> | undefined;
  #personal: Awaited<ReturnType<typeof sqlitePersonalVault>> | undefined;
  #requests = 0;
  kills = 0;

  constructor(readonly seed: number) {
    this.random = seededRandom(seed);
  }

  get life(): Life {
    if (!this.#life) throw new Error('the world has not begun');
    return this.#life;
  }

  /** Starts a process on what the disks hold. */
  async begin(): Promise<void> {
    const incarnation = new Incarnation();
    const clock = incarnation.clock(this.clock);
    const random = seededRandom(this.seed * 1000 + this.kills);
    const ids = createIds(clock, random);
    const namespace = 'sandbox';
    const log = silentLog;
    const wrap = localKeyWrap(Buffer.alloc(32, 7), random);
    this.#codes ??= await openCodeVault({ file: ':memory:', namespace, wrap, random: seededRandom(this.seed), clock: this.clock, log });
    this.#personal ??= await sqlitePersonalVault({ file: ':memory:', namespace, keys: wrap, random: seededRandom(this.seed), ids: createIds(this.clock, seededRandom(this.seed)), clock: this.clock, log });
    const store = await openEmbeddedStore({ disk: this.#disk, clock, log, onFatal: (fault) => { if (!incarnation.dead) throw fault; }, options: { segmentBytes: SEGMENT_BYTES, reserveBytes: 0 } });
    const readStore = sqliteReadStore({ file: ':memory:', log });
    const journal = await openJournal({ disk: this.#journalDisk, namespace, deploymentId: 'dep_sim', epoch: 1, clock, log });
    const bus = lossyBus(inProcessBus(clock, { log }), { random, ...BUS_MISHAPS });
    const rpc = inProcessRpc();
    const { modules } = composeServices({
      namespace, store: incarnation.store(store), bus, readStore, rpc, clock, outerClock: clock, wallClock: clock, random, ids, timers: clockTimers(clock), log,
      codes: incarnation.guard(this.#codes), personal: incarnation.guard(this.#personal), journal, spool: this.#spool, listDisk: this.#lists,
      deployment: { epoch: 1, raised: false }, paymentProviders: [],
    });
    await this.clock.until(startModules(modules));
    await bus.start();
    this.#life = { incarnation, store, rpc };
  }

  /** Power is cut: what was not synced may be gone. */
  kill(): void {
    this.life.incarnation.kill();
    const chance = (): number => this.random.fraction();
    this.#disk = this.#disk.crash(chance);
    this.#journalDisk = this.#journalDisk.crash(chance);
    this.#spool = this.#spool.crash(chance);
    this.#lists = this.#lists.crash(chance);
    this.kills++;
  }

  /** The end of everything: nothing of this world waits any more. */
  end(): void {
    this.life.incarnation.kill();
  }

  /** A call whose answer left the process: its effects are durable. Never settles when the process dies first. */
  async answered<T>(work: (rpc: Rpc) => Promise<T>): Promise<T> {
    const { incarnation, store, rpc } = this.life;
    const answer = await incarnation.living(work(rpc));
    await incarnation.living(store.durable(store.head()));
    return answer;
  }

  context(caller: Pick<Caller, 'kind' | 'channelId' | 'terminalId'>): CallContext {
    const permissions = new Set<string>(caller.kind === 'channel' ? ROLES.channel.permissions : caller.kind === 'terminal' ? ROLES.terminal.permissions : PERMISSIONS);
    return {
      caller: { ...caller, principalId: `pri_${caller.channelId ?? caller.terminalId ?? 'admin'}`, namespace: 'sandbox', permissions },
      requestId: `req_${++this.#requests}`, deadline: plusMs(this.clock.now(), DEADLINE_MS), locale: 'en',
    };
  }

  /** The example catalogue, money, `count` codes for sale. */
  async furnish(count: number): Promise<void> {
    const admin = this.context({ kind: 'person' });
    const call = <T>(work: (rpc: Rpc) => Promise<T>): Promise<T> => this.clock.until(this.answered(work));
    const document = fromJson(CatalogDocumentSchema, parse(readFileSync(EXAMPLE_CATALOG, 'utf8')) as JsonValue);
    await call((rpc) => rpc.call(CatalogService.method.applyCatalog, { document }, admin));
    const amount = { minor: 100_000_000n, currency: 'CNY' };
    await call((rpc) => rpc.call(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount, bank: 'icbc', bankReference: 'SIM-1' }, admin));
    await call((rpc) => rpc.call(LedgerService.method.updateCreditLimit, { channelId: 'chn_corp', limit: amount }, admin));
    const { importId } = await call((rpc) => rpc.call(InventoryService.method.startImport, { productId: 'prd_video-month', supplierId: 'sup_video', unitCost: '16.00' }, admin));
    const content = Buffer.from(sampleCodes(`sim-${this.seed}`, count).join('\n'));
    await call((rpc) => rpc.upload(InventoryService.method.importCodes, (async function* () { yield { importId, offset: 0n, content, last: true }; })(), admin));
    await this.#import(importId, ImportState.READY);
    await call((rpc) => rpc.call(InventoryService.method.completeImport, { importId }, admin));
    await this.#import(importId, ImportState.COMPLETED);
  }
  async #import(importId: string, state: ImportState): Promise<void> {
    for (;;) {
      const now = await this.clock.until(this.answered((rpc) => rpc.call(InventoryService.method.getImport, { importId }, this.context({ kind: 'person' }))));
      if (now.state === state || now.state === ImportState.COMPLETED) return;
      await this.clock.advance(20);
    }
  }
}
