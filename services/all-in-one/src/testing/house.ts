import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { PERMISSIONS, ROLES } from '@vouchsafe/access';
import { plusMs } from '@vouchsafe/kernel';
import { CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService } from '@vouchsafe/proto/order/v1/order';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PlaceOrderRequestSchema } from '@vouchsafe/proto/order/v1/order';
import type { Caller, CallContext, Rpc } from '@vouchsafe/rpc';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { parse } from 'yaml';
import { type NamespaceOptions, type RunningNamespace, startNamespace } from '../namespace.js';
import { DistributedHouse } from './distributed-house.js';

const ROOT = path.resolve(__dirname, '../../../..');
const DEADLINE_MS = 30_000;

/**
 * A sandbox namespace on a temporary directory with the example catalogue, called without the gateway. For end-to-end tests, which
 * need not know its form: with `VOUCHSAFE_TEST_FORM=distributed` it is made of processes on real servers.
 */
export class House {
  #running: RunningNamespace | undefined;
  #distributed: DistributedHouse | undefined;
  #number = 0;
  private constructor(readonly folder: string, readonly options: Partial<NamespaceOptions>) {}

  static async open(options: Partial<NamespaceOptions> = {}): Promise<House> {
    const house = new House(mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-house-')), options);
    await house.start();
    return house;
  }

  async start(): Promise<void> {
    if (process.env['VOUCHSAFE_TEST_FORM'] === 'distributed') return this.#startDistributed();
    this.#running = await startNamespace({
      namespace: 'sandbox', data: path.join(this.folder, 'data', 'sandbox'), keyFile: path.join(this.folder, 'keys', 'sandbox.key'),
      journal: path.join(this.folder, 'journal', 'sandbox'), log: silentLog, onFatal: (fault) => { throw fault; }, ...this.options,
    });
    await this.#running.begin();
  }
  async #startDistributed(): Promise<void> {
    if (Object.keys(this.options).length > 0) throw new Error('a house of processes is as it is composed');
    this.#distributed ??= new DistributedHouse(this.folder);
    await this.#distributed.start();
  }
  async stop(): Promise<void> {
    await this.#distributed?.stop();
    await this.#running?.stop();
    this.#running = undefined;
  }
  async close(): Promise<void> {
    await this.#distributed?.close();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get running(): RunningNamespace {
    if (!this.#running) throw new Error('the house is closed');
    return this.#running;
  }
  get rpc(): Rpc {
    return this.#distributed?.rpc ?? this.running.rpc;
  }

  context(caller: Caller): CallContext {
    return { caller, requestId: `req_${++this.#number}`, deadline: plusMs(systemClock().now(), DEADLINE_MS), locale: 'zh' };
  }
  get admin(): CallContext {
    return this.context({ principalId: 'pri_admin', kind: 'person', namespace: 'sandbox', permissions: new Set(PERMISSIONS) });
  }
  channel(channelId: string): CallContext {
    const { permissions } = ROLES.channel;
    return this.context({ principalId: `pri_${channelId}`, kind: 'channel', namespace: 'sandbox', channelId, permissions: new Set(permissions) });
  }
  terminal(terminalId: string): CallContext {
    const { permissions } = ROLES.terminal;
    return this.context({ principalId: `pri_${terminalId}`, kind: 'terminal', namespace: 'sandbox', terminalId, permissions: new Set(permissions) });
  }

  /** The example catalogue, and money on the prepaid and credit channels. */
  async furnish(): Promise<void> {
    const yaml = parse(readFileSync(path.join(ROOT, 'deploy/examples/catalog.yaml'), 'utf8')) as JsonValue;
    await this.rpc.call(CatalogService.method.applyCatalog, { document: fromJson(CatalogDocumentSchema, yaml) }, this.admin);
    await this.rpc.call(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount: { minor: 10_000_000n, currency: 'CNY' }, bank: 'icbc', bankReference: 'REF-1' }, this.admin);
    await this.rpc.call(LedgerService.method.updateCreditLimit, { channelId: 'chn_corp', limit: { minor: 10_000_000n, currency: 'CNY' } }, this.admin);
  }

  /** Imports `codes` and makes them sellable; the batch's id. */
  async stock(productId: string, supplierId: string, codes: readonly string[], unitCost = '10.00'): Promise<string> {
    const { importId } = await this.rpc.call(InventoryService.method.startImport, { productId, supplierId, unitCost }, this.admin);
    const content = Buffer.from(codes.join('\n'));
    await this.rpc.upload(InventoryService.method.importCodes, (async function* () { yield { importId, offset: 0n, content, last: true }; })(), this.admin);
    await this.#until(importId, ImportState.READY);
    await this.rpc.call(InventoryService.method.completeImport, { importId }, this.admin);
    return this.#until(importId, ImportState.COMPLETED);
  }
  async #until(importId: string, state: ImportState): Promise<string> {
    for (;;) {
      const now = await this.rpc.call(InventoryService.method.getImport, { importId }, this.admin);
      if (now.state === state || now.state === ImportState.COMPLETED) return now.batchId;
      if (now.state === ImportState.ABORTED) throw new Error(`import aborted: ${now.reason}`);
      await systemClock().sleep(10);
    }
  }

  /** Mints own vouchers and waits until they are for sale. */
  async mint(productId: string, quantity: number): Promise<void> {
    let job = await this.rpc.call(InventoryService.method.mintVouchers, { productId, quantity }, this.admin);
    while (job.state !== ImportState.COMPLETED) {
      if (job.state === ImportState.ABORTED) throw new Error(`minting failed: ${job.reason}`);
      await systemClock().sleep(10);
      job = await this.rpc.call(InventoryService.method.getJob, { jobId: job.jobId }, this.admin);
    }
  }

  order(channelId: string, request: MessageInitShape<typeof PlaceOrderRequestSchema>): Promise<Order> {
    return this.rpc.call(OrderService.method.placeOrder, request, this.channel(channelId));
  }
  /** The secrets of an order, disclosed to its channel. */
  async disclose(channelId: string, orderId: string): Promise<readonly { voucherId: string; code: string }[]> {
    const secrets: { voucherId: string; code: string }[] = [];
    for await (const answer of this.rpc.stream(FulfillmentService.method.discloseSecrets, { orderId }, this.channel(channelId))) secrets.push(...answer.secrets);
    return secrets;
  }
}
