import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '@vouchsafe/cluster';
import type { EventStore } from '@vouchsafe/event-store';
import { openEsdbStore } from '@vouchsafe/event-store-esdb';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CredentialKind, PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { Connection } from '../../client/connection.js';
import { Acks } from '../../crash/acks.js';
import { codesTwice, lostOf } from '../../crash/verdict.js';
import { sampleCodes, stockUp } from '../../demo/furnish.js';
import { backupDistributed } from '../../distributed/backup.js';
import { type RestoredForm, restoreDistributed } from '../../distributed/restore.js';
import { CHANNELS, type Clients, clientsOf, TERMINAL } from '../clients.js';
import { Load } from '../load.js';
import { isClean, verdictOf } from '../verdict.js';
import { NAME, sleep, type World } from '../world.js';

const UNDER_LOAD_MS = 10_000;
const HELD_MS = 3_000;
const SERVICES = ['access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight', 'gateway'];
const PRODUCTS = ['prd_video-month', 'prd_coffee'] as const;
const LATER = { salt: 'later', count: 30 } as const;
const DOOMED = { salt: 'doomed', count: 10 } as const;
/** Beyond all that a till has said so far. */
const SEQUENCE = 1_000_000n;

/** Another deployment, of its own servers, begun on what there is of the first. */
type Second = { readonly cluster: Cluster; readonly clients: Clients; readonly store: EventStore; readonly folder: string };

/**
 * A backup is taken under load; more is sold, used, taken in and erased; then every process is killed. A second deployment is begun on a clone of
 * all databases, a third on the backup: neither may sell what the first has sold since. In the end the first goes on.
 */
export class SecondLife {
  readonly #world: World;
  readonly #wrong: string[];
  constructor(world: World, wrong: string[]) {
    this.#world = world;
    this.#wrong = wrong;
  }

