import { type OrderState } from '@vouchsafe/proto/order/v1/order';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { Auditor } from '../audit/auditor.js';
import { allEvents, openLog } from '../audit/open-log.js';
import type { Connection } from '../client/connection.js';
import type { Ack } from './acks.js';

/** The driver's last word: all zeros, or a promise was broken. */
export type CrashVerdict = {
  readonly acked: number;
  readonly lost: number;
  readonly applied_twice: number;
  readonly codes_twice: number;
  readonly ledger_sum: number;
  readonly open_orders: number;
  readonly damage: number;
  readonly examples: readonly string[];
};

/** Asks the running platform about everything it ever answered. What is gone or otherwise, in words. */
export const lostOf = async (acks: readonly Ack[], channelOf: (name: string) => Connection, { admin, till }: { readonly admin: Connection; readonly till: Connection }): Promise<readonly string[]> => {
  const lost: string[] = [];
  for (const ack of acks) {
    if (ack.kind === 'order') {
      const now = await channelOf(ack.channel).call(OrderService.method.getOrder, { orderId: ack.orderId }).catch((error: Error) => error.message);
      if (typeof now === 'string') lost.push(`order ${ack.number}: ${now}`);
      else if (now.state !== (ack.state as OrderState)) lost.push(`order ${ack.number}: answered ${ack.state}, now ${now.state}`);
    } else if (ack.kind === 'redemption') {
      const now = await till.call(RedemptionService.method.getRedemption, { redemptionId: ack.redemptionId }).catch((error: Error) => error.message);
      if (typeof now === 'string') lost.push(`redemption ${ack.redemptionId}: ${now}`);
    } else if (ack.kind === 'refund') {
      const now = await admin.call(OrderService.method.getRefund, { refundId: ack.refundId }).catch((error: Error) => error.message);
      if (typeof now === 'string') lost.push(`refund ${ack.refundId}: ${now}`);
    }
  }
  return lost;
};

/** Codes disclosed under two orders. */
export const codesTwice = (acks: readonly Ack[]): readonly string[] => {
  const orderOf = new Map<string, string>();
  const twice: string[] = [];
  for (const ack of acks) {
    if (ack.kind !== 'disclosure') continue;
    for (const code of ack.codes) {
      const known = orderOf.get(code);
      if (known !== undefined && known !== ack.orderId) twice.push(`one code under ${known} and ${ack.orderId}`);
      orderOf.set(code, ack.orderId);
    }
  }
  return twice;
};

/** The stopped directory's log, audited. */
export const auditLog = async (data: string) => {
  const store = await openLog(data, 'sandbox');
  const auditor = new Auditor();
  const placed = new Map<string, number>();
  for await (const event of allEvents(store)) {
    auditor.see(event);
    const name = event.type.split('.')[1];
    if (name === 'OrderPlaced' || name === 'OrderRefused') placed.set(event.stream, (placed.get(event.stream) ?? 0) + 1);
  }
  await store.close();
  const twice = [...placed].filter(([, count]) => count > 1).map(([stream, count]) => `${stream} was placed ${count} times`);
  return { findings: auditor.findings(), placedTwice: twice };
};
