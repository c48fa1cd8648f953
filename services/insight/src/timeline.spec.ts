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
type AtTill = Message<'SequenceClaimed', { key: string; fingerprint: string }> | Message<'SequenceRefused', { key: string; code: string }>;
const tillCodec = eventCodec<AtTill>('redemption', {
  SequenceClaimed: { version: 1, shape: record({ key: text(), fingerprint: text() }) },
  SequenceRefused: { version: 1, shape: record({ key: text(), code: text() }) },
});
const teller = <E>(): Decider<null, E, E> => ({ initial: null, decide: (event) => accept(event), evolve: () => null });

const world = async () => {
  const ports = testPorts();
  const [host, tills] = [new DeciderHost({ ...ports, decider: teller<Told>(), codec }), new DeciderHost({ ...ports, decider: teller<AtTill>(), codec: tillCodec })];
  let n = 0;
  const envelope = (correlation: string) => ({ commandId: `c${n++}`, correlation, principal: 'pri_1', at: ports.clock.now() });
  const tell = (stream: string, correlation: string, event: Told) => host.handle(stream, event, envelope(correlation));
  const tellAtTill = (till: string, correlation: string, event: AtTill) => tills.handle(`terminal-${till}`, event, envelope(correlation));
  ports.rpc.serve(GrantsService, {
    verifyDisclosure: async () => ({ recorded: false }),
    findGrants: async ({ index }: { index: bigint }) => ({ grants: index < 2n ? [{ orderId: 'ord_a', lineId: '1', stream: 'grant-ord_a_1_0' }] : [{ orderId: 'ord_b', lineId: '1', stream: 'grant-ord_b_1_0' }] }),
  } as never);
  ports.rpc.serve(SecretsService, { resolveVoucherIds: async () => ({ units: [{ found: true, unit: { batchId: 'bat_1', index: 1n } }] }) } as never);
  const insight = createInsight(ports);
  await insight.start();
  const context: CallContext = { caller: serviceCaller('test', 'sandbox'), requestId: 'req_1', deadline: ports.clock.now(), locale: 'zh' };
  return { ports, tell, tellAtTill, insight, context };
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

it('shows where a voucher was presented, in vain too, and of its neighbours only to their order', async () => {
  const { ports, tell, tellAtTill, insight, context } = await world();
  await tell('order-ord_a', 'ord_a', { type: 'OrderPlaced', channelId: 'chn_1' });
  await tell('grant-ord_a_1_0', 'ord_a', { type: 'GrantActivated', ranges: [{ batchId: 'bat_1', from: 0, to: 2 }] });
  await tellAtTill('trm_1_2026-01-01', 'ord_a', { type: 'SequenceClaimed', key: '1', fingerprint: 'bat_1/1' });
  await tellAtTill('trm_1_2026-01-01', 'ord_a', { type: 'SequenceClaimed', key: '2', fingerprint: 'bat_1/0' });
  await tellAtTill('trm_1_2026-01-01', 'ord_b', { type: 'SequenceClaimed', key: '3', fingerprint: 'bat_1/11' });
  await tellAtTill('trm_2_2026-01-01', 'ord_a', { type: 'SequenceClaimed', key: '1', fingerprint: 'bat_1/1/500CNY/counter' });
  await tellAtTill('trm_2_2026-01-01', 'ord_a', { type: 'SequenceRefused', key: '1', code: 'ALREADY_REDEEMED' });
  const shown = async (subject: { readonly voucherId: string } | { readonly orderId: string }) => {
    const { events } = await ports.rpc.call(AuditService.method.getTimeline, subject, context);
    return events.filter(({ stream }) => stream.startsWith('terminal-')).map(({ stream, title, data }) => `${stream.slice(9, 14)} ${(data as { key: string }).key} ${title?.zh}`);
  };
  expect(await shown({ voucherId: 'vch_x' })).toEqual(['trm_1 1 占用终端流水号', 'trm_2 1 占用终端流水号', 'trm_2 1 终端流水号被拒']);
  expect(await shown({ orderId: 'ord_a' })).toEqual(['trm_1 1 占用终端流水号', 'trm_1 2 占用终端流水号', 'trm_2 1 占用终端流水号', 'trm_2 1 终端流水号被拒']);
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
  await expect(ports.rpc.call(AuditService.method.getTimeline, { orderId: 'ord_a', pageToken: seen[0]!.cursor }, context)).rejects.toThrow('PAGE_TOKEN_INVALID');
  await expect(ports.rpc.call(AuditService.method.getTimeline, {}, context)).rejects.toThrow('SUBJECT_REQUIRED');
  await insight.stop();
  await ports.close();
});