  async run(): Promise<Readonly<Record<string, number>>> {
    const { acks, load, plan, note } = this.#world;
    const doomed = await this.#stock(DOOMED);
    await sleep(UNDER_LOAD_MS);
    const known = acks.all.length;
    const from = performance.now();
    await backupDistributed(placesIn(this.#world.folder, this.#world.cluster.mongo), path.join(this.#world.folder, 'backup'));
    const backupMs = Math.round(performance.now() - from);
    await sleep(UNDER_LOAD_MS * plan.rounds);
    await this.#stock(LATER);
    await this.#erase(doomed);
    this.#wrong.push(...(await load.end(plan.patienceMs)).map((order) => `not ended before the fault: ${order}`));
    acks.flush();
    for (const name of SERVICES) await this.#world.child(name).signal('SIGKILL');
    cpSync(path.join(this.#world.folder, 'journal'), path.join(this.#world.folder, 'survivors'), { recursive: true });
    note(`backup after ${known} answers; ${acks.all.length - known} more until all is lost`);
    const clone = await this.#onClone();
    const restored = await this.#onBackup(known);
    for (const name of SERVICES) this.#world.child(name).start();
    return { backup_ms: backupMs, lost_tail: acks.all.length - known, ...clone, ...restored };
  }

  #stock({ salt, count }: typeof LATER | typeof DOOMED, { admin, folder }: { readonly admin: Clients['admin']; readonly folder: string } = { admin: this.#world.clients.admin, folder: path.join(this.#world.folder, 'goods') }): Promise<string> {
    return stockUp(admin, { folder, salt, count, product: 'prd_video-month', supplier: 'sup_video', unitCost: '16.00' });
  }

  /** Who makes and orders goods may not destroy keys: a custodian does. */
  async #erase(batchId: string): Promise<void> {
    const { admin } = this.#world.clients;
    const { principalId } = await admin.call(AccessService.method.createPrincipal, { requestId: 'custodian', kind: PrincipalKind.PERSON, displayName: 'custodian', roles: ['custodian'] });
    const { secret } = await admin.call(AccessService.method.createCredential, { principalId, requestId: 'custodian-key', kind: CredentialKind.BEARER });
    const custodian = new Connection({ grpc: this.#world.cluster.grpc, key: secret });
    try {
      await custodian.call(InventoryService.method.eraseBatch, { batchId, reason: 'contract ended', requestId: 'erase-1' });
    } finally {
      custodian.close();
    }
  }

  /** All databases as they are at the end, on other servers, with new directories: nothing may be sold by it. */
  async #onClone(): Promise<Readonly<Record<string, number>>> {
    const { copyDatabases } = await import('@vouchsafe/cluster');
    const folder = this.#folder('clone');
    cpSync(path.join(this.#world.folder, 'data', 'event-store'), path.join(folder, 'data', 'event-store'), { recursive: true });
    const second = await this.#begin(folder, (mongo) => copyDatabases(this.#world.cluster.mongo, mongo, `${NAME}_`));
    try {
      return { held_on_clone: await this.#allHeld(second, 'K') };
    } finally {
      await end(second);
    }
  }

  /** The backup, on other servers: nothing is sold before the journals have been asked; then nothing that was sold or used. */
  async #onBackup(known: number): Promise<Readonly<Record<string, number>>> {
    const folder = this.#folder('restored');
    let form: RestoredForm | undefined;
    const second = await this.#begin(folder, async (mongo) => {
      form = await restoreDistributed(placesIn(folder, mongo), path.join(this.#world.folder, 'backup'), path.join(this.#world.folder, 'survivors'));
    });
    try {
      const held = await this.#allHeld(second, 'H');
      let withdrawn = 0n;
      for (const productId of PRODUCTS) withdrawn += (await second.clients.admin.call(InventoryService.method.releasePoolHold, { productId })).withdrawn;
      const sold = await this.#sellAgain(second, known);
      await this.#tryAgain(second);
      return { held_on_restored: held, journal_entries: form!.entries, withdrawn: Number(withdrawn), sold_on_restored: sold };
    } finally {
      await end(second);
    }
  }

  #folder(name: string): string {
    const folder = path.join(this.#world.folder, name);
    mkdirSync(path.join(folder, 'keys'), { recursive: true });
    const keys = path.join(this.#world.folder, 'keys');
    for (const file of readdirSync(keys).filter((one) => one.startsWith('vault-'))) cpSync(path.join(keys, file), path.join(folder, 'keys', file));
    return folder;
  }

  async #begin(folder: string, prepare: (mongo: string) => Promise<void>): Promise<Second> {
    const { startCluster } = await import('@vouchsafe/cluster');
    const cluster = await startCluster({ folder, name: NAME, own: true, channels: CHANNELS, terminals: [TERMINAL], note: (_, en) => this.#world.note(en), prepare: ({ mongo }) => prepare(mongo) });
    const { url, prefix } = cluster.eventStore;
    return { cluster, folder, clients: clientsOf(cluster), store: await openEsdbStore({ connectionString: url, prefix, clock: systemClock(), log: silentLog }) };
  }

  /** Orders come, and none of them is served. How many were refused. */
  async #allHeld(second: Second, prefix: string): Promise<number> {
    const { acks, stuck } = await this.#orders(second, prefix, HELD_MS);
    const orders = acks.all.flatMap((ack) => (ack.kind === 'order' ? [ack] : []));
    this.#wrong.push(...stuck.map((order) => `not ended while stock is held: ${order}`));
    if (orders.length === 0) this.#wrong.push(`no order of ${prefix} was answered`);
    for (const { number, state } of orders) if (state !== (OrderState.REJECTED as number)) this.#world.load.doubled.push(`${number} was served by a deployment that holds its stock`);
    return orders.filter(({ state }) => state === (OrderState.REJECTED as number)).length;
  }

  /** What was answered before the backup is there; what is sold now was never sold. How many orders were served. */
  async #sellAgain(second: Second, known: number): Promise<number> {
    const { acks: before, load } = this.#world;
    const lost = await lostOf(before.all.slice(0, known), (name) => second.clients.channels[name as (typeof CHANNELS)[number]], second.clients);
    this.#wrong.push(...lost.map((one) => `lost by the backup: ${one}`));
    const { acks, stuck, load: again } = await this.#orders(second, 'R', UNDER_LOAD_MS);
    load.doubled.push(...codesTwice([...before.all, ...acks.all]));
    const doomed = new Set(sampleCodes(DOOMED.salt, DOOMED.count));
    for (const ack of acks.all) if (ack.kind === 'disclosure') load.doubled.push(...ack.codes.filter((code) => doomed.has(code)).map(() => `${ack.orderId} got a code that had been erased`));
    const verdict = await verdictOf(second.store, second.clients, again, { acks, stuck });
    if (!isClean(verdict)) this.#wrong.push(`restored: ${JSON.stringify(verdict)}`);
    const served = acks.all.filter((ack) => ack.kind === 'order' && ack.state === (OrderState.COMPLETED as number)).length;
    if (served === 0) this.#wrong.push('the restored deployment sells nothing once it is released');
    return served;
  }

  /** Vouchers that were used are not used again, and codes taken in after the backup are not taken in again. */
  async #tryAgain({ clients, folder }: Second): Promise<void> {
    const codeOf = new Map(this.#world.acks.all.flatMap((ack) => (ack.kind === 'disclosure' ? [[ack.orderId, ack.codes[0]!] as const] : [])));
    let sequence = SEQUENCE;
    for (const ack of this.#world.acks.all) {
      const code = ack.kind === 'redemption' ? codeOf.get(ack.orderId) : undefined;
      if (code === undefined) continue;
      const used = await clients.till.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: code }, sequence: ++sequence, scene: 'counter' }).then(() => true, () => false);
      if (used) this.#world.load.doubled.push(`a voucher of ${ack.kind === 'redemption' ? ack.orderId : ''} was used in both lives`);
    }
    mkdirSync(path.join(folder, 'goods'));
    const taken = await this.#stock(LATER, { admin: clients.admin, folder: path.join(folder, 'goods') }).then((batchId) => batchId, () => undefined);
    if (taken !== undefined) this.#world.load.doubled.push(`codes taken in after the backup were taken in again as ${taken}`);
  }

  async #orders({ clients, folder }: Second, prefix: string, ms: number): Promise<{ readonly acks: Acks; readonly load: Load; readonly stuck: readonly string[] }> {
    const { plan } = this.#world;
    const acks = new Acks(path.join(folder, `acks-${prefix}.ndjson`));
    const load = new Load(clients, acks, prefix);
    load.begin(plan.rate);
    await sleep(ms);
    const stuck = await load.end(plan.patienceMs);
    acks.close();
    return { acks, load, stuck };
  }
}

const placesIn = (folder: string, mongo: string) => ({
  eventStore: path.join(folder, 'data', 'event-store'), mongo, database: NAME, data: path.join(folder, 'data'), journal: path.join(folder, 'journal'), namespace: 'sandbox' as const,
});

const end = async ({ clients, store, cluster }: Second): Promise<void> => {
  clients.close();
  await store.close();
  await cluster.stop();
};
