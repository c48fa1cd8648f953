import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { ROLES } from '@vouchsafe/access';
import { type NamespaceOptions, type RunningNamespace, startNamespace } from '@vouchsafe/all-in-one';
import { CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import type { CallContext } from '@vouchsafe/rpc';
import { silentLog } from '@vouchsafe/runtime';
import { parse } from 'yaml';
import { EXAMPLE_CATALOG } from '../demo/furnish.js';
import { everything, Importer } from './importer.js';

const PRODUCT = 'prd_video-month';
const CHANNEL = 'chn_dist';
/** Enough that none of them orders so often that it is challenged. */
const BUYERS = 200_000;
/** More than any number of orders costs. */
const DEPOSIT_MINOR = 1_000_000_000_000n;
export const IN_FLIGHT = 64;

/** A namespace of this process on a temporary directory, that sells one product; called without the gateway. */
export class Shop {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-shop-'));
  #running: RunningNamespace | undefined;
  #importer: Importer | undefined;
  #ordered = 0;
  private constructor(readonly around: NamespaceOptions['around']) {}

  /** Furnished, and opened. `around`: around its log's disk. */
  static async open(around?: NamespaceOptions['around']): Promise<Shop> {
    const shop = new Shop(around);
    await shop.start();
    const { rpc } = shop.running;
    const document = fromJson(CatalogDocumentSchema, parse(readFileSync(EXAMPLE_CATALOG, 'utf8')) as JsonValue);
    await rpc.call(CatalogService.method.applyCatalog, { document }, everything());
    await rpc.call(LedgerService.method.createDeposit, { channelId: CHANNEL, amount: { minor: DEPOSIT_MINOR, currency: 'CNY' }, bank: 'icbc', bankReference: 'BENCH-1' }, everything());
    shop.#importer = new Importer(shop.running, PRODUCT, '16.00');
    return shop;
  }

  /** Starts on what the folder holds; milliseconds. */
  async start(): Promise<number> {
    const from = performance.now();
    this.#running = await startNamespace({
      namespace: 'sandbox', data: this.data, keyFile: path.join(this.folder, 'keys', 'key'), journal: path.join(this.folder, 'journal'), log: silentLog,
      onFatal: (fault) => { throw fault; }, ...(this.around && { around: this.around }),
    });
    await this.#running.begin();
    return performance.now() - from;
  }
  get data(): string {
    return path.join(this.folder, 'data', 'sandbox');
  }
  get running(): RunningNamespace {
    if (!this.#running) throw new Error('the shop is closed');
    return this.#running;
  }

  /** Takes so many codes in. */
  async stock(codes: number): Promise<void> {
    await this.#importer!.run(codes);
  }

  /** Places `count` orders of one code, {@link IN_FLIGHT} at a time, each durable before the next; seconds. */
  async place(count: number): Promise<number> {
    const { rpc, store, journal } = this.running;
    const until = this.#ordered + count;
    const from = performance.now();
    const lane = async (): Promise<void> => {
      while (this.#ordered < until) {
        const n = this.#ordered++;
        const request = { number: `B-${n}`, lines: [{ productId: PRODUCT, quantity: 1 }], buyer: { ref: `buyer-${n % BUYERS}` }, waitMs: 10_000 };
        const { state, reason } = await rpc.call(OrderService.method.placeOrder, request, buying());
        if (state !== OrderState.COMPLETED) throw new Error(`order ${n} did not complete: ${OrderState[state]} ${reason?.code ?? ''}`);
        await Promise.all([store.durable(store.head()), journal.flush()]);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return (performance.now() - from) / 1000;
  }
  /** Settles when every view has seen what is there. */
  async caughtUp(): Promise<void> {
    for (const follower of this.running.followers()) await follower.caughtUp();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const buying = (): CallContext => ({
  ...everything(), caller: { principalId: 'pri_chn_dist', kind: 'channel', namespace: 'sandbox', channelId: CHANNEL, permissions: PERMITTED },
});
const PERMITTED = new Set(ROLES.channel.permissions);
