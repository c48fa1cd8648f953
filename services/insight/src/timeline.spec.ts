import { DeciderHost } from '@vouchsafe/event-store';
import { eventCodec, int, list, optional, record, text } from '@vouchsafe/codec';
import { accept, type Decider, type Message } from '@vouchsafe/kernel';
import { AuditService, InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import { type CallContext, serviceCaller } from '@vouchsafe/rpc';
import { testPorts } from '@vouchsafe/testing';
import { createInsight } from './index.js';

const range = record({ batchId: text(), from: int, to: int });
type Told = Message<'OrderPlaced', { channelId?: string }> | Message<'UnitsCommitted', { ranges: readonly { batchId: string; from: number; to: number }[] }> | Message<'GrantActivated', { ranges: readonly { batchId: string; from: number; to: number }[] }> | Message<'OrderCompleted', Record<never, never>>;
const codec = eventCodec<Told>('order', {
  OrderPlaced: { version: 1, shape: record({ channelId: optional(text()) }) },
  UnitsCommitted: { version: 1, shape: record({ ranges: list(range) }) },
  GrantActivated: { version: 1, shape: record({ ranges: list(range) }) },
  OrderCompleted: { version: 1, shape: record({}) },
});
const teller: Decider<null, Told, Told> = { initial: null, decide: (event) => accept(event), evolve: () => null };

const world = async () => {
  const ports = testPorts();
  const host = new DeciderHost({ ...ports, decider: teller, codec });
  let n = 0;
  const tell = (stream: string, correlation: string, event: Told) =>
    host.handle(stream, event, { commandId: `c${n++}`, correlation, principal: 'pri_1', at: ports.clock.now() });
  ports.rpc.serve(GrantsService, {
    verifyDisclosure: async () => ({ recorded: false }),
    findGrants: async ({ index }: { index: bigint }) => ({ grants: index < 2n ? [{ orderId: 'ord_a', lineId: '1', stream: 'grant-ord_a_1_0' }] : [{ orderId: 'ord_b', lineId: '1', stream: 'grant-ord_b_1_0' }] }),
  } as never);
  ports.rpc.serve(SecretsService, { resolveVoucherIds: async () => ({ units: [{ found: true, unit: { batchId: 'bat_1', index: 1n } }] }) } as never);
  const insight = createInsight(ports);
  await insight.start();
  const context: CallContext = { caller: serviceCaller('test', 'sandbox'), requestId: 'req_1', deadline: ports.clock.now(), locale: 'zh' };
  return { ports, tell, insight, context };
};

it("shows one voucher's life and nothing of its neighbours'", async () => {
  const { ports, tell, insight, context } = await world();
  for (const [order, from] of [['ord_a', 0], ['ord_b', 2]] as const) {
    await tell(`order-${order}`, order, { type: 'OrderPlaced', channelId: 'chn_1' });
    await tell('pool-prd_1_0', order, { type: 'UnitsCommitted', ranges: [{ batchId: 'bat_1', from, to: from + 2 }] });
    await tell(`grant-${order}_1_0`, order, { type: 'GrantActivated', ranges: [{ batchId: 'bat_1', from, to: from + 2 }] });
    await tell(`order-${order}`, order, { type: 'OrderCompleted' });
  }
  const voucher = await ports.rpc.call(AuditService.method.getTimeline, { voucherId: 'vch_x' }, context);
  expect(voucher.events.map(({ stream }) => stream)).toEqual(['order-ord_a', 'pool-prd_1_0', 'grant-ord_a_1_0', 'order-ord_a']);
  const order = await ports.rpc.call(AuditService.method.getTimeline, { orderId: 'ord_b' }, context);
  expect(order.events.map(({ title }) => title?.zh)).toEqual(['下单', 'units committed', 'grant activated', '订单完成']);
  const channel = await ports.rpc.call(AuditService.method.getTimeline, { channelId: 'chn_1', pageSize: 3 }, context);
  expect([channel.events.length, channel.nextPageToken !== '']).toEqual([3, true]);
  const { ordersByState } = await ports.rpc.call(InsightService.method.getOverview, {}, context);
  expect(ordersByState).toEqual({ COMPLETED: 2n });
  await insight.stop();
  await ports.close();
});

it('reads events behind a cursor, filtered, and refuses a cursor that is none', async () => {
  const { ports, tell, insight, context } = await world();
  await tell('order-ord_a', 'ord_a', { type: 'OrderPlaced' });
  await tell('order-ord_b', 'ord_b', { type: 'OrderPlaced' });
  const seen = [];
  for await (const event of ports.rpc.stream(AuditService.method.readEvents, { limit: 1 }, context)) seen.push(event);
  for await (const event of ports.rpc.stream(AuditService.method.readEvents, { cursor: seen[0]!.cursor, categories: ['order'] }, context)) seen.push(event);
  expect(seen.map(({ stream }) => stream)).toEqual(['order-ord_a', 'order-ord_b']);
  await expect(ports.rpc.call(AuditService.method.getTimeline, { orderId: 'ord_a', pageToken: 'x' }, context)).rejects.toThrow('CURSOR_INVALID');
  await expect(ports.rpc.call(AuditService.method.getTimeline, {}, context)).rejects.toThrow('SUBJECT_REQUIRED');
  await insight.stop();
  await ports.close();
});
