import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { create, fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CredentialKind, PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { type CatalogDocument, CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { type FileFormatSchema, type Import, ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, type PlaceOrderRequestSchema } from '@vouchsafe/proto/order/v1/order';
import { type Log, type Namespace, silentLog, systemClock } from '@vouchsafe/runtime';
import { parse } from 'yaml';
import { parseConfig } from '../../config.js';
import { type Platform, type PlatformOptions, startPlatform } from '../../platform.js';
import type { RunningNamespace } from '../../namespace.js';
import { type Headers, type HttpTold, overHttp, Wire } from './wire.js';

const ROOT = path.resolve(__dirname, '../../../../..');
export const CHANNELS = ['chn_app', 'chn_dist', 'chn_dist.shop', 'chn_corp'] as const;
export const TERMINALS = ['trm_lake-1', 'trm_station-1', 'trm_partner-1'] as const;
const WAIT_MS = 10_000;
const EVENTS_PAGE = 1_000;

export type PremisesOptions = {
  readonly log?: Log;
  readonly namespaces?: readonly Namespace[];
  /** Laid over the other options of the platform. */
  readonly more?: Partial<PlatformOptions>;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** The whole platform in this process on a temporary directory, spoken to over its real ports. For end-to-end tests. */
export class Premises {
  #platform: Platform | undefined;
  #wire: Wire | undefined;
  /** Bearer keys by name: `admin`, channels, terminals, what tests add. */
  readonly keys = new Map<string, string>();
  fatal: unknown;

  private constructor(readonly folder: string, readonly options: PremisesOptions) {}

  static async open(options: PremisesOptions = {}): Promise<Premises> {
    const premises = new Premises(options.folder ?? mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-door-')), options);
    await premises.start();
    return premises;
  }

  get data(): string {
    return path.join(this.folder, 'data');
  }
  get journal(): string {
    return path.join(this.folder, 'journal');
  }

  async start(): Promise<void> {
    const { namespaces = ['sandbox'], log = silentLog, more = {}, env = {} } = this.options;
    const parsed = parseConfig({
      VOUCHSAFE_DATA: this.data, VOUCHSAFE_KEYS: path.join(this.folder, 'keys'), VOUCHSAFE_JOURNAL: this.journal,
      VOUCHSAFE_NAMESPACES: namespaces.join(','), VOUCHSAFE_HTTP_PORT: '0', VOUCHSAFE_GRPC_PORT: '0', ...env,
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    this.#platform = await startPlatform({
      config: parsed.config, log, onFatal: (fault) => { this.fatal = fault; }, gateway: { authFailuresPerMinute: 1_000_000, drainMs: 100 }, ...more,
    });
    this.#wire = new Wire(this.#platform.grpc);
    if (!namespaces.includes('sandbox')) return;
    const made = await this.#platform.sandboxKeys(this.keys.size === 0 ? CHANNELS : [], this.keys.size === 0 ? TERMINALS : []);
    this.keys.set('admin', made.admin.key.reveal());
    for (const [name, { key }] of [...made.channels, ...made.terminals]) this.keys.set(name, key.reveal());
  }
  async stop(): Promise<void> {
    this.#wire?.close();
    await this.#platform?.stop();
    this.#platform = undefined;
  }
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  get platform(): Platform {
    if (!this.#platform) throw new Error('the platform is stopped');
    return this.#platform;
  }
  get wire(): Wire {
    return this.#wire!;
  }
  running(namespace: Namespace = 'sandbox'): RunningNamespace {
    return this.platform.namespaces.get(namespace)!;
  }
  /** Everything in the log. */
  async events(namespace: Namespace = 'sandbox'): Promise<readonly RecordedEvent[]> {
    const { store } = this.running(namespace);
    const events: RecordedEvent[] = [];
    for (let after: Position = START; ;) {
      const { events: more, next, atEnd } = await store.readAll({ after, max: EVENTS_PAGE });
      events.push(...more);
      if (atEnd) return events;
      after = next;
    }
  }
  /** Headers of somebody, by name. */
  as(name: string, more: Headers = {}): Headers {
    const key = this.keys.get(name);
    if (key === undefined) throw new Error(`nobody is called ${name}`);
    return { authorization: `Bearer ${key}`, ...more };
  }
  http(verb: string, path: string, who: string | undefined, { body, headers, timeoutMs }: { readonly body?: unknown; readonly headers?: Headers; readonly timeoutMs?: number } = {}): Promise<HttpTold> {
    const sent = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return overHttp(this.platform.http, verb, path, { ...(sent !== undefined && { body: sent }), ...(timeoutMs !== undefined && { timeoutMs }), headers: { ...(who !== undefined && this.as(who)), ...headers } });
  }

  /** Makes a principal with a bearer key, known from then on by `name`. */
  async hire(name: string, principal: { readonly kind?: PrincipalKind; readonly roles?: readonly string[]; readonly channelId?: string; readonly terminalId?: string }, by = 'admin', more: Headers = {}): Promise<string> {
    const { kind = PrincipalKind.PERSON, roles = [], channelId = '', terminalId = '' } = principal;
    const { principalId } = await this.wire.get(AccessService.method.createPrincipal, { kind, displayName: name, roles: [...roles], channelId, terminalId }, this.as(by, more));
    const { secret } = await this.wire.get(AccessService.method.createCredential, { principalId, kind: CredentialKind.BEARER }, this.as(by, more));
    this.keys.set(name, secret);
    return principalId;
  }

  /** The example catalogue (changed by `adapt`), and money on the prepaid and credit channels. */
  async furnish(adapt: (document: CatalogDocument) => void = () => {}, prepaid = 'chn_dist'): Promise<void> {
    const document = create(CatalogDocumentSchema, fromJson(CatalogDocumentSchema, parse(readFileSync(path.join(ROOT, 'deploy/examples/catalog.yaml'), 'utf8')) as JsonValue));
    adapt(document);
    await this.wire.get(CatalogService.method.applyCatalog, { document }, this.as('admin'));
    await this.wire.get(LedgerService.method.createDeposit, { channelId: prepaid, amount: { minor: 10_000_000n, currency: 'CNY' }, bank: 'icbc', bankReference: `FIRST-${prepaid}` }, this.as('admin'));
    await this.wire.get(LedgerService.method.updateCreditLimit, { channelId: 'chn_corp', limit: { minor: 10_000_000n, currency: 'CNY' } }, this.as('admin'));
  }

  async beginImport(productId: string, supplierId: string, format?: MessageInitShape<typeof FileFormatSchema>): Promise<string> {
    const { importId } = await this.wire.get(InventoryService.method.startImport, { productId, supplierId, unitCost: '10.00', ...(format && { format }) }, this.as('admin'));
    return importId;
  }
  upload(importId: string, content: Uint8Array, { offset = 0, last = true }: { readonly offset?: number; readonly last?: boolean } = {}) {
    return this.wire.ask(InventoryService.method.importCodes, [{ importId, offset: BigInt(offset), content, last }], this.as('admin'));
  }
  /** The import, once it is in one of these states (or aborted). */
  async importIn(importId: string, ...states: readonly ImportState[]): Promise<Import> {
    return this.until(() => this.wire.get(InventoryService.method.getImport, { importId }, this.as('admin')), ({ state }) => state === ImportState.ABORTED || states.includes(state));
  }
  /** Imports `codes` and makes them sellable; the batch's id. */
  async stock(productId: string, supplierId: string, codes: readonly string[]): Promise<string> {
    const importId = await this.beginImport(productId, supplierId);
    const told = await this.upload(importId, Buffer.from(codes.join('\n')));
    if (!told.ok) throw new Error(told.text);
    await this.importIn(importId, ImportState.READY);
    const { batchId } = await this.wire.get(InventoryService.method.completeImport, { importId }, this.as('admin'));
    await this.importIn(importId, ImportState.COMPLETED);
    return batchId;
  }
  /** Mints own vouchers and waits until they are for sale. */
  async mint(productId: string, quantity: number): Promise<string> {
    const { jobId } = await this.wire.get(InventoryService.method.mintVouchers, { productId, quantity }, this.as('admin'));
    const job = await this.until(() => this.wire.get(InventoryService.method.getJob, { jobId }, this.as('admin')), ({ state }) => state === ImportState.COMPLETED || state === ImportState.ABORTED);
    return job.batchId;
  }

  order(channel: string, request: MessageInitShape<typeof PlaceOrderRequestSchema>): Promise<Order> {
    return this.wire.get(OrderService.method.placeOrder, request, this.as(channel));
  }
  async disclose(channel: string, orderId: string): Promise<readonly { readonly voucherId: string; readonly code: string }[]> {
    const answers = await this.wire.all(FulfillmentService.method.discloseSecrets, { orderId }, this.as(channel));
    return answers.flatMap(({ secrets }) => secrets);
  }

  /** Asks again until the answer is right; throws after ten seconds. */
  async until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
    const clock = systemClock();
    for (const from = clock.monotonicMs(); ;) {
      const answer = await ask();
      if (isRight(answer)) return answer;
      if (clock.monotonicMs() - from > WAIT_MS) throw new Error(`it did not get there in time: ${JSON.stringify(answer, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`);
      await clock.sleep(10);
    }
  }
}

/** Codes that look like some supplier's, none made twice under one salt. */
export const codesOf = (salt: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${salt}-${String(i).padStart(6, '0')}-${(i * 7919 + 101).toString(36).toUpperCase()}`);
