import type { DescService } from '@bufbuild/protobuf';
import { ask } from '@vouchsafe/bus';
import { captureHold, type CommandOf, holdFunds, inventoryEvents, postFact, redemptionEvents, releaseHold } from '@vouchsafe/contracts';
import type { InventoryIntegrationEvent, RedemptionIntegrationEvent } from '@vouchsafe/contracts';
import { plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { GetHoldVerdictResponse_Verdict as Verdict, OrderStateService } from '@vouchsafe/proto/order/internal/v1/state';
import type { Caller, CallContext, Handlers, Rpc } from '@vouchsafe/rpc';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { ledgerConfig } from '../config.js';
import { createLedger } from '../ledger.js';
import { aDelivery, cny, NOON } from './builders.js';

/** Serves the methods a test needs; the others of the service fail loudly. */
const serveSome = <S extends DescService>(rpc: Rpc, service: S, some: Partial<Handlers<S>>): void => {
  const given = new Map(Object.entries(some));
  const handlers = service.methods.map(({ localName }) => [localName, given.get(localName) ?? (() => Promise.reject(new Error(`${localName} is not expected here`)))]);
  rpc.serve(service, Object.fromEntries(handlers) as Handlers<S>);
};

export const PREPAID = 'acc_prepaid.shop.CNY';
export const STAFF: Partial<Caller> = { kind: 'person', principalId: 'pri_finance' };
export const SHOP: Partial<Caller> = { kind: 'channel', principalId: 'pri_shop', channelId: 'chn_shop' };
export const OTHER: Partial<Caller> = { kind: 'channel', principalId: 'pri_other', channelId: 'chn_other' };
export const MINUTE_MS = 60_000;

type Options = { readonly ports?: TestPorts; readonly segmentEvents?: number };

/** A running ledger between fakes of its neighbours: three channels in one book, and orders that say what `verdicts` holds. */
export const openHouse = async ({ ports = testPorts({ start: NOON }), segmentEvents }: Options = {}) => {
  const { rpc, bus, clock, ids, namespace } = ports;
  const verdicts = new Map<string, Verdict>();
  serveSome(rpc, CatalogTermsService, {
    getBookTerms: async ({ bookId }) => (bookId === 'bok_main' ? { found: true, bookId, zone: 'Asia/Shanghai', cutOffMinute: 0 } : { found: false }),
    getChannelTerms: async ({ channelId }) => (['chn_shop', 'chn_other', 'chn_credit'].includes(channelId) ? { found: true, channelId, bookId: 'bok_main' } : { found: false }),
    getTerminalTerms: async ({ terminalId }) => (terminalId === 'trm_partner' ? { found: true, terminalId, commissionBp: 500, commissionTaxRateBp: 600 } : { found: false }),
  });
  serveSome(rpc, OrderStateService, {
    getHoldVerdict: async ({ orderId }) => {
      const verdict = verdicts.get(orderId);
      if (verdict === undefined) throw new Error('the order service is away');
      return { verdict };
    },
  });
  const service = createLedger(ports, ledgerConfig.parse(segmentEvents === undefined ? {} : { segmentEvents }));
  await service.start();
  const envelope = () => ({ commandId: ids.uuid(), correlation: 'ord_1', principal: 'pri_shop', at: clock.now() });
  let told = 0;
  const tell = (context: string, stream: string, encoded: { type: string; data: never }, occurredAt = clock.now()) =>
    bus.publish([{
      id: ids.uuid(), context, type: encoded.type, stream: `${stream}-${++told}`, pub: 1, data: encoded.data, occurredAt, recordedAt: clock.now(), correlation: 'ord_1', causation: 'c', principal: 'pri_shop',
    }]);
  return {
    ports, verdicts, service,
    hold: (over: Partial<CommandOf<typeof holdFunds>> = {}) =>
      ask(bus, namespace, holdFunds, {
        holdId: 'ord_1', accountId: PREPAID, channelId: 'chn_shop', orderId: 'ord_1', amount: cny(1130), notAfter: plusMs(clock.now(), MINUTE_MS), expiresAt: plusMs(clock.now(), 60 * MINUTE_MS), ...over,
      }, envelope(), 5_000),
    capture: (over: Partial<CommandOf<typeof captureHold>> = {}) =>
      ask(bus, namespace, captureHold, { holdId: 'ord_1', accountId: PREPAID, captureId: 'ord_1/1', fact: aDelivery(), final: true, occurredAt: clock.now(), ...over }, envelope(), 5_000),
    release: (holdId = 'ord_1') => ask(bus, namespace, releaseHold, { holdId, accountId: PREPAID, notAfter: plusMs(clock.now(), MINUTE_MS), reason: 'CANCELLED' }, envelope(), 5_000),
    post: (command: CommandOf<typeof postFact>) => ask(bus, namespace, postFact, command, envelope(), 5_000),
    fromInventory: (event: InventoryIntegrationEvent) => tell('inventory', 'batch', inventoryEvents.encode(event) as never),
    fromRedemption: (event: RedemptionIntegrationEvent) => tell('redemption', 'grant', redemptionEvents.encode(event) as never),
    rpc: LedgerService.method,
    as: (caller: Partial<Caller> = STAFF): CallContext => ({
      caller: { principalId: 'pri_finance', kind: 'person', namespace, permissions: new Set(), ...caller }, requestId: ids.mint('request'), deadline: plusMs(clock.now(), 10_000), locale: 'en',
    }),
    deposit: (minor: number, reference = `wire ${minor}`, over: object = {}) =>
      rpc.call(LedgerService.method.createDeposit, { channelId: 'chn_shop', amount: { currency: 'CNY', minor: BigInt(minor) }, bank: 'icbc', bankReference: reference, ...over }, {
        caller: { principalId: 'pri_finance', kind: 'person', namespace, permissions: new Set() }, requestId: ids.mint('request'), deadline: plusMs(clock.now(), 10_000), locale: 'en',
      }),
    close: async () => {
      await service.stop();
      await ports.close();
    },
  };
};
export type House = Awaited<ReturnType<typeof openHouse>>;
