import { ask } from '@vouchsafe/bus';
import { commitReservation, releaseReservation, reserveVouchers, returnUnits } from '@vouchsafe/contracts';
import type { DescService, MessageInitShape } from '@bufbuild/protobuf';
import { plusMs } from '@vouchsafe/kernel';
import { type Journal, openJournal } from '@vouchsafe/journal';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { ImportState, type StartImportRequestSchema } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import type { CallContext, Handlers } from '@vouchsafe/rpc';
import { type Disk, memoryDisk, type ServiceModule } from '@vouchsafe/runtime';
import { localKeyWrap, openCodeVault, type SqliteCodeVault } from '@vouchsafe/vault';
import { type TestPorts, testPorts } from '@vouchsafe/testing';
import { inventoryConfig } from '../config.js';
import { createInventory } from '../create-inventory.js';

export type Rig = TestPorts & {
  readonly vault: SqliteCodeVault; readonly journal: Journal; readonly spool: Disk; readonly inventory: ServiceModule; readonly context: CallContext;
  /** Disclosures that redemption is said to have recorded. */
  readonly disclosed: Set<string>;
};
export type RigOptions = Partial<Pick<Rig, 'vault' | 'journal' | 'spool' | 'store' | 'readStore'>> & { readonly raised?: boolean; readonly epoch?: number; readonly sealRows?: number; readonly seed?: number };

/** Inventory on ports in memory, its neighbours (catalog, redemption) played by a few lines. Not started yet. */
export const inventoryRig = async (options: RigOptions = {}): Promise<Rig> => {
  const ports = testPorts({ ...(options.seed !== undefined && { seed: options.seed }), ...(options.store && { store: options.store }), ...(options.readStore && { readStore: options.readStore }) });
  const { clock, random, log, rpc } = ports;
  const vault = options.vault ?? (await openCodeVault({ file: ':memory:', namespace: 'live', wrap: localKeyWrap(Buffer.alloc(32, 5), random), random, clock, log }));
  const journal = options.journal ?? (await openJournal({ disk: memoryDisk(), namespace: 'live', deploymentId: 'dep_1', epoch: 1, clock, log }));
  const spool = options.spool ?? memoryDisk();
  const disclosed = new Set<string>();
  rpc.serve(CatalogTermsService, played<typeof CatalogTermsService>({
    getProductTerms: async ({ productId }) => ({
      productId, found: productId !== 'prd_none', kind: productId === 'prd_own' ? ProductKind.OWN_VOUCHER : productId === 'prd_topup' ? ProductKind.TOP_UP : ProductKind.CODE,
      currency: 'CNY', businessLine: 'tea', supplierId: productId === 'prd_own' ? '' : 'sup_leaf', bookId: 'book_main', lowStockAt: 2n, usage: { zone: 'Asia/Shanghai' },
    }),
    getSupplierTerms: async ({ supplierId }) => ({ found: supplierId !== 'sup_none', supplierId, terms: 'purchased', inputTaxRateBp: 1300 }),
  }));
  rpc.serve(GrantsService, played<typeof GrantsService>({ verifyDisclosure: async ({ disclosureId }) => ({ recorded: disclosed.has(disclosureId) }) }));
  const inventory = createInventory(
    { ...ports, vault, journal, spool, deployment: { epoch: options.epoch ?? 1, raised: options.raised ?? false } },
    inventoryConfig.parse({ ...(options.sealRows !== undefined && { sealRows: options.sealRows }) }),
  );
  const context: CallContext = {
    caller: { principalId: 'pri_op', kind: 'person', namespace: 'live', permissions: new Set() }, requestId: 'req_1', deadline: plusMs(clock.now(), 3_600_000), locale: 'en',
  };
  return { ...ports, vault, journal, spool, inventory, context, disclosed };
};

/** A neighbour's service of which a test needs a few methods only; any other one called is a failure of the test. */
const played = <S extends DescService>(methods: Partial<Handlers<S>>): Handlers<S> =>
  new Proxy(methods, {
    get: (known, name) => Reflect.get(known, name) ?? (() => Promise.reject(new Error(`${String(name)} is not played here`))),
  }) as Handlers<S>;

export const PRODUCT = 'prd_tea';
/** An import, from its start to the shelf. */
export const importFile = async (rig: Rig, content: string, request: MessageInitShape<typeof StartImportRequestSchema> = {}): Promise<string> => {
  const { importId } = await rig.rpc.call(InventoryService.method.startImport, { productId: PRODUCT, unitCost: '8.50', ...request }, rig.context);
  await upload(rig, importId, content);
  await rig.rpc.call(InventoryService.method.completeImport, { importId, contentBytes: BigInt(Buffer.byteLength(content)) }, rig.context);
  return importId.replace('imp_', 'bat_');
};
export const upload = (rig: Rig, importId: string, content: string | Buffer, from = 0, last = true) =>
  rig.rpc.upload(InventoryService.method.importCodes, chunksOf(importId, Buffer.from(content as string), from, last), rig.context);
async function* chunksOf(importId: string, content: Buffer, from: number, last: boolean) {
  yield { importId, offset: BigInt(from), content: content.subarray(0, 7), last: false };
  yield { content: content.subarray(7), last };
}
export const codes = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `CODE-${String(from + i).padStart(5, '0')}\n`).join('');
export const isReady = (state: ImportState): boolean => state === ImportState.READY;

const envelope = (rig: Rig, commandId: string) => ({ commandId, correlation: 'ord_1', principal: 'pri_ch', at: rig.clock.now() });
type Reserve = { buyerToken?: string; buyerLimit?: number; quota?: number; productId?: string; listingId?: string };
export const reserve = (rig: Rig, n: number | string, quantity: number, more: Reserve = {}) =>
  ask(rig.bus, 'live', reserveVouchers, {
    reservationId: `rsv_${n}`, productId: PRODUCT, orderId: `ord_${n}`, lineId: '1', channelId: 'chn_app', listingId: 'lst_app', quantity,
    notAfter: plusMs(rig.clock.now(), 60_000), heldUntil: plusMs(rig.clock.now(), 900_000), ...more,
  }, envelope(rig, `reserve/${n}`), 60_000);
export const commit = (rig: Rig, n: number | string, productId = PRODUCT) => ask(rig.bus, 'live', commitReservation, { reservationId: `rsv_${n}`, productId }, envelope(rig, `commit/${n}`), 60_000);
export const release = (rig: Rig, n: number | string) =>
  ask(rig.bus, 'live', releaseReservation, { reservationId: `rsv_${n}`, productId: PRODUCT, notAfter: plusMs(rig.clock.now(), 60_000), reason: 'CANCELLED' }, envelope(rig, `release/${n}`), 60_000);
export const giveBack = (rig: Rig, refund: string, n: number | string, ranges: { batchId: string; from: number; to: number }[]) =>
  ask(rig.bus, 'live', returnUnits, { refundId: refund, reservationId: `rsv_${n}`, productId: PRODUCT, ranges }, envelope(rig, `return/${refund}`), 60_000);
export const openSecrets = (rig: Rig, disclosureId: string, ranges: { batchId: string; from: number; to: number }[]) =>
  rig.rpc.call(SecretsService.method.openSecrets, {
    disclosureId, orderId: 'ord_1', lineId: '1', principalId: 'pri_ch', ranges: ranges.map(({ batchId, from, to }) => ({ batchId, from: BigInt(from), to: BigInt(to) })),
  }, rig.context);
