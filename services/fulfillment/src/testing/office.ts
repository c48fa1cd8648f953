import { ask, on, serveCommands } from '@vouchsafe/bus';
import { type CommandOf, discloseUnits, startTopUp } from '@vouchsafe/contracts';
import { money, plusMs, type UnitRange } from '@vouchsafe/kernel';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import type { Caller, CallContext } from '@vouchsafe/rpc';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { fulfillmentConfig } from '../config.js';
import { createFulfillment, type FulfillmentPorts } from '../create.js';
import { serveSome } from './serve-some.js';

const HOUR_MS = 3_600_000;
type Disclose = CommandOf<typeof discloseUnits>;

/** A running fulfillment service between fakes of its neighbours. `units`: size of the one line of `ord_1`. */
export const openOffice = async (options: { readonly units?: number; readonly ports?: TestPorts } & Partial<Pick<FulfillmentPorts, 'keys' | 'providers'>> = {}) => {
  const { units = 3, keys, providers } = options;
  const ports = options.ports ?? testPorts();
  const asked: Disclose[] = [];
  const opened: UnitRange[] = [];
  serveCommands(ports.bus, 'redemption', [on(discloseUnits, async (command) => {
    asked.push(command);
    const foreign = command.principalId !== 'pri_channel' && command.approvalId === undefined;
    if (foreign) return { ok: false, code: 'NOT_YOURS', details: {} };
    return { ok: true, result: { ranges: [{ batchId: 'bat_1', from: 0, to: units - 1 }], withheld: [{ batchId: 'bat_1', from: units - 1, to: units, code: 'VOUCHER_FROZEN' }] } };
  })]);
  serveSome(ports.rpc, GrantsService, {
    listOrderGrants: async ({ orderId }) => ({
      lines: orderId === 'ord_1'
        ? [{ lineId: '1', channelId: 'chn_1', ownerPrincipal: 'pri_channel', productId: 'prd_1', kind: 'code', units: BigInt(units), activatedAtMs: BigInt(ports.clock.now()) }]
        : [],
    }),
  });
  serveSome(ports.rpc, SecretsService, {
    nameUnits: async (request) => ({ voucherIds: request.units.map(({ index }) => `vch_${index}`) }),
    openSecrets: async ({ ranges }) => {
      for (const { batchId, from, to } of ranges) opened.push({ batchId, from: Number(from), to: Number(to) });
      return {
        secrets: ranges.flatMap(({ from, to }) => Array.from({ length: Number(to - from) }, (_, i) => ({ voucherId: `vch_${Number(from) + i}`, code: `CODE-${Number(from) + i}`, number: '' }))),
      };
    },
  });
  serveSome(ports.rpc, IdentityService, { reveal: async ({ ref }) => ({ found: ref === 'sub_1', value: '13800000000' }), getRecipientKey: async () => ({}) });
  const service = createFulfillment({ ...ports, ...(keys && { keys }), ...(providers && { providers }) }, fulfillmentConfig.parse({ namespace: 'sandbox' }));
  await service.start();
  const { bus, clock, ids, namespace } = ports;
  return {
    ports, asked, opened,
    startTopUp: (over: Partial<CommandOf<typeof startTopUp>> = {}) =>
      ask(bus, namespace, startTopUp, {
        deliveryId: 'dlv_1.1', orderId: 'ord_1', lineId: '1', channelId: 'chn_1', productId: 'prd_1', supplierId: 'sup_1', provider: 'a', accountRef: 'sub_1',
        accountToken: 'tok_1', quantity: 2, face: money(1_000n, 'CNY'), guardMs: HOUR_MS, allowRepeat: false, giveUpAt: plusMs(clock.now(), 72 * HOUR_MS), ...over,
      }, { commandId: ids.uuid(), correlation: 'ord_1', principal: 'pri_channel', at: clock.now() }, 5_000),
    as: (caller: Partial<Caller> = {}): CallContext => ({
      caller: { principalId: 'pri_channel', kind: 'channel', channelId: 'chn_1', namespace, permissions: new Set(), ...caller },
      requestId: ids.mint('request'), deadline: plusMs(clock.now(), 10_000), locale: 'en',
    }),
    /** The process ends; its store, bus and views stay. */
    stop: () => service.stop(),
    close: async () => {
      await service.stop();
      await ports.close();
    },
  };
};
export type Office = Awaited<ReturnType<typeof openOffice>>;
