import { ask } from '@vouchsafe/bus';
import { activateGrant, type CommandOf, discloseUnits, voidUnits } from '@vouchsafe/contracts';
import { money, plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import type { Caller, CallContext, Handlers } from '@vouchsafe/rpc';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { createRedemption, type RedemptionPorts } from '../create.js';
import { redemptionConfig } from '../config.js';
import { serveSome } from './serve-some.js';

type Activate = CommandOf<typeof activateGrant>;
const DAY_MS = 86_400_000;
export const TERMINAL = 'trm_1';
export const BATCH = 'bat_1';
/** Code of unit `index` of the batch in this shop: what inventory would have minted. */
export const codeOf = (index: number): string => `CODE-${index}`;

/** Inventory as far as redemption sees it: codes and public ids are made of the index. */
const inventory: Partial<Handlers<typeof SecretsService>> = {
  findByCode: async ({ code }) => {
    const index = /^CODE-(\d+)$/.exec(code)?.[1];
    return index === undefined ? { found: false } : { found: true, unit: { batchId: BATCH, index: BigInt(index) }, voucherId: `vch_${index}`, productId: 'prd_1' };
  },
  nameUnits: async ({ units }) => ({ voucherIds: units.map(({ index }) => `vch_${index}`) }),
  resolveVoucherIds: async ({ voucherIds }) => ({
    units: voucherIds.map((id) => (/^vch_\d+$/.test(id) ? { found: true, unit: { batchId: BATCH, index: BigInt(id.slice(4)) } } : { found: false })),
  }),
};

/** A running redemption service between fakes of its neighbours. */
export const openShop = async (options: { readonly ports?: TestPorts; readonly terminal?: object } & Pick<RedemptionPorts, 'journal' | 'deployment'> = {}) => {
  const ports = options.ports ?? testPorts();
  serveSome(ports.rpc, SecretsService, inventory);
  serveSome(ports.rpc, CatalogTermsService, {
    getTerminalTerms: async ({ terminalId }) =>
      terminalId.startsWith('trm_')
        ? { found: true, terminalId, storeId: `sto_${terminalId.slice(4)}`, zone: 'Asia/Shanghai', active: true, ...options.terminal }
        : { found: false },
  });
  const { journal, deployment } = options;
  const service = createRedemption({ ...ports, ...(journal && { journal }), ...(deployment && { deployment }) }, redemptionConfig.parse({}));
  await service.start();
  const { bus, clock, ids, namespace } = ports;
  const envelope = (commandId: string) => ({ commandId, correlation: 'ord_1', principal: 'pri_channel', at: clock.now() });
  return {
    ports,
    activate: (over: Partial<Activate> = {}, commandId = ids.uuid()) => ask(bus, namespace, activateGrant, activation(over), envelope(commandId), 5_000),
    disclose: (over: Partial<CommandOf<typeof discloseUnits>> = {}) =>
      ask(bus, namespace, discloseUnits, { disclosureId: 'dsc_1', orderId: 'ord_1', lineId: '1', unitsInLine: 3, principalId: 'pri_channel', ...over }, envelope(ids.uuid()), 5_000),
    void: (over: Partial<CommandOf<typeof voidUnits>> = {}) =>
      ask(bus, namespace, voidUnits, { refundId: 'rfd_1', orderId: 'ord_1', lineId: '1', unitsInLine: 3, quantity: 1, reason: 'refund', ...over }, envelope(ids.uuid()), 5_000),
    as: (caller: Partial<Caller> = {}): CallContext => ({
      caller: { principalId: 'pri_till', kind: 'terminal', namespace, terminalId: TERMINAL, permissions: new Set(), ...caller },
      requestId: ids.mint('request'), deadline: plusMs(clock.now(), 10_000), locale: 'en',
    }),
    /** Lets simulated time pass while `work` waits for it. */
    soon: <T>(work: Promise<T>): Promise<T> => clock.until(work),
    rebuild: (collection: string) => service.projections()!.rebuild(collection),
    stop: () => service.stop(),
    close: async () => {
      await service.stop();
      await ports.close();
    },
  };
};
export type Shop = Awaited<ReturnType<typeof openShop>>;
export const STAFF: Partial<Caller> = { kind: 'person', principalId: 'pri_staff', terminalId: undefined };

/** Three single-use own vouchers of 10.00 CNY in all, reversible for a day. */
export const activation = (over: Partial<Activate> = {}): Activate => ({
  orderId: 'ord_1', lineId: '1', reservationId: 'rsv_1', channelId: 'chn_1', ownerPrincipal: 'pri_channel', productId: 'prd_1', kind: 'own_voucher',
  ranges: [{ batchId: BATCH, from: 0, to: 3 }],
  terms: {
    usage: 'single', times: 1, faceMinor: 500n, currency: 'CNY', zone: 'Asia/Shanghai', reversalWindowMs: DAY_MS, rediscloseForMs: 3 * DAY_MS,
    rediscloseTimes: 10, ownClass: 'taxed',
  },
  lineGross: money(1_000n, 'CNY'), taxRateBp: 600, dims: { bookId: 'main', orderId: 'ord_1', lineId: '1' }, ...over,
});
